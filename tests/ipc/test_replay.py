"""Which calls survive a crash, and how often one may be made again."""

from __future__ import annotations

from typing import cast

import pytest

from storagedriver.contract import DriverCrashedError, InvalidParametersError
from storagedriver.ipc import EventKind, Replay
from storagedriver.ipc.calls import CALLS
from storagedriver.ipc.pool import ClosedError
from storagedriver.ipc.replay import Repeating
from storagedriver.ipc.supervisor import Supervisor

CRASH = DriverCrashedError(None, 9, "", pid=7)
PATIENCE_SECONDS = 10.0


class FakeSupervisor:
    may_repeat = True

    def __init__(self) -> None:
        self.waits: list[float | None] = []
        self.told: list[tuple[EventKind, str, str]] = []
        self.failure: Exception | None = None

    def ready(self, timeout_seconds: float | None) -> None:
        self.waits.append(timeout_seconds)
        if self.failure is not None:
            raise self.failure

    def tell(self, kind: EventKind, *, method: str, path: str) -> None:
        self.told.append((kind, method, path))


@pytest.fixture
def supervisor() -> FakeSupervisor:
    return FakeSupervisor()


def repeating(
    supervisor: FakeSupervisor,
    *,
    is_covered: bool = True,
    timeout_seconds: float | None = PATIENCE_SECONDS,
) -> Repeating:
    return Repeating(
        cast("Supervisor", supervisor),
        "Stat",
        "/a",
        is_covered=is_covered,
        timeout_seconds=timeout_seconds,
    )


def test_every_call_of_a_worker_is_covered_unless_it_ends_with_its_process() -> None:
    left_out = {call.method for call in CALLS.values() if not Replay().covers(call.method)}
    control = {call.method for call in CALLS.values() if call.control}
    assert left_out == control | {"CloseUpload"}


@pytest.mark.parametrize(
    ("without", "methods"),
    [
        (Replay(calls=False), {"Stat", "List", "Walk", "URLFor", "GetContent", "PutContent"}),
        (Replay(reads=False), {"ReadStream"}),
        (Replay(writes=False), {"WriteStream"}),
        (Replay(moves=False), {"Move"}),
        (Replay(deletes=False), {"Delete"}),
        (
            Replay(uploads=False),
            {"OpenUpload", "WriteUpload", "CommitUpload", "CancelUpload", "ListUploads"},
        ),
    ],
)
def test_each_can_be_switched_off(without: Replay, methods: set[str]) -> None:
    covered = {method for method in CALLS if Replay().covers(method)}
    assert {method for method in covered if not without.covers(method)} == methods


class TestRepeating:
    def test_waits_until_the_driver_runs_again(self, supervisor: FakeSupervisor) -> None:
        repeating(supervisor).prepare(CRASH)
        (waited,) = supervisor.waits
        assert waited is not None
        assert 0 < waited <= PATIENCE_SECONDS

    def test_without_a_timeout_it_waits_for_ever(self, supervisor: FakeSupervisor) -> None:
        repeating(supervisor, timeout_seconds=None).prepare(CRASH)
        assert supervisor.waits == [None]

    def test_a_call_that_ends_one_process_after_another_is_left(
        self, supervisor: FakeSupervisor
    ) -> None:
        account = repeating(supervisor)
        for _ in range(3):
            account.prepare(CRASH)
        with pytest.raises(DriverCrashedError):
            account.prepare(CRASH)

    def test_what_is_switched_off_raises_the_crash(self, supervisor: FakeSupervisor) -> None:
        with pytest.raises(DriverCrashedError):
            repeating(supervisor, is_covered=False).prepare(CRASH)
        assert supervisor.waits == []

    def test_what_a_driver_cannot_keep_is_not_repeated(self, supervisor: FakeSupervisor) -> None:
        supervisor.may_repeat = False
        with pytest.raises(DriverCrashedError):
            repeating(supervisor).prepare(CRASH)

    def test_a_call_whose_time_is_over_raises_the_crash(self, supervisor: FakeSupervisor) -> None:
        with pytest.raises(DriverCrashedError):
            repeating(supervisor, timeout_seconds=0.0).prepare(CRASH)

    def test_a_driver_that_was_closed_meanwhile_raises_the_crash(
        self, supervisor: FakeSupervisor
    ) -> None:
        supervisor.failure = ClosedError()
        with pytest.raises(DriverCrashedError):
            repeating(supervisor).prepare(CRASH)

    def test_a_crash_that_the_driver_tells_of_is_its_answer(
        self, supervisor: FakeSupervisor
    ) -> None:
        told = DriverCrashedError(None, 9, "of a driver that it uses itself")
        with pytest.raises(DriverCrashedError) as caught:
            repeating(supervisor).prepare(told)
        assert caught.value is told
        assert supervisor.waits == []

    def test_a_start_that_fails_says_why(self, supervisor: FakeSupervisor) -> None:
        supervisor.failure = InvalidParametersError("mine", "root", "gone")
        with pytest.raises(InvalidParametersError):
            repeating(supervisor).prepare(CRASH)

    def test_an_unknown_outcome_is_told_and_names_the_crash(
        self, supervisor: FakeSupervisor
    ) -> None:
        error = repeating(supervisor).unknown(CRASH)
        assert (error.method, error.path, error.__cause__) == ("Stat", "/a", CRASH)
        assert supervisor.told == [(EventKind.OUTCOME_UNKNOWN, "Stat", "/a")]
