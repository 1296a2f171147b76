from __future__ import annotations

import threading

import pytest

from storagedriver.benchmarks.threads import calls_per_second


def test_all_threads_call_and_all_calls_count() -> None:
    callers: set[int] = set()

    def call() -> None:
        callers.add(threading.get_ident())

    assert calls_per_second(call, 4, 0.001) > 0
    assert len(callers) == 4


def test_a_thread_that_fails_ends_the_others_and_its_error_is_raised() -> None:
    first = threading.Lock()

    def call() -> None:
        if first.acquire(blocking=False):
            raise OSError("one call failed")

    with pytest.raises(OSError, match="one call failed"):
        calls_per_second(call, 4, 0.001)
