from __future__ import annotations

from storagedriver.benchmarks.crashes import Timing, time_crashes


def test_every_kill_has_its_figures() -> None:
    timings = time_crashes(kills=1, callers=2)
    counts = [len(timing.milliseconds) for timing in timings]
    assert counts == [1, 1, 2, 1, 1, 1, 1]
    notice, *_, start, _, _, _, _ = timings
    assert min(notice.milliseconds + start.milliseconds) > 0


def test_a_timing_shows_median_range_and_goal() -> None:
    assert str(Timing("kill to answer", (3.0, 1.0, 2.0), 50)).split() == [
        *("kill", "to", "answer", "2.0", "[1.0", "..", "3.0]", "goal", "50")
    ]
