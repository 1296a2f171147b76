from __future__ import annotations

from storagedriver.benchmarks.calls import BATCH_CALLS, call_for, time_each


class Counting:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def test_calls_are_counted_and_last_as_long_as_they_should() -> None:
    call = Counting()
    calls, elapsed = call_for(call, 0.001)
    assert calls == call.calls
    assert calls % BATCH_CALLS == 0
    assert elapsed >= 1_000_000


def test_each_call_has_a_time_and_all_together_last_as_long_as_they_should() -> None:
    call = Counting()
    times = time_each(call, 0.001)
    assert len(times) == call.calls
    assert sum(times) >= 1_000_000
