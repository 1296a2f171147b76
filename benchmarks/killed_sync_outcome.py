"""What a run of `killed_sync` has found, as JSON and for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from storagedriver.benchmarks.copy_speed import SYNC, Speed
from storagedriver.benchmarks.machine import this_machine

FORMAT: Final = "storagedriver-killed-sync/1"
"""Changes when a reader of the JSON would have to."""

PIECE_BYTES: Final = 1 << 20
"""What one write to an upload carries. Of each object under way as much may be sent and lost."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is done."""

    objects: int
    large_bytes: int
    kills: int
    seed: int
    jobs: int
    rounds: int
    limit_seconds: float


@dataclass(frozen=True, slots=True)
class Kill:
    """One sync that was killed, and what came of it."""

    planned_progress: float
    seconds: float
    objects: int
    """Small objects that were there then."""
    large_bytes: int
    """What there was of the large object."""
    lost_bytes: int
    """Sent by then, and not kept: of small objects that were half stored."""
    sent_again_bytes: int
    """Kept then, and written anew by the next sync."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a run has found."""

    settings: Settings
    total_bytes: int
    kills: tuple[Kill, ...]
    missing_bytes: int
    """Not there yet when the last sync began, which was not killed."""
    last: dict[str, object]
    """What that sync told."""
    idle: dict[str, object]
    """What one more told, which had nothing to do."""
    verified: dict[str, object]
    speeds: tuple[Speed, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            **asdict(self.settings),
            "machine": asdict(this_machine()),
            "total_bytes": self.total_bytes,
            "killed": [asdict(kill) for kill in self.kills],
            "in_flight_at_most_bytes": self.settings.jobs * PIECE_BYTES,
            "missing_bytes": self.missing_bytes,
            "last_sync": self.last,
            "idle_sync": self.idle,
            "verify": self.verified,
            "speeds": [self._speed_as_json(speed) for speed in self.speeds],
        }

    @staticmethod
    def _speed_as_json(speed: Speed) -> dict[str, object]:
        return {
            "part": speed.part,
            "seconds": speed.seconds,
            "sync_to": {
                way: asdict(ratios) for way in speed.seconds if (ratios := speed.ratios(way))
            },
        }

    def as_lines(self) -> Iterator[str]:
        """Return the same for people."""
        for number, kill in enumerate(self.kills, 1):
            yield (
                f"kill {number} at {kill.planned_progress:.0%} of the way, after"
                f" {kill.seconds:.1f} s: {kill.objects} objects and {_mib(kill.large_bytes)} of the"
                f" large one were there; lost {kill.lost_bytes} bytes,"
                f" sent again of what was there {kill.sent_again_bytes} bytes"
            )
        last, idle = self.last, self.idle
        yield (
            f"last sync: {self.missing_bytes} bytes were missing, {last['bytes']} were sent,"
            f" {last['bytes_continued']} continued; {last['seconds']:.1f} s"
        )
        yield f"one more: {idle['skipped']} skipped, {idle['bytes']} bytes; {idle['seconds']:.1f} s"
        same, seconds = self.verified["same"], self.verified["seconds"]
        yield f"verify: {same} same, none else; {seconds:.1f} s"
        for speed in self.speeds:
            for way in speed.seconds:
                yield _speed_line(speed, way)


def _speed_line(speed: Speed, way: str) -> str:
    taken, ratio = speed.summary(way), speed.ratios(way)
    line = f"{speed.part}: {way:18}"
    if taken is not None:
        line += f" {taken.median:8.2f} s"
    if ratio is not None and way != SYNC:
        line += f"   sync takes {ratio.median:.2f} times as long"
        line += f" ({ratio.least:.2f} to {ratio.most:.2f})"
    return line


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
