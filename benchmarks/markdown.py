"""A report as Markdown."""

from __future__ import annotations

from storagedriver.benchmarks.report import Report
from storagedriver.benchmarks.rows import Row, columns, conditions, sections


def as_markdown(report: Report) -> str:
    """Return a table of all figures, and the conditions that they were measured under."""
    head = columns(report)
    table = [_line(head), _line(("---",) * len(head))]
    table += [_line(row) for rows in sections(report) for row in rows]
    told = [f"* {line}" for line in conditions(report)]
    return "\n".join([*table, "", *told, ""])


def _line(row: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
