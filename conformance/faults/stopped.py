"""Stops (SIGSTOP) of a driver for moments: it was only slow, so nothing may fail."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from storagedriver.conformance.faults.subject import Subject
from storagedriver.conformance.faults.trouble import Endurance, run_cases
from storagedriver.contract import StorageDriver

_LONGEST_STOP_SECONDS: Final = 0.2
_LONGEST_RUN_SECONDS: Final = 0.3
"""Between two stops. Both are far below every limit of the protocol."""


def suite_survives_stops(subject: Subject, endurance: Endurance) -> str:
    """Stopped for moments at a time, it passes the suite."""
    pids: list[int] = []

    def factory() -> StorageDriver:
        driver = subject.start()
        pids.append(driver.pid)
        return driver

    with _stopping(pids, random.Random(endurance.seed)):
        return run_cases(endurance, factory)


@contextmanager
def _stopping(pids: list[int], drawn: random.Random) -> Generator[None, None, None]:
    """Stop the last process of `pids` now and then, in a thread; none stands still at the end."""
    is_over = threading.Event()

    def stop_and_go() -> None:
        while not is_over.wait(drawn.uniform(0.0, _LONGEST_RUN_SECONDS)):
            # It may have been closed by now.
            for pid in pids[-1:]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    is_over.wait(drawn.uniform(0.0, _LONGEST_STOP_SECONDS))
                    os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go, name="storagedriver-check-stops")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
