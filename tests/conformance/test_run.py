"""The runner: what it makes of cases that pass, fail, break or hang their driver."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from storagedriver.conformance import (
    CASES,
    DEFAULT_SEED,
    Case,
    CaseFailedError,
    CaseOutcome,
    CaseResult,
    CaseSize,
    run_suite,
)
from storagedriver.conformance.case import case
from storagedriver.conformance.run import SuiteRun, empty
from storagedriver.conformance.store import Store
from storagedriver.contract import (
    FileInfo,
    StorageDriver,
    StorageDriverError,
    ThrottledError,
    UploadWriter,
)
from storagedriver.drivers.inmemory import InMemoryDriver


@case("stat")
def passing(store: Store) -> None:
    """Passes."""
    store.driver.put_content("/left/behind", b"x")


@case("stat")
def failing(store: Store) -> None:
    """Fails."""
    raise CaseFailedError("as it should")


@case("stat")
def raising(store: Store) -> None:
    """Meets an error that it does not expect."""
    store.driver.get_content("/nothing")


class NoStat(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        raise StorageDriverError("no stat")


@case("stat", needs=["url-for"])
def needing_urls(store: Store) -> None:
    """Needs a feature that is not there."""


@case("stat", unless=["move-directories"])
def excluding_moves(store: Store) -> None:
    """Makes no sense with a feature that is there."""


@case("stat", size=CaseSize.FULL)
def being_slow(store: Store) -> None:
    """Runs in full runs only."""


class Closable(InMemoryDriver):
    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def driver() -> Closable:
    return Closable()


@pytest.fixture
def run(driver: Closable) -> Iterator[SuiteRun]:
    with SuiteRun(lambda: driver) as run:
        yield run


def outcome(result: CaseResult) -> tuple[CaseOutcome, str]:
    return result.outcome, result.reason


def test_a_case_that_returns_has_passed(run: SuiteRun) -> None:
    assert outcome(run.run(passing)) == (CaseOutcome.PASSED, "")


def test_what_a_case_leaves_is_deleted(run: SuiteRun, driver: Closable) -> None:
    run.run(passing)
    assert driver.list("/") == []


def test_a_failure_tells_what_and_with_which_seed(run: SuiteRun) -> None:
    result = run.run(failing)
    assert outcome(result) == (CaseOutcome.FAILED, f"as it should (seed {DEFAULT_SEED})")
    assert isinstance(result.error, CaseFailedError)


def test_an_unexpected_error_tells_its_class_and_place(run: SuiteRun) -> None:
    assert run.run(raising).reason.startswith("PathNotFoundError: Path not found: /nothing")
    report = run_suite(NoStat, only=["root_of_an_empty_store"])
    assert (
        "StorageDriverError: no stat in root_of_an_empty_store, line " in report.results[0].reason
    )


def test_cases_of_missing_features_are_skipped(run: SuiteRun) -> None:
    result = run.run(needing_urls)
    assert outcome(result) == (
        CaseOutcome.SKIPPED,
        "the driver does not have the feature url-for",
    )


def test_cases_against_a_feature_are_skipped(run: SuiteRun) -> None:
    result = run.run(excluding_moves)
    assert outcome(result) == (
        CaseOutcome.SKIPPED,
        "the driver has the feature move-directories",
    )


@pytest.mark.parametrize(
    ("full", "expected"), [(True, CaseOutcome.PASSED), (False, CaseOutcome.SKIPPED)]
)
def test_full_cases_run_in_full_runs_only(full: bool, expected: CaseOutcome) -> None:
    with SuiteRun(InMemoryDriver, full=full) as run:
        assert run.run(being_slow).outcome is expected


def test_the_driver_is_closed_at_the_end(driver: Closable) -> None:
    with SuiteRun(lambda: driver) as run:
        run.run(passing)
        assert driver.closed == 0
    assert driver.closed == 1


def test_one_driver_serves_all_cases() -> None:
    made: list[Closable] = []

    def make() -> Closable:
        made.append(Closable())
        return made[-1]

    with SuiteRun(make) as run:
        for each in (passing, failing, raising, passing):
            run.run(each)
    assert [driver.closed for driver in made] == [1]


def test_a_store_in_use_is_left_alone(driver: Closable) -> None:
    driver.put_content("/precious", b"data")
    with pytest.raises(ValueError, match="/precious"):
        run_suite(lambda: driver)
    assert (driver.get_content("/precious"), driver.closed) == (b"data", 1)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="no such case: nonsense"):
        run_suite(InMemoryDriver, only=["nonsense"])


def test_what_the_first_call_of_the_factory_raises_is_raised() -> None:
    def make() -> StorageDriver:
        raise StorageDriverError("there is none")

    with pytest.raises(StorageDriverError, match="there is none"):
        run_suite(make)


def test_each_result_is_told_as_it_comes() -> None:
    told: list[CaseResult] = []
    report = run_suite(
        InMemoryDriver, only=["put_get_one_byte", "stream_one_byte"], on_case=told.append
    )
    assert tuple(told) == report.results
    assert [result.name for result in told] == ["put_get_one_byte", "stream_one_byte"]


def test_a_run_in_which_nothing_ran_has_not_passed() -> None:
    assert not run_suite(InMemoryDriver, only=["url_gives_the_content"]).passed


class Breakable(Closable):
    """Broken by the case `breaking`: nothing works any more."""

    def list(self, path: str) -> list[str]:
        if "broken" in self._marks:
            raise StorageDriverError("broken")
        return super().list(path)

    def put_content(self, path: str, content: object) -> None:
        self._marks.add("broken")

    def __init__(self) -> None:
        super().__init__()
        self._marks: set[str] = set()


@case("stat")
def breaking(store: Store) -> None:
    """Breaks the driver."""
    store.driver.put_content("/a", b"x")


@case("stat")
def looking(store: Store) -> None:
    """Looks."""
    store.driver.list("/")


def test_a_broken_driver_fails_its_case_and_is_replaced() -> None:
    made: list[Breakable] = []

    def make() -> Breakable:
        made.append(Breakable())
        return made[-1]

    with SuiteRun(make) as run:
        assert run.run(breaking).outcome is CaseOutcome.FAILED
        assert run.run(looking).outcome is CaseOutcome.PASSED
    assert [driver.closed for driver in made] == [1, 1]


def test_a_driver_that_cannot_be_made_again_fails_every_case() -> None:
    drivers = iter([Breakable()])
    with SuiteRun(lambda: next(drivers)) as run:
        run.run(breaking)
        assert run.run(looking).reason.startswith("StopIteration")


class Hangs(Closable):
    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def stat(self, path: str) -> FileInfo:
        self.free.wait()
        return super().stat(path)


@case("stat")
def hanging(store: Store) -> None:
    """Waits for ever."""
    store.driver.stat("/")


def test_a_call_that_never_returns_fails_its_case_and_costs_the_driver() -> None:
    made: list[Hangs] = []

    def make() -> Hangs:
        made.append(Hangs())
        return made[-1]

    with SuiteRun(make, case_seconds=0.05) as run:
        result = run.run(hanging)
        assert result.reason.startswith("a call has not ended within 0.05 s")
        assert run.run(looking).outcome is CaseOutcome.PASSED
    assert [driver.closed for driver in made] == [1, 1]
    made[0].free.set()


class CannotBeClosed(InMemoryDriver):
    def close(self) -> None:
        raise StorageDriverError("stuck")


def test_a_driver_that_cannot_be_closed_fails_the_run() -> None:
    report = run_suite(CannotBeClosed, only=["put_get_one_byte"])
    assert [result.outcome for result in report.results] == [CaseOutcome.PASSED, CaseOutcome.FAILED]
    assert outcome(report.results[1]) == (CaseOutcome.FAILED, "StorageDriverError: stuck")
    with pytest.raises(StorageDriverError, match="stuck"), SuiteRun(CannotBeClosed):
        pass


class TakesOneCall(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        raise ThrottledError(path)


def test_a_case_that_holds_calls_open_is_skipped_for_a_driver_of_one_call_at_a_time() -> None:
    class OneCall(InMemoryDriver):
        max_channels = 1

    class TwoCalls(InMemoryDriver):
        max_channels = 2

    held: Case = case("stat", holds_calls_open=True)(lambda store: None)
    for driver, expected in ((OneCall, CaseOutcome.SKIPPED), (TwoCalls, CaseOutcome.PASSED)):
        with SuiteRun(driver) as run:
            assert run.run(held).outcome is expected


@pytest.mark.parametrize(
    ("holds_calls_open", "expected"), [(True, CaseOutcome.SKIPPED), (False, CaseOutcome.FAILED)]
)
def test_throttled_is_no_failure_where_calls_are_held_open(
    holds_calls_open: bool, expected: CaseOutcome
) -> None:
    def stat(store: Store) -> None:
        store.driver.stat("/")

    held: Case = case("stat", holds_calls_open=holds_calls_open)(stat)
    with SuiteRun(TakesOneCall) as run:
        assert run.run(held).outcome is expected


class DeletesNothing(InMemoryDriver):
    def delete(self, path: str) -> None:
        return


def test_a_store_that_does_not_empty_is_a_failure() -> None:
    driver = DeletesNothing()
    driver.put_content("/a", b"x")
    with pytest.raises(CaseFailedError, match="after everything was deleted"):
        empty(driver)


class CannotDelete(InMemoryDriver):
    def delete(self, path: str) -> None:
        raise StorageDriverError("no")


def test_a_store_that_cannot_be_emptied_is_told_apart_from_what_the_case_found() -> None:
    report = run_suite(CannotDelete, only=["put_get_one_byte"])
    reason = report.results[0].reason
    assert reason.startswith("the store cannot be emptied: StorageDriverError: no")


def test_cases_get_the_same_content_whatever_else_runs() -> None:
    alone = run_suite(InMemoryDriver, only=["put_get_random_bytes"]).results[0]
    both = run_suite(InMemoryDriver, only=["put_get_one_byte", "put_get_random_bytes"]).results[1]
    assert alone.recorded == both.recorded


def test_another_seed_makes_other_content() -> None:
    first, second = (
        run_suite(InMemoryDriver, only=["put_get_random_bytes"], seed=seed).results[0]
        for seed in (1, 2)
    )
    assert first.recorded != second.recorded


def test_the_names_of_all_cases_differ() -> None:
    names = [each.name for each in CASES]
    assert len(set(names)) == len(names)


def test_uploads_that_a_case_leaves_open_are_cancelled() -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", b"x")
    driver.writer("/a").close()
    driver.writer("/b/c").write(b"left open")
    empty(driver)
    assert driver.list("/") == []
    assert list(driver.uploads()) == []


def test_a_store_with_open_uploads_is_left_alone() -> None:
    driver = InMemoryDriver()
    driver.writer("/precious").close()
    with pytest.raises(ValueError, match="/precious"):
        run_suite(lambda: driver)
    assert len(list(driver.uploads())) == 1


class KeepsUploads(InMemoryDriver):
    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        # The one that was to be cancelled stays.
        return super().writer(path)


def test_uploads_that_cannot_be_cancelled_fail_the_case() -> None:
    driver = KeepsUploads()
    driver.writer("/a")
    with pytest.raises(CaseFailedError, match="objects and uploads after everything was deleted"):
        empty(driver)
