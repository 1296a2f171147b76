"""Why a call makes no progress, as found out from what else the driver does."""

from __future__ import annotations

from time import monotonic
from typing import cast

import pytest

from storagedriver.contract.features import PING
from storagedriver.ipc.channel import ChannelLostError, NoProgressError
from storagedriver.ipc.hang import Finding, examine
from storagedriver.ipc.running import RunningDriver


class FakeDriver:
    """Answers Ping as told; `pool` and `process` are itself."""

    def __init__(
        self,
        *,
        features: frozenset[str] = frozenset({PING}),
        failure: Exception | None = None,
        is_stopped: bool = False,
        has_workers: bool = True,
        idle_seconds: float = 0.0,
    ) -> None:
        self.features = features
        self.has_workers = has_workers
        self.pool = self.process = self
        self.asked_seconds: list[float] = []
        self._failure = failure
        self._is_stopped = is_stopped
        self._progress_at = monotonic() - idle_seconds

    def ping(self, timeout_seconds: float) -> None:
        self.asked_seconds.append(timeout_seconds)
        if self._failure is not None:
            raise self._failure

    def is_stopped(self) -> bool:
        return self._is_stopped

    def progress_at(self) -> float:
        return self._progress_at


def find(driver: FakeDriver, timeout_seconds: float = 1.0) -> Finding:
    return examine(cast("RunningDriver", driver), timeout_seconds)


def test_what_answers_is_busy() -> None:
    assert find(FakeDriver()) is Finding.BUSY


def test_what_answers_nothing_hangs_or_is_stopped() -> None:
    assert find(FakeDriver(failure=NoProgressError())) is Finding.SILENT
    assert find(FakeDriver(failure=NoProgressError(), is_stopped=True)) is Finding.STOPPED


def test_what_has_gone_is_no_hang() -> None:
    gone = FakeDriver(failure=ChannelLostError(process_ended=True))
    assert find(gone) is Finding.ENDED
    assert not Finding.ENDED.is_hang


@pytest.mark.parametrize(
    ("timeout_seconds", "asked_seconds"), [(0.5, 0.5), (60.0, 2.0)], ids=["short", "long"]
)
def test_the_question_takes_no_longer_than_the_call(
    timeout_seconds: float, asked_seconds: float
) -> None:
    driver = FakeDriver()
    find(driver, timeout_seconds)
    assert driver.asked_seconds == [asked_seconds]


@pytest.mark.parametrize(
    "limits", [{"features": frozenset[str]()}, {"has_workers": False}], ids=["no ping", "one loop"]
)
def test_what_cannot_be_asked_is_judged_by_its_other_calls(limits: dict[str, object]) -> None:
    moving = FakeDriver(**limits)  # type: ignore[arg-type]  # of the types that it has above
    still = FakeDriver(idle_seconds=2.0, **limits)  # type: ignore[arg-type]  # likewise
    assert find(moving) is Finding.BUSY
    assert find(still) is Finding.STILL
    assert moving.asked_seconds == still.asked_seconds == []


def test_hangs_are_what_nothing_is_to_be_expected_of() -> None:
    assert {finding for finding in Finding if finding.is_hang} == {
        Finding.STOPPED,
        Finding.SILENT,
        Finding.STILL,
    }
