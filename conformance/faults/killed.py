"""Kills (SIGKILL) between and in the calls of a driver, and what they may do."""

from __future__ import annotations

import random
import signal
import threading
import time
from typing import Final

from storagedriver.conformance.case import Case
from storagedriver.conformance.checking import CaseFailedError, require
from storagedriver.conformance.faults.changes import change_at_random
from storagedriver.conformance.faults.model import Model
from storagedriver.conformance.faults.subject import Subject, kill_and_wait
from storagedriver.conformance.faults.trouble import Endurance, run_cases
from storagedriver.conformance.report import CaseResult
from storagedriver.conformance.run import empty, open_uploads
from storagedriver.contract import (
    ContentChangedError,
    DriverCrashedError,
    OutcomeUnknownError,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.drivers.wrappers.faulty import Call, Fault, Faulty, Moment
from storagedriver.ipc import IPCStorageDriver

_LEAST_KILLS: Final = 5
"""However slowly the driver starts: fewer would hardly ever find one in the middle of a change."""

_LONGEST_LIFE_SECONDS: Final = 0.3
"""From the first change to the kill: several changes, and of one message or of several each."""

_REPEATED: Final = frozenset(
    {"get_content", "put_content", "read_stream", "stat", "list", "walk", "resume_write_position"}
)
"""Calls that the host makes again after a crash with the same result, whatever has happened."""

_LATEST_SECONDS: Final = 0.01
"""After the call has begun, for a kill in the middle of it: small calls take less, streams more."""

_KILLS_IN_A_CASE: Final = 3
"""Fewer than the repeats that the host makes of one call."""


def keeps_what_it_has_acknowledged(subject: Subject, endurance: Endurance) -> str:
    """Killed in the middle of changes, it keeps all it has acknowledged, whole, and no more."""
    drawn = random.Random(f"{endurance.seed} kills")
    deadline = time.monotonic() + endurance.seconds
    model = Model()
    kills = 0
    while kills < _LEAST_KILLS or time.monotonic() < deadline:
        with subject.start() as driver:
            model.check(driver)
            _change_until_killed(driver, model, drawn)
        kills += 1
    with subject.start() as driver:
        model.check(driver)
        empty(driver)
    return f"{kills} kills"


def comes_up_empty(subject: Subject, endurance: Endurance) -> str:
    """Killed in the middle of changes, a volatile driver starts again, with nothing in it."""
    drawn = random.Random(f"{endurance.seed} kills")
    for _ in range(_LEAST_KILLS):
        with subject.start() as driver:
            require(driver.list("/") == [], "it calls itself volatile and kept objects")
            require(not open_uploads(driver), "it calls itself volatile and kept uploads")
            _change_until_killed(driver, Model(), drawn)
    return f"{_LEAST_KILLS} kills"


def suite_survives_kills(subject: Subject, endurance: Endurance) -> str:
    """With kills between and in calls that the host repeats, the suite passes all the same."""
    schedule = _Schedule(endurance.seed)

    def factory() -> StorageDriver:
        # Its default restart: as programs use it.
        driver = IPCStorageDriver.start(
            subject.command,
            subject.parameters,
            name=subject.name,
            environment=subject.environment(),
        )
        return Faulty(driver, _Killer(driver, schedule).plan)

    cases = run_cases(endurance, factory, excuses=_excuses, before_case=schedule.begin)
    return f"{cases}, {schedule.kills} kills"


def _change_until_killed(driver: IPCStorageDriver, model: Model, drawn: random.Random) -> None:
    timer = threading.Timer(
        drawn.uniform(0.0, _LONGEST_LIFE_SECONDS), kill_and_wait, args=(driver.pid,)
    )
    timer.start()
    try:
        while True:
            change_at_random(driver, model, drawn)
    except (DriverCrashedError, OutcomeUnknownError) as error:
        _require_killed(error, model)
    except StorageDriverError as error:
        text = f"{model.doing} fails, before any kill: {error.code}: {error}"
        raise CaseFailedError(text) from error
    finally:
        timer.cancel()
        timer.join()


def _require_killed(error: StorageDriverError, model: Model) -> None:
    """A driver that ended by itself is not excused by the kill that was to come."""
    crash = error if isinstance(error, DriverCrashedError) else error.__cause__
    if not isinstance(crash, DriverCrashedError):
        return
    # Neither is known in a program that waits for any child that there is.
    if crash.exit_status is not None or crash.signal not in (signal.SIGKILL, None):
        raise CaseFailedError(f"{model.doing} ends it: {crash}") from error


class _Schedule:
    """Draws which calls of a case are struck: the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._drawn = random.Random(seed)
        self._left = 0
        self._until_next = 0
        self.kills = 0

    def begin(self, case: Case) -> None:
        """Begin anew with the case."""
        with self._lock:
            self._drawn = random.Random(f"{self._seed} {case.name}")
            self._left = _KILLS_IN_A_CASE
            self._until_next = self._drawn.randint(1, 4)

    def next(self) -> float | None:
        """Return how many seconds after its beginning this call is struck, None for not at all."""
        with self._lock:
            self._until_next -= 1
            if self._until_next > 0 or self._left == 0:
                return None
            self._left -= 1
            self._until_next = self._drawn.randint(3, 30)
            self.kills += 1
            return self._drawn.choice((0.0, self._drawn.uniform(0.0, _LATEST_SECONDS)))


class _Killer:
    """Kills one driver as the schedule says.

    Only calls that the host repeats are struck, and before any other call the driver is seen alive:
    a deletion that finds nothing after a crash counts as done, and a case could not tell.
    """

    def __init__(self, driver: IPCStorageDriver, schedule: _Schedule) -> None:
        self._driver = driver
        self._schedule = schedule
        self._lock = threading.Lock()
        self._under_way: list[threading.Timer] = []

    def plan(self, call: Call) -> Fault | None:
        """Return what shall happen at this call."""
        if call.method not in _REPEATED:
            self._settle()
            return None
        seconds = self._schedule.next()
        return None if seconds is None else Fault(Moment.BEFORE, lambda: self._kill(seconds))

    def _kill(self, after_seconds: float) -> None:
        timer = threading.Timer(after_seconds, kill_and_wait, args=(self._driver.pid,))
        timer.daemon = True
        timer.start()
        with self._lock:
            self._under_way.append(timer)

    def _settle(self) -> None:
        """Return when no kill is under way, and the driver answers."""
        with self._lock:
            timers, self._under_way = self._under_way, []
        for timer in timers:
            timer.join()
        if timers:
            # It is repeated: what is in the way of the next call meets this one.
            self._driver.stat("/")


def _excuses(case: Case, result: CaseResult) -> bool:
    """Whether a kill alone explains a failure: it struck what others of the case had under way."""
    is_alone = not case.holds_calls_open and case.topic not in ("concurrency", "uploads")
    allowed = (DriverCrashedError, OutcomeUnknownError, ContentChangedError)
    return not is_alone and isinstance(result.error, allowed)
