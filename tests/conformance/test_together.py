"""Calls at the same time, and conditions that come true or do not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.together import Background, NotEndedError, poll_until, run_together


def fail() -> None:
    raise KeyError("failed")


def test_a_background_call_gives_its_result() -> None:
    assert Background(lambda: 5).result() == 5


def test_a_background_call_raises_what_it_raised() -> None:
    with pytest.raises(KeyError, match="failed"):
        Background(fail).result()


def test_a_background_call_that_does_not_end_is_told() -> None:
    free = threading.Event()
    call = Background(free.wait)
    with pytest.raises(NotEndedError, match="not ended within"):
        call.result(timeout_seconds=0.01)
    free.set()
    call.result()


def test_calls_run_at_the_same_time() -> None:
    barrier = threading.Barrier(5)
    assert sorted(run_together([partial(barrier.wait, 10)] * 5)) == [0, 1, 2, 3, 4]


def test_results_come_in_order() -> None:
    assert run_together([partial(int, number) for number in "31254"]) == [3, 1, 2, 5, 4]


def test_a_failure_is_raised_once_all_have_ended() -> None:
    ended: list[int] = []
    calls: list[Callable[[], None]] = [fail, partial(ended.append, 1), partial(ended.append, 2)]
    with pytest.raises(KeyError):
        run_together(calls)
    assert sorted(ended) == [1, 2]


def test_a_condition_that_comes_true_ends_the_wait() -> None:
    answers = iter([False, False, True])
    poll_until(lambda: next(answers), "never seen")


def test_a_condition_that_stays_false_is_told() -> None:
    with pytest.raises(CaseFailedError, match=r"not within 0\.01 s: the sun rose"):
        poll_until(lambda: False, "the sun rose", timeout_seconds=0.01)
