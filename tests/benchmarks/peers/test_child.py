from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from storagedriver.benchmarks.peers.child import Child, PeerError, run_to_end

FOR_EVER = "import signal; signal.pause()"

# Starts a child, says its pid, and is killed.
HOST = """
import os, signal
from storagedriver.benchmarks.peers.child import Child
child = Child("raw_sockets")
child.start()
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def has_ended(pid: int, *, within_seconds: float) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within_seconds)[0])
    finally:
        os.close(descriptor)


def test_a_child_listens_when_it_is_started_and_leaves_nothing_when_it_is_stopped() -> None:
    child = Child("raw_sockets")
    path = Path(child.start())
    assert path.is_socket()
    assert path.parent.stat().st_mode & 0o077 == 0
    child.stop()
    assert not path.parent.exists()


def test_a_child_that_fails_tells_why() -> None:
    child = Child("nosuchprogram")
    with pytest.raises(PeerError, match=r"(?s)nosuchprogram has not started: .*ModuleNotFound"):
        child.start()
    child.stop()


def test_a_child_ends_with_a_host_that_is_killed(tmp_path: Path) -> None:
    # What a host that was killed cannot remove lies in a directory of this test.
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", HOST], capture_output=True, env=environment, timeout=60, check=False
    )
    pid = int(done.stdout)
    assert has_ended(pid, within_seconds=60)


def test_what_a_program_prints_is_returned() -> None:
    told = run_to_end([sys.executable, "-c", "print('told')"], limit_seconds=60)
    assert told == b"told\n"


def test_a_program_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(PeerError, match="ended with 1: last words"):
        run_to_end([sys.executable, "-c", "exit('last words')"], limit_seconds=60)


def test_a_program_that_takes_too_long_is_killed() -> None:
    with pytest.raises(PeerError, match="ended with -9"):
        run_to_end([sys.executable, "-c", FOR_EVER], limit_seconds=0.1)
