"""Strays: what a driver's process has started and what has left its process group since.

A daemon has a session and a parent of its own. It is known all the same, by a mark in the
environment that it inherits from the driver; a program that was started with an empty environment
is known by its parents only, while those are there.

Every process is held by a descriptor while it is looked at and signalled, so none is ever taken for
another one that has its number since.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from storagedriver.ipc.pidfd import PidFd

MARK_VARIABLE: Final = "STORAGEDRIVER_PROCESS"
"""In the environment of a driver and its descendants: which start of a driver they belong to."""

# What starts others faster than it is found, again and again, is not to hold a stop up for ever.
_MAX_ROUNDS: Final = 10

# For a process that was killed to be gone, on a machine under heavy load.
_DEATH_SECONDS: Final = 2.0


def new_mark() -> str:
    """Return a mark that no other process has."""
    return os.urandom(16).hex()


def kill_marked(mark: str) -> None:
    """Kill every process that has this mark, and what these start meanwhile. Never raises."""
    entry = f"{MARK_VARIABLE}={mark}".encode()
    for _ in range(_MAX_ROUNDS):
        if not kill(_held(_all_pids(), lambda pid: entry in _environment(pid))):
            return


def kill(processes: Iterable[PidFd]) -> int:
    """Kill these processes, wait until they have ended, and return how many they were."""
    killed = list(processes)
    for process in killed:
        process.signal(signal.SIGKILL)
    for process in killed:
        process.has_ended(_DEATH_SECONDS)
    return len(killed)


def descendants(pid: int) -> list[PidFd]:
    """Return the children of a process, their children, and so on.

    The process must be a child of this one that is not waited for meanwhile: its number is its own.
    """
    found: list[PidFd] = []
    parents = [pid]
    for parent in parents:
        for child in _children(parent):
            held = list(_held([child], partial(_is_child_of, parent)))
            found += held
            parents += [child] * len(held)
    return found


def _held(pids: Iterable[int], is_wanted: Callable[[int], bool]) -> Iterator[PidFd]:
    for pid in pids:
        # It may be gone, or not ours to look at, or there may be no descriptors left.
        with suppress(OSError):
            # Opening a descriptor for each would take longer than looking at it.
            if is_wanted(pid):
                process = PidFd(pid)
                # Now that its number is known to stay its own.
                if is_wanted(pid) and not process.has_ended():
                    yield process


def _all_pids() -> list[int]:
    with suppress(OSError):
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return []


def _environment(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    # Each thread has its own.
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _is_child_of(parent: int, pid: int) -> bool:
    # The name of the program stands in parentheses and may hold any.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == parent
