"""Removes what a host that was killed has left: the sockets of a driver, and their directory."""

from __future__ import annotations

import os
import stat
from contextlib import suppress


def remove_sockets_of(endpoint: str) -> None:
    """Remove the directory of an ipc endpoint, which the host made for this process alone."""
    if endpoint.startswith("ipc://"):
        remove_sockets(os.path.dirname(endpoint.removeprefix("ipc://")))


def remove_sockets(directory: str) -> None:
    """Remove a directory of sockets. Never raises.

    Whatever there is no socket of a channel stays, and the directory with it.
    """
    with suppress(OSError):
        with os.scandir(directory) as entries:
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if entry.name.isdigit() and stat.S_ISSOCK(mode):
                    os.unlink(entry.path)
        os.rmdir(directory)
