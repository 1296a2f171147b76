"""A report as a picture. The only module that knows matplotlib, which is an extra."""

# matplotlib has types, but not for the keywords that it passes on.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from storagedriver.benchmarks.report import ItemResult, Report

SUFFIXES: Final = (".png", ".svg")
"""What the name of a picture may end in."""

_COLUMNS: Final = 4
_PANEL_INCHES: Final = (3.2, 1.2)
_SUBJECT_INCHES: Final = 0.25
_DOTS_PER_INCH: Final = 120


def draw(report: Report, target: Path) -> None:
    """Write a picture with a panel for each item: the medians as bars, and the range on each.

    The suffix of `target` is one of SUFFIXES. Raises OSError if it cannot be written.
    """
    rows = -(-len(report.results) // _COLUMNS)
    width, height = _PANEL_INCHES
    height += _SUBJECT_INCHES * len(report.subjects)
    # Not by pyplot, which is state of the whole process and looks for a display.
    figure = Figure(figsize=(_COLUMNS * width, rows * height), layout="constrained")
    for index, result in enumerate(report.results, start=1):
        _draw_item(figure.add_subplot(rows, _COLUMNS, index), report, result)
    figure.suptitle(f"{report.title}, size {report.size.value}, {report.rounds} rounds")
    figure.savefig(target, dpi=_DOTS_PER_INCH)


def _draw_item(axes: Axes, report: Report, result: ItemResult) -> None:
    axes.set_title(result.item.name, fontsize="small")
    axes.set_xlabel(f"{result.item.unit} ({result.item.better.value} is better)", fontsize="small")
    for index, name in enumerate(report.subjects):
        summary = result.summary(name)
        if summary is None:
            continue
        beyond = ([summary.median - summary.least], [summary.most - summary.median])
        axes.barh(index, summary.median, xerr=beyond, capsize=3, color=f"C{index}")
    axes.set_yticks(range(len(report.subjects)), report.subjects, fontsize="small")
    axes.invert_yaxis()  # the first is above the others, as in the table
