"""What the process does wrong by itself is what the script asks for."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from storagedriver.contract import DriverCrashedError, DriverTimeoutError
from storagedriver.drivers.misbehaving.journal import Step, read_journal
from tests.drivers.misbehaving.conftest import PATIENCE_SECONDS, Start


def wait_for_fault(script: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while all(entry.step is not Step.FAULT for entry in read_journal(f"{script}.journal")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_driver_that_stops_goes_on_when_it_is_continued(start: Start, script: Path) -> None:
    driver = start([{"do": "stop", "method": "Stat"}])
    with ThreadPoolExecutor(1) as executor:
        answer = executor.submit(driver.stat, "/")
        wait_for_fault(script)
        process = psutil.Process(driver.pid)
        while process.status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        os.kill(driver.pid, signal.SIGCONT)
        assert answer.result(PATIENCE_SECONDS).is_dir


def test_a_driver_that_holds_the_lock_answers_nobody(start: Start) -> None:
    driver = start([{"do": "hold-lock", "method": "Stat", "seconds": 1000}], timeout_seconds=0.3)
    with ThreadPoolExecutor(2) as executor:
        stat, listing = executor.submit(driver.stat, "/"), executor.submit(driver.list, "/")
        assert isinstance(stat.exception(PATIENCE_SECONDS), DriverTimeoutError)
        # It may have come before the lock was taken.
        error = listing.exception(PATIENCE_SECONDS)
        assert error is None or isinstance(error, DriverTimeoutError)
    with pytest.raises(DriverTimeoutError):
        driver.list("/")


def test_it_prints_as_often_as_it_is_told(start: Start) -> None:
    words = {"do": "print", "method": "Stat", "text": "word\n", "times": 3}
    driver = start([words, {"do": "crash", "method": "Stat"}])
    with pytest.raises(DriverCrashedError) as caught:
        driver.stat("/")
    assert caught.value.stderr == "word\n" * 3


def test_a_child_is_left_in_a_session_of_its_own(start: Start) -> None:
    driver = start([{"do": "leave-child"}])
    (child,) = psutil.Process(driver.pid).children()
    assert child.cmdline() == ["sleep", "1000"]
    assert os.getsid(child.pid) == child.pid
    with suppress(psutil.NoSuchProcess):
        child.kill()
