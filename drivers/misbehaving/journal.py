"""The journal: what a driver executed, on disk, so that a test can count it after a crash.

One line of JSON for each note, appended by one write: a kill leaves whole lines, and any number of
processes may append to one file.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

JOURNAL_SUFFIX: Final = ".journal"


class Step(Enum):
    """What a line of the journal says."""

    BEFORE = "before"
    """The call was asked for."""
    AFTER = "after"
    """The driver has executed it; `detail` is the code of its error, empty for a success."""
    FAULT = "fault"
    """A rule happens now; `detail` says which fault."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. Method and path are empty for a fault at the start."""

    step: Step
    method: str
    path: str
    detail: str
    pid: int


class Journal:
    """A journal to append to. Any thread may call it."""

    def __init__(self, path: str) -> None:
        """Open the file, which is made if it is missing. Raises OSError."""
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666
        )

    def note(self, step: Step, method: str, path: str, detail: str = "") -> None:
        """Append one line. It is in the file when this returns."""
        entry = asdict(Entry(step, method, path, detail, os.getpid()))
        os.write(self._descriptor, json.dumps({**entry, "step": step.value}).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_journal(path: str | os.PathLike[str]) -> list[Entry]:
    """Return the lines of a journal, in order; none if there is no file yet."""
    try:
        with open(path, encoding="utf-8") as file:
            return [_entry(json.loads(line)) for line in file]
    except FileNotFoundError:
        return []


def _entry(line: dict[str, Any]) -> Entry:
    return Entry(Step(line["step"]), line["method"], line["path"], line["detail"], line["pid"])
