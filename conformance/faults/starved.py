"""Too little of everything: descriptors, processor, channels. Errors are typed and pass again."""

from __future__ import annotations

import io
import os
import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import Final

from storagedriver.conformance.checking import CaseFailedError
from storagedriver.conformance.faults.subject import LIFE_SECONDS, Subject, wait_until
from storagedriver.conformance.faults.trouble import Endurance, run_cases
from storagedriver.conformance.run import empty
from storagedriver.conformance.together import Background
from storagedriver.contract import (
    DriverCrashedError,
    ProtocolError,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.ipc import IPCStorageDriver

_FEW_CALLERS: Final = 4
"""Each of which may wait for as long as follows, one after the other."""

_STARVED_SECONDS: Final = 2.0
"""For a call without progress: most that cannot be made are not refused, and only time out."""

_CALLERS: Final = 100
"""More than the channels that a driver of this project takes, by half."""

_CONTENT: Final = bytes(100_000)

_LOWEST_PRIORITY: Final = 19


def lives_with_few_descriptors(subject: Subject, endurance: Endurance) -> str:
    """Without descriptors its errors are temporary ones, and it works again afterwards."""
    with subject.start(timeout_seconds=_STARVED_SECONDS) as driver:
        _work(driver, 0)
        with _few_descriptors(driver.pid):
            errors = _errors_of_many(_work_within_a_write, driver, _FEW_CALLERS)
        _require_temporary(errors, "without descriptors")
        _require_works(subject, driver, "it has descriptors again")
    return f"{len(errors)} temporary errors"


def lives_with_many_calls(subject: Subject, endurance: Endurance) -> str:
    """With more calls at once than it has channels its errors are temporary ones."""
    with subject.start(timeout_seconds=LIFE_SECONDS) as driver:
        errors = _errors_of_many(_work, driver, _CALLERS)
        _require_temporary(errors, f"with {_CALLERS} calls at once")
        _require_works(subject, driver, f"{_CALLERS} calls at once are over")
    return f"{_CALLERS} calls at once, {len(errors)} temporary errors"


def lives_with_little_processor(subject: Subject, endurance: Endurance) -> str:
    """With one processor and the lowest priority it passes the suite."""

    def factory() -> StorageDriver:
        driver = subject.start()
        one = {min(os.sched_getaffinity(driver.pid))}
        # Both are of threads, and those that come later take after those that are there.
        for thread in map(int, os.listdir(f"/proc/{driver.pid}/task")):
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, thread, _LOWEST_PRIORITY)
                os.sched_setaffinity(thread, one)
        return driver

    return run_cases(endurance, factory)


@contextmanager
def _few_descriptors(pid: int) -> Generator[None, None, None]:
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # Numbers are given from below: where the lowest that is free is not allowed, none is to be had.
    used = {int(entry) for entry in os.listdir(f"/proc/{pid}/fd")}
    lowest = next(number for number in count() if number not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        yield
    finally:
        if os.path.isdir(f"/proc/{pid}/fd"):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def _work(driver: StorageDriver, number: int) -> None:
    """Do a little of everything, and leave nothing."""
    path = f"/check-starved/{number}"
    driver.put_content(path, _CONTENT)
    with driver.read_stream(path) as stream:
        if stream.read() != _CONTENT:
            raise CaseFailedError(f"{path} holds another content than was put")
    driver.delete(path)


class _WorkingReader:
    """A reader that makes calls before it gives anything, so that one is under way meanwhile."""

    def __init__(self, driver: StorageDriver, number: int) -> None:
        self._driver = driver
        self._number = number
        self._content = io.BytesIO(_CONTENT)

    def read(self, size: int, /) -> bytes:
        _work(self._driver, self._number)
        return self._content.read(size)


def _work_within_a_write(driver: StorageDriver, number: int) -> None:
    """Do as `_work` does while a write is under way: that takes a second channel."""
    driver.write_stream(f"/check-starved/within-{number}", 0, _WorkingReader(driver, number))


def _errors_of_many(
    work: Callable[[StorageDriver, int], None], driver: StorageDriver, callers: int
) -> list[Exception]:
    errors: list[Exception] = []
    for background in [
        Background(partial(work, driver, number)) for number in range(1, callers + 1)
    ]:
        try:
            background.result(timeout_seconds=6 * LIFE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is a result here
            errors.append(error)
    return errors


def _require_temporary(errors: list[Exception], when: str) -> None:
    for error in errors:
        if isinstance(error, DriverCrashedError):
            raise CaseFailedError(f"{when} it ended: {error}") from error
        if isinstance(error, (ProtocolError, CaseFailedError)):
            raise error
        if not isinstance(error, StorageDriverError) or not error.temporary:
            raise CaseFailedError(
                f"{when} it fails with {type(error).__name__}, which no retry may heal: {error}"
            ) from error


def _require_works(subject: Subject, driver: IPCStorageDriver, since: str) -> None:
    """It may take a moment: what was given up is still on its way out."""
    errors: list[StorageDriverError] = []

    def works() -> bool:
        try:
            _work(driver, 0)
        except StorageDriverError as error:
            errors.append(error)
            return False
        return True

    if not wait_until(works, subject.life_seconds):
        raise CaseFailedError(f"it does not work again although {since}: {errors[-1]}")
    empty(driver)
