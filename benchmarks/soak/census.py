"""What the host owns at one moment: whatever grows from one moment to the next is a leak."""

from __future__ import annotations

import gc
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Final, Self

from storagedriver.benchmarks.processes import host_memory

# What glibc keeps in its arenas, for dozens of threads with pieces of megabytes, grew by 100 MiB in
# ten minutes, and shrank again. A leak of a kilobyte in each call is more.
_MEMORY_SLACK_BYTES: Final = 192 << 20

_SETTLING_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Census:
    """How many, and how much."""

    threads: int
    descriptors: int
    children: int
    socket_directories: int
    """And what is in them."""
    memory_bytes: int
    """Resident."""

    @classmethod
    def now(cls) -> Self:
        """Count. What the garbage collector can take is no leak."""
        gc.collect()
        return cls(
            threads=len(os.listdir("/proc/self/task")),
            descriptors=len(os.listdir("/proc/self/fd")),
            children=_children(),
            socket_directories=_socket_directories(),
            memory_bytes=host_memory().now_bytes,
        )

    def of_processes(self) -> Census:
        """Return only what is a driver's, and so is gone when that is closed."""
        return replace(self, threads=0, descriptors=0, memory_bytes=0)

    @classmethod
    def settled(cls, before: Census) -> Self:
        """Count when nothing has grown, or after some seconds: an end takes its time."""
        deadline = monotonic() + _SETTLING_SECONDS
        while (census := cls.now()).growth_since(before) and monotonic() < deadline:
            sleep(_LOOK_SECONDS)
        return census

    def growth_since(self, before: Census) -> list[str]:
        """Return what there is more of than before, as sentences."""
        slack = {"memory_bytes": _MEMORY_SLACK_BYTES}
        return [
            f"{field.name} grew from {old} to {new}"
            for field in fields(self)
            if (new := getattr(self, field.name))
            > (old := getattr(before, field.name)) + slack.get(field.name, 0)
        ]


def _children() -> int:
    count = 0
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):
            count += len((task / "children").read_text().split())
    return count


def _socket_directories() -> int:
    found = list(Path(tempfile.gettempdir()).glob("sd-*"))
    return len(found) + sum(len(list(directory.iterdir())) for directory in found)
