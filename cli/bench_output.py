"""How the result of `bench` is shown on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from storagedriver.benchmarks.report import Report

# In characters: a file or a pipe has no edge, and this holds four subjects.
_WIDTH_OF_FILES: Final = 200


def print_table(report: Report) -> None:
    """Write a table of all figures, a section for each work, and the conditions below it."""
    # Here, as they take a while to import: see `cli.main`.
    from rich.console import Console
    from rich.table import Column, Table

    from storagedriver.benchmarks.rows import columns, conditions, sections

    name, *rest = columns(report)
    table = Table(Column(name, overflow="fold"), *(Column(head, justify="right") for head in rest))
    for rows in sections(report):
        for row in rows:
            table.add_row(*row)
        table.add_section()
    Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES).print(table)
    for line in conditions(report):
        click.echo(line)
