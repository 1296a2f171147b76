"""How far a transfer is, shown on stderr, and only where a person sees it.

What is given may be called from any thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class ObjectProgress:
    """Functions that are told how many more bytes have passed, and objects are done."""

    bytes: Callable[[int], None]
    objects: Callable[[int], None]


@contextmanager
def object_progress(description: str) -> Generator[ObjectProgress, None, None]:
    """Show bytes and objects, of which nobody knows beforehand how many there are."""
    if not sys.stderr.isatty():
        yield ObjectProgress(lambda size_bytes: None, lambda count: None)
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    objects = TextColumn("{task.fields[objects]} objects")
    columns = (TextColumn("{task.description}"), objects, DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task(description, total=None, objects=0)
        counting = threading.Lock()
        done = 0

        def count(objects_done: int) -> None:
            nonlocal done
            with counting:
                done += objects_done
                display.update(task, objects=done)

        yield ObjectProgress(lambda size_bytes: display.advance(task, size_bytes), count)
