"""How long a subject takes from its start to its first answer."""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter_ns
from typing import Final

from storagedriver.benchmarks.programs import seconds_to_first_line
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.work import Figures, Setting, Work, WorkItem

_STARTING: Final = WorkItem("start to first answer", "ms")
_BARE: Final = WorkItem("start of a bare interpreter", "ms")
_COMPARED: Final = WorkItem("start, in starts of a bare interpreter", "times")

_START_LIMIT_SECONDS: Final = 60.0

# The least that a driver in Python can start in: no more than the two libraries, and a word.
_BARE_PROGRAM: Final = "import zmq, msgpack; print(flush=True)"


def _start_often(subject: Subject, setting: Setting) -> Figures:
    starting: list[float] = []
    bare: list[float] = []
    # By turns, as the ratio is taken of the two.
    for _ in range(setting.amounts.starts):
        starting.append(_start_ms(subject))
        bare.append(_bare_start_ms())
    return {
        _STARTING: median(starting),
        _BARE: median(bare),
        _COMPARED: median(starting) / median(bare),
    }


def _start_ms(subject: Subject) -> float:
    began = perf_counter_ns()
    with running(subject):
        return (perf_counter_ns() - began) / 1e6


def _bare_start_ms() -> float:
    command = sys.executable, "-c", _BARE_PROGRAM
    return seconds_to_first_line(command, limit_seconds=_START_LIMIT_SECONDS) * 1e3


START: Final = Work("start", (_STARTING, _BARE, _COMPARED), _start_often)
