"""How the results of `check` are shown."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from storagedriver.cli.output import print_json

if TYPE_CHECKING:
    from rich.text import Text

    from storagedriver.conformance import CaseResult, Difference, Report

# A driver may have answered a megabyte.
_SHOWN_CHARACTERS: Final = 400

# In characters: the longest name of a case and all the rest.
_WIDTH_OF_FILES: Final = 120


@dataclass(frozen=True, slots=True)
class Checked:
    """Both runs of the suite, of which one may be missing, and where they differ."""

    in_process: Report | None
    ipc: Report | None
    differences: Sequence[Difference]

    @property
    def passed(self) -> bool:
        reports = [report for report in (self.in_process, self.ipc) if report is not None]
        return all(report.passed for report in reports) and not self.differences

    def rows(self) -> Iterator[Row]:
        """Give one row for each case, in the order of the suite."""
        in_process, ipc = _by_name(self.in_process), _by_name(self.ipc)
        for name in in_process | ipc:
            differences = [found for found in self.differences if found.case == name]
            yield Row(name, in_process.get(name), ipc.get(name), differences)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one case."""

    case: str
    in_process: CaseResult | None
    ipc: CaseResult | None
    differences: Sequence[Difference]


def print_as_json(name: str, checked: Checked) -> None:
    """Write an object for each case and one for the whole, a line each."""
    for row in checked.rows():
        print_json(
            {
                "case": row.case,
                "in_process": _result_as_json(row.in_process),
                "ipc": _result_as_json(row.ipc),
                "differences": [
                    {"what": found.what, "in_process": found.first, "ipc": found.second}
                    for found in row.differences
                ],
            }
        )
    summary: dict[str, object] = {
        "driver": name,
        "passed": checked.passed,
        "in_process": _report_as_json(checked.in_process),
        "ipc": _report_as_json(checked.ipc),
        "differences": len(checked.differences),
    }
    print_json({"summary": summary})


def print_for_people(name: str, checked: Checked) -> None:
    """Write a table of the cases, what went wrong in full, and the numbers in one line."""
    # Here, as they take a while to import: see `cli.main`.
    from rich.console import Console
    from rich.table import Column, Table

    # A file or a pipe has no edge; a terminal that is too narrow for a name gets it in two lines.
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
    table = Table(Column("case", overflow="fold"), "in-process", "IPC", "seconds", "differences")
    for row in checked.rows():
        durations = [f"{result.duration_seconds:.2f}" for result in _results(row)]
        table.add_row(
            row.case,
            _ended(row.in_process),
            _ended(row.ipc),
            " / ".join(durations),
            str(len(row.differences) or ""),
        )
    console.print(table)
    for line in _what_went_wrong(checked):
        click.echo(line)
    click.echo(f"{name}: {_summary(checked)}")


def _what_went_wrong(checked: Checked) -> Iterator[str]:
    for row in checked.rows():
        for way, result in (("in-process", row.in_process), ("IPC", row.ipc)):
            if result is not None and result.error is not None:
                yield f"{row.case}, {way}: {_cut(result.reason)}"
    for found in checked.differences:
        answers = f"{_cut(found.first)} / {_cut(found.second)}"
        yield f"{found.case}, in-process / IPC: {found.what}: {answers}"


def _cut(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}... (--json has it all)"


def _summary(checked: Checked) -> str:
    parts: list[str] = []
    for way, report in (("in-process", checked.in_process), ("IPC", checked.ipc)):
        if report is not None:
            counts = _counts(report)
            counted = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
            parts.append(f"{way} {counted} (seed {report.seed})")
    if checked.in_process and checked.ipc:
        parts.append(f"{len(checked.differences) or 'no'} differences")
    return "; ".join(parts)


def _ended(result: CaseResult | None) -> Text:
    from rich.text import Text

    styles = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    outcome = result.outcome.value if result is not None else ""
    return Text(outcome, style=styles.get(outcome, ""))


def _results(row: Row) -> list[CaseResult]:
    return [result for result in (row.in_process, row.ipc) if result is not None]


def _by_name(report: Report | None) -> dict[str, CaseResult]:
    return {result.name: result for result in report.results} if report is not None else {}


def _counts(report: Report) -> dict[str, int]:
    counter = Counter(result.outcome.value for result in report.results)
    return {outcome: counter[outcome] for outcome in ("passed", "failed", "skipped")}


def _report_as_json(report: Report | None) -> dict[str, object] | None:
    if report is None:
        return None
    return {**_counts(report), "seed": report.seed, "full": report.full}


def _result_as_json(result: CaseResult | None) -> dict[str, object] | None:
    if result is None:
        return None
    return {
        "outcome": result.outcome.value,
        "reason": result.reason,
        "seconds": round(result.duration_seconds, 6),
    }
