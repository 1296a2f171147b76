"""A report as rows of text, which the terminal and Markdown show alike."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from storagedriver.benchmarks.report import ItemResult, Report
from storagedriver.benchmarks.summary import Summary, summarise
from storagedriver.benchmarks.work import Better

Row = tuple[str, ...]


def columns(report: Report) -> Row:
    """Return the heads of the columns."""
    ratios = (f"{name} / {report.baseline}" for name in report.compared)
    return ("", "unit", *report.subjects, *ratios, "better")


def sections(report: Report) -> Iterator[list[Row]]:
    """Give the rows of each work."""
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


def _row(report: Report, result: ItemResult) -> Row:
    item = result.item
    figures = (_cell(result.summary(name)) for name in report.subjects)
    ratios = (_cell(summarise(result.ratios(name, report.baseline))) for name in report.compared)
    better = "lower" if item.better is Better.LOWER else "higher"
    return (item.name, item.unit, *figures, *ratios, better)


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return "-"
    return f"{number(summary.median)} ({number(summary.least)} - {number(summary.most)})"
