"""What a benchmark has found, with all figures, and how it reads as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from storagedriver.benchmarks.amounts import AMOUNTS, Size
from storagedriver.benchmarks.machine import Load, Machine
from storagedriver.benchmarks.summary import Summary, paired_ratios, summarise
from storagedriver.benchmarks.work import WorkItem

FORMAT: Final = "storagedriver-benchmark/2"
"""Changes when a reader of the JSON would have to."""

Rounds = tuple[float | None, ...]
"""A figure of each round, in order; None where the subject has none."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item, measured for all subjects."""

    work: str
    item: WorkItem
    figures: Mapping[str, Rounds]
    """By name of the subject."""

    def summary(self, subject: str) -> Summary | None:
        """Return median and range of a subject's figures."""
        return summarise(self.figures[subject])

    def ratios(self, subject: str, baseline: str) -> Rounds:
        """Return how a subject compares with another in each round."""
        return paired_ratios(self.figures[subject], self.figures[baseline])


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run."""

    title: str
    size: Size
    seed: int
    rounds: int
    subjects: tuple[str, ...]
    machine: Machine
    loads: tuple[Load, ...]
    results: tuple[ItemResult, ...]
    named_baselines: tuple[str, ...] = ()

    @property
    def baselines(self) -> tuple[str, ...]:
        """The subjects that the others are compared with: those that were named, or the first."""
        return self.named_baselines or self.subjects[:1]

    def compared(self, baseline: str) -> Sequence[str]:
        """Return the subjects that have a ratio to this one."""
        return [name for name in self.subjects if name != baseline]

    @property
    def worst_load(self) -> Load:
        """The round that others disturbed the most."""
        return max(self.loads, key=lambda load: load.others_cpus)

    def as_json(self) -> dict[str, object]:
        """Return all of it as one JSON object. docs/benchmark.md describes it."""
        return {
            "format": FORMAT,
            "title": self.title,
            "size": self.size.value,
            "amounts": {**asdict(AMOUNTS[self.size]), "rounds": self.rounds},
            "seed": self.seed,
            "subjects": list(self.subjects),
            "baselines": list(self.baselines),
            "machine": asdict(self.machine),
            "loads": [asdict(load) for load in self.loads],
            "items": [self._item_as_json(result) for result in self.results],
        }

    def _item_as_json(self, result: ItemResult) -> dict[str, object]:
        return {
            "name": result.item.name,
            "work": result.work,
            "unit": result.item.unit,
            "better": result.item.better.value,
            "figures": {name: _summed_up(rounds) for name, rounds in result.figures.items()},
            "ratios": {
                baseline: {
                    name: _summed_up(result.ratios(name, baseline))
                    for name in self.compared(baseline)
                }
                for baseline in self.baselines
            },
        }


def _summed_up(rounds: Rounds) -> dict[str, object] | None:
    summary = summarise(rounds)
    return None if summary is None else {**asdict(summary), "rounds": list(rounds)}
