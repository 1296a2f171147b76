"""What was found of the drivers in each language, and when; and the page that says so.

The page is examples/README.md, whose tables stand between two marks, and examples/matrix.json holds
what they are made of. A run replaces what it has found out, and leaves the rest with its date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

BEGIN: Final = "<!-- Written by the tests, from here: see tests/languages/matrix.py -->\n"
END: Final = "<!-- to here. -->\n"

CHECKS: Final = ("suite", "full suite", "suite over tcp", "faults")
"""What is run of a driver."""

FEATURES: Final = (
    "walk",
    "uploads",
    "move-directories",
    "constant-memory",
    "ping",
    "volatile",
)
"""Those that a driver without a server behind it may have, in the order of the columns."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one check."""

    date: str
    """Of the day, in ISO 8601."""
    commit: str
    passed: int
    failed: int
    skipped: int
    """For want of a feature, or for what the driver says that it does not do."""

    def __str__(self) -> str:
        failed = f"**{self.failed} failed**, " if self.failed else ""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{failed}{self.passed} passed{skipped}; {self.date} {self.commit}".rstrip()


@dataclass(slots=True)
class Matrix:
    """All that is known."""

    runs: dict[str, dict[str, Run]] = field(default_factory=dict[str, dict[str, Run]])
    """By driver, and what was run."""
    features: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By driver."""
    channels: dict[str, int] = field(default_factory=dict[str, int])
    """How many a driver takes at once, by driver."""
    lines: dict[str, int] = field(default_factory=dict[str, int])
    """Of code, by driver or library."""
    speed: dict[str, str] = field(default_factory=dict[str, str])
    """By kind of driver, Markdown: figures, and how they were measured."""

    @classmethod
    def read(cls, path: Path) -> Matrix:
        """Return what a file holds, and an empty one if there is none."""
        if not path.exists():
            return cls()
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        runs = {
            driver: {check: Run(**run) for check, run in of_driver.items()}
            for driver, of_driver in held.pop("runs").items()
        }
        return cls(runs, **held)

    def write(self, path: Path) -> None:
        """Write what `read` reads."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def page_with(matrix: Matrix, page: str) -> str:
    """Return a page with the tables of a matrix between its marks. Raises ValueError without."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no place for the tables: {BEGIN!r} to {END!r}")
    return before + begin + "\n" + "\n\n".join(_tables(matrix)) + "\n\n" + end + after


def _tables(matrix: Matrix) -> Iterator[str]:
    drivers = list(matrix.runs)
    yield "## What was run"
    yield table(["driver", *CHECKS], ([name, *_runs(matrix.runs[name])] for name in drivers))
    yield "## What each can do"
    heads = ["driver", "calls at once", *FEATURES]
    yield table(heads, ([name, *_abilities(matrix, name)] for name in drivers))
    yield "## How long each is"
    yield "Lines of code, without comments, blank lines and tests."
    yield table(["", "lines"], ([name, str(lines)] for name, lines in matrix.lines.items()))
    if matrix.speed:
        yield "## How fast each is"
        yield from matrix.speed.values()


def _runs(runs: Mapping[str, Run]) -> Iterator[str]:
    for check in CHECKS:
        yield str(runs[check]) if check in runs else "-"


def _abilities(matrix: Matrix, driver: str) -> Iterator[str]:
    yield str(matrix.channels.get(driver, "-"))
    for feature in FEATURES:
        yield "yes" if feature in matrix.features.get(driver, ()) else "-"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
