"""How long a subject takes from its start to its first answer."""

from __future__ import annotations

from statistics import median
from time import perf_counter_ns
from typing import Final

from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.work import Figures, Setting, Work, WorkItem

_STARTING: Final = WorkItem("start to first answer", "ms")


def _start_often(subject: Subject, setting: Setting) -> Figures:
    return {_STARTING: median(_start_ms(subject) for _ in range(setting.amounts.starts))}


def _start_ms(subject: Subject) -> float:
    began = perf_counter_ns()
    with running(subject):
        return (perf_counter_ns() - began) / 1e6


START: Final = Work("start", (_STARTING,), _start_often)
