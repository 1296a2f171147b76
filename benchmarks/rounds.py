"""The run: every work by every subject in every round, interleaved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from storagedriver.benchmarks.amounts import AMOUNTS, Size
from storagedriver.benchmarks.calls import GET, PUT, STAT
from storagedriver.benchmarks.content import Content
from storagedriver.benchmarks.driver_subject import DriverSubject
from storagedriver.benchmarks.growth import OPEN_CALLS, STORED_OBJECTS
from storagedriver.benchmarks.machine import Load, LoadWatch, this_machine
from storagedriver.benchmarks.report import ItemResult, Report
from storagedriver.benchmarks.starting import START
from storagedriver.benchmarks.streams import STREAMS, WHOLE
from storagedriver.benchmarks.subject import Subject
from storagedriver.benchmarks.threads import THREADS
from storagedriver.benchmarks.work import Figures, MeasuresItself, Setting, Work

DEFAULT_SEED: Final = 2015

WORKS: Final = (START, STAT, GET, PUT, THREADS, STREAMS, WHOLE, STORED_OBJECTS, OPEN_CALLS)
"""All that is measured, in this order."""

T = TypeVar("T")


def run_benchmark(
    subjects: Sequence[Subject | MeasuresItself],
    *,
    title: str,
    works: Sequence[Work] | None = None,
    baselines: Sequence[str] = (),
    size: Size = Size.NORMAL,
    rounds: int | None = None,
    seed: int = DEFAULT_SEED,
    on_turn: Callable[[str], None] = lambda text: None,
) -> Report:
    """Have all subjects do the `works`, all unless given, and return the figures.

    For each work there are `rounds` rounds (the size has its own number), and in each round every
    subject has one turn, with a fresh start; the order moves on by one from round to round. Only
    one subject runs at a time. `on_turn` is told what comes next, outside of what is timed. Ratios
    are to the subjects that `baselines` names, or to the first.

    Raises what a subject raises; all are stopped then.
    """
    amounts = AMOUNTS[size]
    setting = Setting(amounts, Content(seed, amounts.stream_bytes))
    all_rounds = amounts.rounds if rounds is None else rounds
    results: list[ItemResult] = []
    loads: list[Load] = []
    for work in WORKS if works is None else works:
        count = min(all_rounds, work.most_rounds or all_rounds)
        figures: dict[str, list[Figures]] = {subject.name: [] for subject in subjects}
        for number in range(count):
            watch = LoadWatch(work.name, number)
            for subject in rotated(subjects, number):
                on_turn(f"{work.name}, round {number + 1} of {count}: {subject.name}")
                figures[subject.name].append(_turn(subject, work, setting))
            loads.append(watch.end())
        results += _results(work, figures)
    names = tuple(subject.name for subject in subjects)
    return Report(
        title,
        size,
        seed,
        all_rounds,
        names,
        this_machine(),
        tuple(loads),
        tuple(results),
        tuple(baselines),
    )


def _turn(subject: Subject | MeasuresItself, work: Work, setting: Setting) -> Figures:
    if work.is_for_drivers and not isinstance(subject, DriverSubject):
        return {}
    if isinstance(subject, MeasuresItself):
        return subject.measure(work, setting)
    return work.function(subject, setting)


def rotated(things: Sequence[T], by: int) -> tuple[T, ...]:
    """Return them in their order, begun so many places later: A B C, B C A, C A B, A B C."""
    start = by % len(things)
    return (*things[start:], *things[:start])


def _results(work: Work, figures: dict[str, list[Figures]]) -> list[ItemResult]:
    return [
        ItemResult(
            work.name,
            item,
            {name: tuple(one.get(item) for one in rounds) for name, rounds in figures.items()},
        )
        for item in work.items
        # What nobody had to do, as the size asks for less.
        if any(item in one for rounds in figures.values() for one in rounds)
    ]
