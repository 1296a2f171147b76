"""Where and when a benchmark ran: the machine, and what else it did meanwhile."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Final

# What makes a difference to the figures.
_DISTRIBUTIONS: Final = ("storagedriver", "pyzmq", "msgpack", "Pyro5", "rpyc", "grpcio")

# Of the first line of /proc/stat: user nice system idle iowait irq softirq steal. What follows are
# parts of user and nice.
_FIELDS: Final = slice(1, 9)
_IDLE_FIELDS: Final = slice(4, 6)


@dataclass(frozen=True, slots=True)
class Machine:
    """What a figure depends on, as far as it can be told."""

    processor: str
    cpus: int
    """That this process may use."""
    memory_bytes: int
    system: str
    python: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """What else the machine did during one round of one work."""

    work: str
    round: int
    load_average: float
    """Of the minute before the round; what this benchmark did then is in it."""
    others_cpus: float
    """How many CPUs others kept busy during the round, on average."""


def this_machine() -> Machine:
    """Return what this machine and this Python are."""
    return Machine(
        processor=_field("/proc/cpuinfo", "model name", platform.machine()),
        cpus=len(os.sched_getaffinity(0)),
        memory_bytes=int(_field("/proc/meminfo", "MemTotal", "0").split()[0]) * 1024,
        system=platform.platform(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions={name: found for name in _DISTRIBUTIONS if (found := _version(name))},
    )


class LoadWatch:
    """Watches one round, from when it is made. Processes of ours must have ended at its end."""

    def __init__(self, work: str, round_number: int) -> None:
        self._work = work
        self._round = round_number
        self._load_average = os.getloadavg()[0]
        self._began = monotonic()
        self._others_seconds = _busy_seconds() - _own_seconds()

    def end(self) -> Load:
        """Return what was seen."""
        others = _busy_seconds() - _own_seconds() - self._others_seconds
        elapsed = monotonic() - self._began
        # The kernel counts in ticks of 10 ms, so it may come out below nothing.
        return Load(self._work, self._round, self._load_average, max(0.0, others / elapsed))


def _busy_seconds() -> float:
    """Return the time that all CPUs together were busy since the machine started."""
    line = Path("/proc/stat").read_text().partition("\n")[0]
    ticks = [0, *map(int, line.split()[1:])]
    return (sum(ticks[_FIELDS]) - sum(ticks[_IDLE_FIELDS])) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Return the CPU time of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _field(file: str, name: str, otherwise: str) -> str:
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return otherwise


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
