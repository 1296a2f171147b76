"""What a command that handles many objects has done: counted from several threads, told once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from typing import Final

import click

from storagedriver.cli.exits import FAILED, report
from storagedriver.cli.output import amount, print_json

# They are kept until the end, and a store may hold a million objects that cannot be read.
KEPT_FAILURES: Final = 1000


class Tally:
    """Counts of objects and bytes, and the failures. Its methods may be called from any thread."""

    def __init__(self, *kinds: str) -> None:
        """`kinds` are what objects are counted as, in the order in which they are told."""
        self._kinds = kinds
        self._counts: Counter[str] = Counter()
        self._failures: list[tuple[str, str]] = []
        self._failed = 0
        self._lock = threading.Lock()
        self._began = monotonic()

    def add(self, kind: str, count: int = 1) -> None:
        """Count an object, or so many bytes."""
        with self._lock:
            self._counts[kind] += count

    def fail(self, path: str, reason: str, kind: str = "failed") -> None:
        """Count an object as one that makes the whole command fail."""
        with self._lock:
            self._counts[kind] += 1
            self._failed += 1
            if len(self._failures) < KEPT_FAILURES:
                self._failures.append((path, reason))

    @contextmanager
    def telling(
        self, context: click.Context, *, as_json: bool, to_stderr: bool = False
    ) -> Generator[None, None, None]:
        """Write the report at the end, and then exit with 1 if there is a failure.

        What ends the work early passes through, once it is told how far that came; unless it is a
        failure before anything was counted, of which there is nothing to tell.
        """
        try:
            yield
        except BaseException as error:
            # Not an Exception: Ctrl-C, or a signal to end.
            if self._counts or not isinstance(error, Exception):
                self._tell(as_json, to_stderr, is_complete=False)
            raise
        self._tell(as_json, to_stderr, is_complete=True)
        if self._failed:
            context.exit(FAILED)

    def _tell(self, as_json: bool, to_stderr: bool, *, is_complete: bool) -> None:
        with self._lock:
            tell = self._tell_json if as_json else self._tell_people
            tell(monotonic() - self._began, to_stderr, is_complete)

    def _tell_json(self, seconds: float, to_stderr: bool, is_complete: bool) -> None:
        counts = {kind: self._counts[kind] for kind in self._kinds}
        failures = [{"path": path, "reason": reason} for path, reason in self._failures]
        told = {"seconds": seconds, "complete": is_complete, "failures": failures}
        print_json({**counts, **told}, to_stderr=to_stderr)

    def _tell_people(self, seconds: float, to_stderr: bool, is_complete: bool) -> None:
        for path, reason in self._failures:
            report(f"{path}: {reason}")
        if left_out := self._failed - len(self._failures):
            report(f"and {left_out} more that failed")
        told = ", ".join(self._for_people(kind) for kind in self._kinds)
        click.echo(
            f"{'' if is_complete else 'not finished: '}{told}; {seconds:.1f} s", err=to_stderr
        )

    def _for_people(self, kind: str) -> str:
        unit, _, what = kind.partition("_")
        if unit == "bytes":
            return f"{amount(self._counts[kind])} {what.replace('_', ' ') or 'moved'}"
        return f"{self._counts[kind]} {kind}"
