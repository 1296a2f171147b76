"""Small calls: how long one takes, how many go through, and what they cost in CPU time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from time import perf_counter_ns
from typing import Final

from storagedriver.benchmarks.processes import cpu_seconds
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.summary import percentile
from storagedriver.benchmarks.work import Better, Figures, Setting, Work, WorkItem

Call = Callable[[], object]

_KEY: Final = "/small"

BATCH_CALLS: Final = 16
"""Calls between two looks at the clock where single calls are not timed. A look costs less than the
quickest call, and so next to nothing against 16; and 16 calls of the slowest, to a remote store,
still take but seconds."""


class _OneCaller:
    """The work of one thread that makes one kind of call, and its figures."""

    def __init__(self, name: str, choose: Callable[[Subject, Setting], Call]) -> None:
        self._choose = choose
        self._p50 = WorkItem(f"{name}, p50", "us")
        self._p99 = WorkItem(f"{name}, p99", "us")
        self._rate = WorkItem(f"{name}, rate", "calls/s", Better.HIGHER)
        self._cpu = WorkItem(f"{name}, CPU of 1000 calls", "ms")
        items = (self._p50, self._p99, self._rate, self._cpu)
        self.work = Work(name, items, self._measure)

    def _measure(self, subject: Subject, setting: Setting) -> Figures:
        seconds = setting.amounts.call_seconds
        with running(subject):
            subject.put(_KEY, setting.content.small)
            call = self._choose(subject, setting)
            call_for(call, seconds / 4)  # until everything is loaded, opened and warm
            latencies = time_each(call, seconds)
            cpu_before = cpu_seconds(subject.child_pid)
            calls, elapsed = call_for(call, seconds)
            cpu = cpu_seconds(subject.child_pid) - cpu_before
        return {
            self._p50: percentile(latencies, 50) / 1e3,
            self._p99: percentile(latencies, 99) / 1e3,
            self._rate: calls / elapsed * 1e9,
            # Seconds for one call, times 1000 for as many calls, times 1000 for milliseconds.
            self._cpu: cpu / calls * 1e6,
        }


def call_for(call: Call, seconds: float) -> tuple[int, int]:
    """Call again and again for so long. Return how often, and the nanoseconds that it took."""
    began = now = perf_counter_ns()
    end = began + int(seconds * 1e9)
    calls = 0
    while now < end:
        for _ in range(BATCH_CALLS):
            call()
        calls += BATCH_CALLS
        now = perf_counter_ns()
    return calls, now - began


def time_each(call: Call, seconds: float) -> list[int]:
    """Call again and again for so long. Return the nanoseconds of each call.

    One look at the clock ends a call and begins the next, so each has the cost of one in it.
    """
    times = [perf_counter_ns()]
    end = times[0] + int(seconds * 1e9)
    while times[-1] < end:
        call()
        times.append(perf_counter_ns())
    return [later - earlier for earlier, later in pairwise(times)]


def _stat(subject: Subject, setting: Setting) -> Call:
    return partial(subject.stat, _KEY)


def _get(subject: Subject, setting: Setting) -> Call:
    return partial(subject.get, _KEY)


def _put(subject: Subject, setting: Setting) -> Call:
    return partial(subject.put, _KEY, setting.content.small)


STAT: Final = _OneCaller("stat", _stat).work
GET: Final = _OneCaller("get 4 KiB", _get).work
PUT: Final = _OneCaller("put 4 KiB", _put).work
