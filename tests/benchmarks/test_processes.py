from __future__ import annotations

import subprocess
import sys
import time
from mmap import mmap

from storagedriver.benchmarks.processes import (
    child_memory,
    cpu_seconds,
    host_memory,
    reset_peaks,
)

MIB = 1 << 20

# Uses some CPU time and memory, says so, and waits until its input ends.
PROGRAM = """
import sys, time
block = bytearray(b"x") * (32 << 20)
while time.process_time() < 0.05: pass
print("ready", flush=True)
sys.stdin.read()
"""


def test_own_cpu_time_grows_with_work() -> None:
    before = cpu_seconds(None)
    began = time.process_time()
    while time.process_time() < began + 0.01:
        pass
    assert cpu_seconds(None) >= before + 0.01


def test_cpu_time_and_memory_of_a_child_count_what_it_has_started() -> None:
    # The shell waits for another process, which does the work.
    command = ["sh", "-c", '"$0" -c "$1"; true', sys.executable, PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        alone = cpu_seconds(None)
        with_child = cpu_seconds(process.pid)
        reset_peaks(process.pid)
        used = child_memory(process.pid)
        process.communicate()
    assert with_child >= alone + 0.05
    assert used.now_bytes > 32 * MIB
    assert used.peak_bytes >= used.now_bytes


def test_the_cpu_time_of_a_process_that_has_ended_is_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        before = cpu_seconds(None)
        assert cpu_seconds(process.pid) < before + 1


def test_the_peak_is_that_since_it_was_reset() -> None:
    # Memory of its own: what an allocator is given back it may keep.
    with mmap(-1, 64 * MIB) as block:
        block.write(bytes(64 * MIB))
    assert host_memory().peak_bytes > host_memory().now_bytes + 32 * MIB
    reset_peaks(None)
    assert host_memory().peak_bytes < host_memory().now_bytes + 32 * MIB
