from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from storagedriver.benchmarks.soak.faults import DriverProcesses, Killer
from storagedriver.benchmarks.soak.gate import Gate
from storagedriver.contract import FileInfo
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc.events import DriverEvent, EventKind

LONG_SECONDS = 30.0

Start = Callable[[int], "subprocess.Popen[bytes]"]


@pytest.fixture
def processes() -> Iterator[DriverProcesses]:
    processes = DriverProcesses()
    yield processes
    processes.close()


@pytest.fixture
def start(processes: DriverProcesses) -> Iterator[Start]:
    """Starts the process of a generation, and tells of it."""
    started: list[subprocess.Popen[bytes]] = []

    def start(generation: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        started.append(process)
        for kind in (EventKind.STARTED, EventKind.READY):
            processes.on_event(DriverEvent(kind, "name", generation, process.pid))
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_later_process_is_waited_for(processes: DriverProcesses, start: Start) -> None:
    assert processes.wait_for_next(0, is_ready=False, timeout_seconds=0.01) == 0
    start(1)
    assert processes.wait_for_next(0, is_ready=True, timeout_seconds=LONG_SECONDS) == 1
    assert processes.wait_for_next(1, is_ready=True, timeout_seconds=0.01) == 1


def test_one_that_is_not_ready_is_not_taken_for_it(processes: DriverProcesses) -> None:
    processes.on_event(DriverEvent(EventKind.STARTED, "name", 1, 1 << 30))
    assert processes.wait_for_next(0, is_ready=True, timeout_seconds=0.01) == 0
    assert processes.wait_for_next(0, is_ready=False, timeout_seconds=0.01) == 1


def test_the_last_process_is_signalled(processes: DriverProcesses, start: Start) -> None:
    first, second = start(1), start(2)
    processes.signal(signal.SIGKILL)
    assert second.wait(LONG_SECONDS) == -signal.SIGKILL
    assert processes.has_ended()
    assert first.poll() is None


class RestartedWhenAsked(InMemoryDriver):
    """Has a process for show, which each call replaces if it has ended."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self._start = start
        self._generation = 1
        self._process = start(1)
        self.answers = 0

    def stat(self, path: str) -> FileInfo:
        if self._process.poll() is not None:
            self._generation += 1
            self._process = self._start(self._generation)
        self.answers += 1
        return super().stat(path)


def test_processes_are_killed_until_the_end(processes: DriverProcesses, start: Start) -> None:
    driver = RestartedWhenAsked(start)
    killer = Killer(
        driver, processes, Gate(1), seed=4, interval_seconds=0.0, answers=lambda: driver.answers
    )
    thread = threading.Thread(target=killer.run)
    thread.start()
    while processes.generation < 4:
        driver.stat("/")
    killer.end()
    thread.join(LONG_SECONDS)
    assert not thread.is_alive()
    assert sum(killer.faults.values()) >= 3
