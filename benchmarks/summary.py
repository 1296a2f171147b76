"""Many figures to few: percentiles, medians with their range, and ratios paired by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Summary:
    """Of the figures of all rounds."""

    median: float
    least: float
    most: float


def summarise(values: Sequence[float | None]) -> Summary | None:
    """Return the summary of the values that are there; None if there are none."""
    present = [value for value in values if value is not None]
    return Summary(median(present), min(present), max(present)) if present else None


def paired_ratios(
    values: Sequence[float | None], baseline: Sequence[float | None]
) -> tuple[float | None, ...]:
    """Return the ratio to the baseline in each round; None where there is none.

    Both are in the order of the rounds. What disturbs a whole round disturbs both, and leaves the
    ratio; so the median of these ratios says more than the ratio of the two medians.
    """
    return tuple(
        None if value is None or not base else value / base
        for value, base in zip(values, baseline, strict=True)
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the least value that at least `percent` of all values are at or below."""
    ranked = sorted(values)
    below = -(-len(ranked) * percent // 100)  # rounded up
    return ranked[max(0, int(below) - 1)]
