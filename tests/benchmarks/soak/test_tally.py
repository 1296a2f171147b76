from __future__ import annotations

import pytest

from storagedriver.benchmarks.soak import tally as module
from storagedriver.benchmarks.soak.tally import Tally


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its only item."""
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_outcomes_are_counted_by_kind() -> None:
    tally = Tally()
    for outcome in ("ok", "PathNotFound", "ok"):
        tally.count("get", outcome)
    tally.count("put", "ok")
    assert tally.outcomes == {"get": {"ok": 2, "PathNotFound": 1}, "put": {"ok": 1}}


def test_the_largest_gap_is_between_two_successes(clock: list[float]) -> None:
    tally = Tally()
    for moment in (101.0, 104.0, 105.0):
        clock[0] = moment
        tally.succeeded()
    assert tally.largest_gap_seconds == 3.0


def test_a_pause_is_no_gap(clock: list[float]) -> None:
    tally = Tally()
    tally.pause()
    clock[0] = 110.0
    tally.succeeded()
    clock[0] = 120.0
    tally.resume()
    clock[0] = 121.0
    tally.succeeded()
    assert tally.largest_gap_seconds == 1.0
