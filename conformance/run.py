"""Runs cases against a driver, one after the other, and survives what drivers do."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from storagedriver.conformance.case import Case
from storagedriver.conformance.cases import CASES
from storagedriver.conformance.checking import CaseFailedError, require_equal
from storagedriver.conformance.outcomes import Outcome
from storagedriver.conformance.report import CaseOutcome, CaseResult, Report
from storagedriver.conformance.store import Store
from storagedriver.conformance.together import Background, NotEndedError
from storagedriver.contract import PathNotFoundError, StorageDriver, ThrottledError, UploadInfo
from storagedriver.contract.features import UPLOADS

DEFAULT_SEED = 2015
"""Fixed, so that any two runs can be compared."""

QUICK_CASE_SECONDS = 60.0
"""After which a case of a quick run counts as hung: about a hundred times what the slowest takes,
and twice what a case itself waits for something (`together.PATIENCE_SECONDS`)."""

FULL_CASE_SECONDS = 3600.0
"""The same for full runs: 5 GiB there and back over a line of 30 Mbit/s."""

CLOSING = "closing"
"""The name of a result that is only there if the driver could not be closed at the end."""

_CLEANING_SECONDS = 60.0
_CLOSING_SECONDS = 30.0


def run_suite(
    factory: Callable[[], StorageDriver],
    *,
    full: bool = False,
    seed: int = DEFAULT_SEED,
    only: Collection[str] | None = None,
    case_seconds: float | None = None,
    on_case: Callable[[CaseResult], None] | None = None,
) -> Report:
    """Run all cases, or those named in `only`, against the driver that `factory` makes.

    The store must be empty; everything in it is deleted after each case. `factory` is called once,
    once more where a case has broken its driver or asks for a second one, and all its drivers are
    closed at the end. `full` adds what is big or slow. A case that takes longer than `case_seconds`
    (a minute, an hour in full runs) counts as hung and has failed. `on_case` is told each result as
    it comes.

    Raises ValueError if the store is not empty or `only` names no case, and what `factory` raises.
    Whatever the driver does later is a failed case.
    """
    cases = choose_cases(only)
    results: list[CaseResult] = []
    run = SuiteRun(factory, full=full, seed=seed, case_seconds=case_seconds)
    run.start()
    try:
        for case in cases:
            result = run.run(case)
            results.append(result)
            if on_case is not None:
                on_case(result)
    finally:
        error = run.close()
    if error is not None:
        results.append(CaseResult(CLOSING, CaseOutcome.FAILED, _told(error), 0.0, (), error))
    return Report(run.driver_name, run.features, seed, full, tuple(results))


def choose_cases(only: Collection[str] | None) -> tuple[Case, ...]:
    """Return the cases with these names, all for None. Raises ValueError for an unknown name."""
    if only is None:
        return CASES
    if unknown := set(only) - {case.name for case in CASES}:
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}")
    return tuple(case for case in CASES if case.name in only)


class SuiteRun:
    """A driver under test and the store behind it, for one case after the other.

    A context manager, which raises at the end if the driver cannot be closed. Not to be shared
    between threads.
    """

    def __init__(
        self,
        factory: Callable[[], StorageDriver],
        *,
        full: bool = False,
        seed: int = DEFAULT_SEED,
        case_seconds: float | None = None,
    ) -> None:
        self._factory = factory
        self._full = full
        self._seed = seed
        default_seconds = FULL_CASE_SECONDS if full else QUICK_CASE_SECONDS
        self._case_seconds = default_seconds if case_seconds is None else case_seconds
        self._driver: StorageDriver | None = None
        self.driver_name = ""
        self.features: frozenset[str] = frozenset()
        self._takes_one_call = False

    def __enter__(self) -> SuiteRun:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        failure = self.close()
        if failure is not None and error is None:
            raise failure

    def start(self) -> None:
        """Make the driver. Raises ValueError if there is something in its store."""
        driver = self._factory()
        self._driver = driver
        self.driver_name = driver.name
        self.features = driver.features
        # Only one in another process says so; in this one a driver that has a lock lets calls wait.
        self._takes_one_call = getattr(driver, "max_channels", None) == 1
        try:
            found = driver.list("/") + [info.path for info in open_uploads(driver)]
            if found:
                raise ValueError(
                    "the suite deletes all that is in the store, so it wants an empty one;"
                    f" this one has {', '.join(found[:3])}"
                )
        except BaseException:
            self.close()
            raise

    def close(self) -> Exception | None:
        """Close the driver, and return why it could not be closed; it is left alone then."""
        driver, self._driver = self._driver, None
        if driver is None:
            return None
        return _failure_of(driver.close, seconds=_CLOSING_SECONDS)

    def run(self, case: Case) -> CaseResult:
        """Run one case, empty the store, and tell what came of it. Never raises an Exception."""
        if reason := case.reason_to_skip(self.features, full=self._full):
            return CaseResult(case.name, CaseOutcome.SKIPPED, reason, 0.0, ())
        if case.holds_calls_open and self._takes_one_call:
            reason = "the driver takes one call at a time"
            return CaseResult(case.name, CaseOutcome.SKIPPED, reason, 0.0, ())
        outcomes: list[Outcome] = []
        begun = time.monotonic()
        error = self._error_of(case, outcomes)
        seconds = time.monotonic() - begun
        recorded = tuple(outcomes)
        if error is None:
            return CaseResult(case.name, CaseOutcome.PASSED, "", seconds, recorded)
        if case.holds_calls_open and isinstance(error, ThrottledError):
            reason = f"the driver takes too few calls at once: {error.message}"
            return CaseResult(case.name, CaseOutcome.SKIPPED, reason, seconds, ())
        reason = f"{_told(error)} (seed {self._seed})"
        return CaseResult(case.name, CaseOutcome.FAILED, reason, seconds, recorded, error)

    def _error_of(self, case: Case, outcomes: list[Outcome]) -> Exception | None:
        """Run a case and empty the store; a driver that failed in that is replaced by the next."""
        error = _failure_of(lambda: self._run(case, outcomes), seconds=self._case_seconds)
        driver = self._driver
        if isinstance(error, NotEndedError) or driver is None:
            # What still runs must not reach into the next case.
            self.close()
            return error
        left = _failure_of(lambda: empty(driver), seconds=_CLEANING_SECONDS)
        if left is not None:
            self.close()
        return error or left

    def _run(self, case: Case, outcomes: list[Outcome]) -> None:
        if self._driver is None:
            self._driver = self._factory()
            empty(self._driver)
        # The name is part of the seed: a case makes the same calls whatever else is run.
        seed = f"{self._seed} {case.name}"
        case.run(Store(self._driver, self._factory, seed=seed, full=self._full, outcomes=outcomes))


def empty(driver: StorageDriver) -> None:
    """Delete all that is in the store, and cancel what is on the way into it.

    Raises CaseFailedError if that is not to be done.
    """
    try:
        for info in open_uploads(driver):
            with (
                suppress(PathNotFoundError),
                driver.writer(info.path, resume=info.upload_id) as left,
            ):
                left.cancel()
        for path in driver.list("/"):
            with suppress(PathNotFoundError):
                driver.delete(path)
        remaining = driver.list("/") + [info.path for info in open_uploads(driver)]
    except Exception as error:
        # Said, since it comes back after every case that follows.
        text = f"the store cannot be emptied: {type(error).__name__}: {error}"
        raise CaseFailedError(text) from error
    require_equal(remaining, [], "objects and uploads after everything was deleted")


def open_uploads(driver: StorageDriver) -> list[UploadInfo]:
    """Return the uploads that are open; none for a driver without them."""
    return list(driver.uploads()) if UPLOADS in driver.features else []


def _failure_of(call: Callable[[], None], *, seconds: float) -> Exception | None:
    # In a thread of its own, so that one that never returns holds up nothing else.
    try:
        Background(call).result(timeout_seconds=seconds)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is a result here
        return error
    return None


def _told(error: Exception) -> str:
    if isinstance(error, CaseFailedError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if Path(frame.filename).parent.name == "cases"]
    place = f" in {places[-1].name}, line {places[-1].lineno}" if places else ""
    return f"{type(error).__name__}: {error}{place}"
