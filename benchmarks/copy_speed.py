"""How fast a sync is beside plain copies of the same tree, from the same page cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

from storagedriver.benchmarks.programs import run
from storagedriver.benchmarks.summary import Summary, paired_ratios, summarise
from storagedriver.benchmarks.sync_trees import LARGE, Source

SYNC: Final = "storagedriver sync"
COPY: Final = "cp -r"
COPY_AND_SYNC: Final = "cp -r, then sync"
EACH_SYNCED: Final = "each file synced"
"""The least that is as durable as the driver: written beside, synced, renamed, the directory synced
too, by as many threads as the sync has jobs, in one process."""

_PIECE_BYTES: Final = 1 << 20

Way = Callable[[str, Path], object]
"""Copies a part of the source into a directory, which is new."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How long each way took for one part, in each round."""

    part: str
    seconds: dict[str, list[float]]

    def summary(self, way: str) -> Summary | None:
        return summarise(self.seconds[way])

    def ratios(self, way: str) -> Summary | None:
        """Return how many times as long as `way` the sync took."""
        return summarise(paired_ratios(self.seconds[SYNC], self.seconds[way]))


class Speeds:
    """Measures copies of one source into new directories in `place`.

    The small copies stay there until the end: for some minutes after a deletion ext4 avoids the
    inodes that were deleted, and searches for others at the cost of whoever comes next.
    """

    def __init__(
        self,
        source: Source,
        place: Path,
        *,
        sync: Callable[[str, Path], Sequence[str]],
        jobs: int,
        limit_seconds: float,
        tell: Callable[[str], None],
    ) -> None:
        """`sync` gives the command that syncs a part of the source into a directory.

        `tell` is told each time that was measured.
        """
        self._tell = tell
        self._source = source
        self._place = place
        self._limit_seconds = limit_seconds
        self._jobs = jobs
        self._ways: dict[str, Way] = {
            COPY: self._copy,
            COPY_AND_SYNC: self._copy_and_sync,
            EACH_SYNCED: self._copy_each_synced,
            SYNC: lambda part, to: run(sync(part, to), limit_seconds=limit_seconds),
        }

    def measure(self, part: str, *, rounds: int) -> Speed:
        """Copy a part in each way, so many times. Raises ProgramError."""
        seconds: dict[str, list[float]] = {way: [] for way in self._ways}
        order = list(self._ways)
        for round_number in range(rounds):
            for number, way in enumerate(order):
                to = self._place / f"{part}-{round_number}-{number}"
                seconds[way].append(self._once(part, self._ways[way], to))
                self._tell(f"{part}: {way} took {seconds[way][-1]:.1f} s")
            # So that none always follows the same other.
            order.append(order.pop(0))
        return Speed(part, seconds)

    def _once(self, part: str, way: Way, to: Path) -> float:
        self._source.read(part)
        # What others have left to write would else be written during this copy.
        os.sync()
        began = monotonic()
        way(part, to)
        seconds = monotonic() - began
        if part == LARGE:
            shutil.rmtree(to)
        return seconds

    def _copy(self, part: str, to: Path) -> None:
        command = ("cp", "-r", str(self._source.root / part), str(to))
        run(command, limit_seconds=self._limit_seconds)

    def _copy_and_sync(self, part: str, to: Path) -> None:
        self._copy(part, to)
        run(("sync",), limit_seconds=self._limit_seconds)

    def _copy_each_synced(self, part: str, to: Path) -> None:
        root = self._source.root / part
        with ThreadPoolExecutor(self._jobs) as pool:
            for directory, _, names in os.walk(root):
                below = to / Path(directory).relative_to(root)
                below.mkdir(parents=True)
                sources = [os.path.join(directory, name) for name in names]
                # Taken, so that what went wrong is raised.
                list(pool.map(_copy_synced, sources, [str(below / name) for name in names]))


def _copy_synced(source: str, destination: str) -> None:
    unfinished = destination + "~"
    with open(source, "rb", buffering=0) as reading, open(unfinished, "xb", buffering=0) as writing:
        while piece := reading.read(_PIECE_BYTES):
            writing.write(piece)
        os.fsync(writing.fileno())
    os.rename(unfinished, destination)
    directory = os.open(os.path.dirname(destination), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
