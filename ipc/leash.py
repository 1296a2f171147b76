"""The leash of a driver: when its host is gone the kernel kills the driver's process group.

The lifeline, which a driver reads, needs a driver that reads: not one that is stopped, that holds
its interpreter's lock in a long call, that hangs before it has come to reading. The leash needs
nothing of it. It is a pipe that nobody writes to. The end that reads, which the driver inherits and
need not know of, asks for a signal when something happens (O_ASYNC), to the group, and SIGKILL at
that (F_SETSIG). What happens is that the other end is closed: by the host, or by its end.

Losers: PR_SET_PDEATHSIG comes when the thread that has started the driver ends; a process between
that watches both costs memory and can be killed as well.
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress


class Leash:
    """Any thread may call it, a finalizer too: it takes no lock.

    Attributes:
        driver_end: the descriptor for the driver to inherit; closed here by `fasten`.
    """

    def __init__(self) -> None:
        """Raises OSError where descriptors have run out."""
        self.driver_end, host_end = os.pipe()
        # A list, as taking something from it is atomic: it is closed once, by whoever comes first.
        self._host_ends = [host_end]
        self._driver_ends = [self.driver_end]

    def fasten(self, group: int) -> None:
        """Put the process group on the leash; one of its processes has inherited `driver_end`."""
        # Where a sandbox does not know these, the lifeline has to do.
        with suppress(OSError):
            fcntl.fcntl(self.driver_end, fcntl.F_SETOWN, -group)
            fcntl.fcntl(self.driver_end, fcntl.F_SETSIG, signal.SIGKILL)
            # Last, as from here on it works.
            flags = fcntl.fcntl(self.driver_end, fcntl.F_GETFL)
            fcntl.fcntl(self.driver_end, fcntl.F_SETFL, flags | os.O_ASYNC)
        _close(self._driver_ends)

    def let_go(self) -> None:
        """Have what is left of the group killed. Doing it twice is no error.

        In a forked child of the host it only closes that child's copy, and kills nothing.
        """
        _close(self._host_ends)

    def __del__(self) -> None:
        for ends in (getattr(self, "_host_ends", []), getattr(self, "_driver_ends", [])):
            _close(ends)


def _close(descriptors: list[int]) -> None:
    with suppress(IndexError):
        os.close(descriptors.pop())
