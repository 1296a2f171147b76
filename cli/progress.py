"""How far a transfer is, shown on stderr, and only where a person sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def progress(
    description: str, total_bytes: int | None
) -> Generator[Callable[[int], None], None, None]:
    """Give a function that is told how many bytes more have passed."""
    if not sys.stderr.isatty():
        yield lambda size_bytes: None
        return
    # Here, as it takes longer to import than a small transfer takes.
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TransferSpeedColumn(), console=Console(stderr=True), transient=True
    ) as display:
        task = display.add_task(description, total=total_bytes)
        yield lambda size_bytes: display.advance(task, size_bytes)
