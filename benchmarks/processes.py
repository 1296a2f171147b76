"""What the kernel knows of processes: their CPU time and their memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BYTES_PER_KIB: Final = 1024

# From the kernel's include/linux/posix-timers.h: the clock of a process is its pid, inverted,
# beside the kind of clock, here the CPU time as the scheduler counts it.
_CLOCK_PID_SHIFT: Final = 3
_CLOCK_KIND: Final = 2

# Of /proc/<pid>/clear_refs: begin the peak anew.
_RESET_PEAK: Final = "5"


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of one process."""

    now_bytes: int
    peak_bytes: int
    """Since the peak was last reset."""


def cpu_seconds(child_pid: int | None) -> float:
    """Return the CPU time that this process has used, and the child with what it has started.

    The kernel counts it in nanoseconds; descendants that have ended do not count.
    """
    used = time.process_time_ns()
    if child_pid is not None:
        used += sum(map(_cpu_nanoseconds, _tree(child_pid)))
    return used / 1e9


def host_memory() -> Memory:
    """Return the memory of this process."""
    return _memory("self")


def child_memory(child_pid: int) -> Memory:
    """Return the memory of a child with what it has started. Raises OSError if it has ended."""
    used = [_memory(pid) for pid in _tree(child_pid)]
    return Memory(sum(one.now_bytes for one in used), sum(one.peak_bytes for one in used))


def reset_peaks(child_pid: int | None) -> None:
    """Begin the peaks of this process and of the child anew. Raises OSError if it has ended."""
    pids = () if child_pid is None else _tree(child_pid)
    for pid in ("self", *pids):
        Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)


def _memory(pid: int | str) -> Memory:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return Memory(_bytes(fields["VmRSS"]), _bytes(fields["VmHWM"]))


def _cpu_nanoseconds(pid: int) -> int:
    # One that has ended meanwhile was not the driver, or the next call tells.
    with suppress(OSError):
        return time.clock_gettime_ns((~pid << _CLOCK_PID_SHIFT) | _CLOCK_KIND)
    return 0


def _tree(pid: int) -> Iterator[int]:
    """A process and what it has started: a driver's program may be a script around another."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _bytes(field: str) -> int:
    return int(field.split()[0]) * _BYTES_PER_KIB
