"""Small calls from several threads at once: how many go through together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Barrier, BrokenBarrierError
from time import perf_counter_ns
from typing import Final

from storagedriver.benchmarks.amounts import THREAD_COUNTS
from storagedriver.benchmarks.calls import call_for
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.work import Better, Figures, Setting, Work, WorkItem

_KEY: Final = "/small"

_RATES: Final = {
    count: WorkItem(f"get 4 KiB, threads: {count}", "calls/s", Better.HIGHER)
    for count in THREAD_COUNTS
}


def calls_per_second(call: Callable[[], object], threads: int, seconds: float) -> float:
    """Return how many calls per second so many threads make together.

    Raises what a call raises, once all threads have ended.
    """
    barrier = Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(_call_together, call, barrier, seconds) for _ in range(threads)]
    _raise_failure(futures)
    turns = [future.result() for future in futures]
    began = min(began for _, began, _ in turns)
    ended = max(ended for _, _, ended in turns)
    return sum(calls for calls, _, _ in turns) / (ended - began) * 1e9


def _call_together(
    call: Callable[[], object], barrier: Barrier, seconds: float
) -> tuple[int, int, int]:
    """Return how many calls this thread made, and when it began and ended."""
    try:
        call_for(call, seconds / 4)  # each thread's channel, if it needs one, is open then
        barrier.wait()
        began = perf_counter_ns()
        calls, elapsed = call_for(call, seconds)
    except BaseException:
        barrier.abort()  # or the others would wait for this one for ever
        raise
    return calls, began, began + elapsed


def _raise_failure(futures: list[Future[tuple[int, int, int]]]) -> None:
    failures = [error for future in futures if (error := future.exception()) is not None]
    # That the others could not go on is only what followed.
    failures.sort(key=lambda error: isinstance(error, BrokenBarrierError))
    if failures:
        raise failures[0]


def _measure(subject: Subject, setting: Setting) -> Figures:
    with running(subject):
        subject.put(_KEY, setting.content.small)
        call = partial(subject.get, _KEY)
        seconds = setting.amounts.call_seconds
        return {item: calls_per_second(call, count, seconds) for count, item in _RATES.items()}


THREADS: Final = Work("threads", tuple(_RATES.values()), _measure)
