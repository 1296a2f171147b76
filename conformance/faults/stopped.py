"""Stops (SIGSTOP) of a driver for moments: it was only slow, so nothing may fail."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from storagedriver.conformance.faults.subject import Subject
from storagedriver.conformance.faults.trouble import Endurance, run_cases
from storagedriver.contract import StorageDriver
from storagedriver.ipc.pidfd import PidFd

_LONGEST_STOP_SECONDS: Final = 0.2
_LONGEST_RUN_SECONDS: Final = 0.3
"""Between two stops. Both are far below every limit of the protocol."""


def suite_survives_stops(subject: Subject, endurance: Endurance) -> str:
    """Stopped for moments at a time, it passes the suite."""
    processes: list[PidFd] = []

    def factory() -> StorageDriver:
        driver = subject.start()
        processes.append(PidFd(driver.pid))
        return driver

    try:
        with _stopping(processes, random.Random(endurance.seed)):
            return run_cases(endurance, factory)
    finally:
        for process in processes:
            process.close()


@contextmanager
def _stopping(processes: list[PidFd], drawn: random.Random) -> Generator[None, None, None]:
    """Stop the last process now and then, in a thread; none stands still at the end."""
    is_over = threading.Event()

    def stop_and_go() -> None:
        while not is_over.wait(drawn.uniform(0.0, _LONGEST_RUN_SECONDS)):
            for process in processes[-1:]:
                process.signal(signal.SIGSTOP)
                is_over.wait(drawn.uniform(0.0, _LONGEST_STOP_SECONDS))
                process.signal(signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go, name="storagedriver-check-stops")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
