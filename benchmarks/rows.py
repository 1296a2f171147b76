"""A report as rows of text, which the terminal and Markdown show alike."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from storagedriver.benchmarks.report import ItemResult, Report
from storagedriver.benchmarks.summary import Summary, summarise

Row = tuple[str, ...]

# With a ratio for each but the first, more than these do not fit beside each other.
_MOST_COLUMNS: Final = 4


def columns(report: Report) -> Row:
    """Return the heads of the columns."""
    if _is_long(report):
        return (
            "",
            "unit",
            "better",
            "subject",
            "figure",
            *(f"/ {one}" for one in report.baselines),
        )
    baseline = report.baselines[0]
    ratios = (f"{name} / {baseline}" for name in report.compared(baseline))
    return ("", "unit", *report.subjects, *ratios, "better")


def sections(report: Report) -> Iterator[list[Row]]:
    """Give the rows of each work; where there are many subjects, those of each item."""
    if _is_long(report):
        yield from (_rows(report, result) for result in report.results)
        return
    for _, results in groupby(report.results, key=lambda result: result.work):
        yield [_row(report, result) for result in results]


def conditions(report: Report) -> Iterator[str]:
    """Give lines on how, where and beside what it ran."""
    machine, worst = report.machine, report.worst_load
    yield f"{report.title}: size {report.size.value}, {report.rounds} rounds, seed {report.seed}."
    yield "Medians of the rounds, with the least and the most; ratios are paired by round."
    yield (
        f"{machine.processor}, {machine.cpus} CPUs, {machine.memory_bytes / (1 << 30):.1f} GiB;"
        f" {machine.system}."
    )
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    yield f"{machine.python}; {versions}."
    yield (
        f"Others kept {worst.others_cpus:.2f} CPUs busy in the round they disturbed most"
        f" ({worst.work}, round {worst.round + 1}); load average before the first round"
        f" {report.loads[0].load_average:.2f}."
    )


def number(value: float) -> str:
    """Return a figure with three digits, or all that stand before the point."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _is_long(report: Report) -> bool:
    """Whether each subject has a row of its own, as there is no room for a column."""
    return len(report.subjects) > _MOST_COLUMNS or len(report.baselines) > 1


def _rows(report: Report, result: ItemResult) -> list[Row]:
    item = result.item
    head = item.name, item.unit, item.better.value
    rows: list[Row] = []
    for name in report.subjects:
        if (summary := result.summary(name)) is not None:
            ratios = (summarise(result.ratios(name, one)) for one in report.baselines)
            rows.append((*head, name, _cell(summary), *map(_cell, ratios)))
            head = "", "", ""
    return rows


def _row(report: Report, result: ItemResult) -> Row:
    item = result.item
    figures = (_cell(result.summary(name)) for name in report.subjects)
    baseline = report.baselines[0]
    compared = (result.ratios(name, baseline) for name in report.compared(baseline))
    ratios = (_cell(summarise(rounds)) for rounds in compared)
    return (item.name, item.unit, *figures, *ratios, item.better.value)


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{number(summary.median)} ({number(summary.least)} - {number(summary.most)})"
