"""What `killed_sync` does: syncs that are killed, one that is not, a check, and plain copies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Final, NamedTuple, cast

from storagedriver.benchmarks.copy_speed import Speed, Speeds
from storagedriver.benchmarks.killed_sync_outcome import Kill, Outcome, Settings
from storagedriver.benchmarks.programs import (
    ProgramError,
    find,
    run,
    running,
    wait_until_no_process_names,
)
from storagedriver.benchmarks.sync_trees import LARGE, OBJECTS, Held, Source, held, make_source

Told = dict[str, object]
"""What a command has told with --json."""

# Between, so that there is something to go on with, and something left to do.
_FIRST_KILL: Final = 0.05
_LAST_KILL: Final = 0.85

# Beside the source there is one copy of the large object at a time, and all of the small ones.
_ROOM_FACTOR: Final = 2.2

# Looking lists all that is there.
_LOOK_SECONDS: Final = 0.01

# A driver ends at once with its host; a loaded machine may need a moment for it.
_DRIVERS_END_SECONDS: Final = 60.0

# A sync may be through before anybody has looked: on a loaded machine, if it is a small one.
_ATTEMPTS: Final = 5


class KilledSync:
    """One run in `place`, an empty directory. Raises ProgramError if a command fails."""

    def __init__(self, place: Path, settings: Settings, tell: Callable[[str], None]) -> None:
        """`tell` is told what is done next."""
        self._tell = tell
        self._place = place
        self._settings = settings
        self._program = find("storagedriver")
        self._config = place / "storagedriver.toml"
        self._destination = place / "destination"

    def run(self) -> Outcome:
        settings = self._settings
        self._check_room()
        self._tell("making the source")
        source = make_source(
            self._place / "source",
            objects=settings.objects,
            large_bytes=settings.large_bytes,
            seed=settings.seed,
        )
        self._configure("destination", self._destination)
        kills, missing_bytes, last = self._killed(source)
        self._tell("one more sync, and verify")
        self._tell(json.dumps(last))
        idle = self._command("sync", "destination")
        verified = self._command("verify", "destination")
        self._check(last, idle, verified)
        self._tell(json.dumps(verified))
        shutil.rmtree(self._destination / LARGE)
        speeds = self._speeds(source) if settings.rounds else ()
        return Outcome(
            settings, source.total_bytes, kills, missing_bytes, last, idle, verified, speeds
        )

    def _check_room(self) -> None:
        needed = self._settings.large_bytes * _ROOM_FACTOR
        if shutil.disk_usage(self._place).free < needed:
            raise ProgramError(f"{self._place} has no room for {needed / 1e9:.1f} GB")

    def _killed(self, source: Source) -> tuple[tuple[Kill, ...], int, Told]:
        for attempt in range(_ATTEMPTS):
            try:
                return self._killed_once(source, Random(self._settings.seed + attempt))
            except MissedError:
                shutil.rmtree(self._destination)
        raise ProgramError("each sync was through before it could be killed; make it larger")

    def _killed_once(self, source: Source, random: Random) -> tuple[tuple[Kill, ...], int, Told]:
        points = sorted(
            random.uniform(_FIRST_KILL, _LAST_KILL) for _ in range(self._settings.kills)
        )
        stops: list[_Stop] = []
        for point in points:
            self._tell(f"sync, to be killed at {point:.0%}")
            seconds = self._kill_at(point, source)
            state = held(self._destination)
            self._tell(f"{len(state.objects)} objects, {state.large_bytes} bytes of the large one")
            stops.append(_Stop(point, seconds, state))
        before = stops[-1].state if stops else Held()
        missing_bytes = source.total_bytes - before.small_bytes(source) - before.large_bytes
        self._tell("the last sync")
        last = self._command("sync", "destination")
        end = _Stop(1.0, 0.0, held(self._destination))
        kills = tuple(_kill(*three, source) for three in _with_neighbours(stops, end))
        return kills, missing_bytes, last

    def _kill_at(self, point: float, source: Source) -> float:
        """Sync until so much of the way is done, and kill that. Return the seconds it had."""
        began = monotonic()
        with running(self._line("sync", "source:/", "destination:/")) as sync:
            while held(self._destination).progress(source) < point:
                if sync.has_ended():
                    raise MissedError
                if monotonic() - began > self._settings.limit_seconds:
                    raise ProgramError(f"a sync took more than {self._settings.limit_seconds} s")
                sleep(_LOOK_SECONDS)
            seconds = monotonic() - began
            if not sync.kill():
                raise MissedError
        # Its drivers end by themselves. Their arguments have their roots in them.
        wait_until_no_process_names(str(self._place), limit_seconds=_DRIVERS_END_SECONDS)
        return seconds

    def _check(self, last: Told, idle: Told, verified: Told) -> None:
        """Raises ProgramError if anything is not as it must be; the commands have succeeded."""
        count = self._settings.objects + 1
        found = held(self._destination)
        wrong = [
            what
            for what, right in {
                "last sync": last["copied"] == count - cast("int", last["skipped"]),
                "idle sync": (idle["copied"], idle["skipped"]) == (0, count),
                "verify": verified["same"] == count,
                "large object": found.large_is_published,
                "uploads": found.uploads == 0,
            }.items()
            if not right
        ]
        if wrong:
            raise ProgramError(f"not as it must be: {', '.join(wrong)}")

    def _speeds(self, source: Source) -> tuple[Speed, ...]:
        place = self._place / "copies"
        place.mkdir()
        speeds = Speeds(
            source,
            place,
            sync=self._sync_part,
            jobs=self._settings.jobs,
            limit_seconds=self._settings.limit_seconds,
            tell=self._tell,
        )
        self._tell("copies of the small objects")
        small = speeds.measure(OBJECTS, rounds=self._settings.rounds)
        self._tell("copies of the large one")
        return small, speeds.measure(LARGE, rounds=1)

    def _sync_part(self, part: str, to: Path) -> Sequence[str]:
        self._configure("copy", to)
        return self._line("sync", f"source:/{part}", "copy:/")

    def _command(self, name: str, store: str) -> Told:
        """Run a command with the whole source, and return what it told."""
        line = self._line(name, "source:/", f"{store}:/")
        ended = run(line, limit_seconds=self._settings.limit_seconds)
        return cast("Told", json.loads(ended.stdout))

    def _line(self, name: str, source: str, destination: str) -> Sequence[str]:
        options = ("--json", "--config", str(self._config), "-j", str(self._settings.jobs))
        return (self._program, name, source, destination, *options)

    def _configure(self, name: str, root: Path) -> None:
        roots = {"source": self._place / "source", name: root}
        stores = (
            f'[stores.{store}]\ndriver = "filesystem"\n'
            f"parameters = {{ rootdirectory = {json.dumps(str(at))} }}\n"
            for store, at in roots.items()
        )
        self._config.write_text("".join(stores))


class _Stop(NamedTuple):
    """Where a sync has ended, and what there was then."""

    point: float
    seconds: float
    state: Held


def _with_neighbours(stops: list[_Stop], end: _Stop) -> Iterator[tuple[Held, _Stop, Held]]:
    states = [Held(), *(stop.state for stop in stops), end.state]
    yield from zip(states, stops, states[2:], strict=False)


def _kill(before: Held, stop: _Stop, after: Held, source: Source) -> Kill:
    return Kill(
        planned_progress=stop.point,
        seconds=stop.seconds,
        objects=len(stop.state.objects),
        large_bytes=stop.state.large_bytes,
        # What earlier kills have left half stored is there for some time.
        lost_bytes=stop.state.staged_bytes - before.staged_bytes,
        sent_again_bytes=stop.state.sent_again_bytes(after, source),
    )


class MissedError(Exception):
    """A sync was through before it could be killed."""
