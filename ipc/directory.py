"""The private directory in which the host binds the sockets of one driver process.

A host that is killed leaves it behind. The next one sweeps it: a directory that is in use is
locked, and the lock ends with the process that has it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from typing import Final

from storagedriver.contract import StorageDriverError
from storagedriver.ipc.leftovers import remove_sockets
from storagedriver.ipc.limits import MAX_ENDPOINT_BYTES

# A name inside is a channel's number.
_LONGEST_NAME_BYTES: Final = len("/4294967295")

_PREFIX: Final = "sd-"

# A sweep that comes between the making of a directory and its lock takes it away: once in a blue
# moon, and not twice in a row.
_TRIES: Final = 5


class SocketDirectory:
    """A directory with mode 0700 that `remove` takes away with all in it.

    So does the end of this object. Any thread may call it.
    """

    def __init__(self) -> None:
        """Make it where temporary files go, or in /tmp or /dev/shm if that cannot be.

        What hosts that were killed have left in that place is removed.

        A socket path ends at about 100 bytes, so a long TMPDIR cannot hold one.

        Raises StorageDriverError that says which places were tried and why they did not do.
        """
        self._pid = os.getpid()
        self.path, self._lock = _make()

    def __del__(self) -> None:
        # A forked child has a copy of the object, but not of the directory.
        if getattr(self, "_pid", 0) == os.getpid() and hasattr(self, "_lock"):
            self.remove()

    def endpoint(self, number: int) -> str:
        """Return the endpoint of the channel with this number; 0 is the control channel."""
        return f"ipc://{self.path}/{number}"

    def remove(self) -> None:
        """Remove the directory. Removing it twice is no error."""
        # While it is locked, so that no sweep is at it too. First without looking into it, which
        # takes a descriptor: nearly always it is empty.
        with suppress(OSError):
            os.rmdir(self.path)
        shutil.rmtree(self.path, ignore_errors=True)
        lock, self._lock = self._lock, -1
        if lock >= 0:
            os.close(lock)


def _make() -> tuple[str, int]:
    """Make a directory; return it and the descriptor that holds its lock."""
    tried: list[str] = []
    # XDG_RUNTIME_DIR is not among them: it is gone when the user logs out.
    for parent in dict.fromkeys((_temporary_directory(), "/tmp", "/dev/shm")):  # noqa: S108 - mkdtemp makes it private
        if parent is None:
            continue
        if (
            len(os.fsencode(f"ipc://{parent}/sd-xxxxxxxx")) + _LONGEST_NAME_BYTES
            >= MAX_ENDPOINT_BYTES
        ):
            tried.append(f"{parent} (too long for a socket path)")
            continue
        _sweep(parent)
        try:
            return _make_locked(parent)
        except OSError as error:
            tried.append(f"{parent} ({error.strerror})")
    raise StorageDriverError(
        "There is no place for a private socket directory; set TMPDIR to a short, writable one."
        f" Tried: {', '.join(tried)}"
    )


def _make_locked(parent: str) -> tuple[str, int]:
    for _ in range(_TRIES):
        path = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
        try:
            lock = _locked(path)
        except OSError:
            os.rmdir(path)
            raise
        # A sweep has it, or has had it: it removes what it has locked.
        if lock is not None and os.path.isdir(path):
            return path, lock
        if lock is not None:
            os.close(lock)
    raise FileNotFoundError(0, "directories made there are removed at once")


def _sweep(parent: str) -> None:
    """Remove the directories of hosts of this user that are gone."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove_stale(entry.path)


def _remove_stale(path: str) -> None:
    lock = _locked(path)
    if lock is None:
        return
    try:
        found = os.fstat(lock)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == stat.S_IRWXU:
            remove_sockets(path)
    finally:
        os.close(lock)


def _locked(path: str) -> int | None:
    """Lock a directory, for as long as the descriptor is open; None if another process has it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _temporary_directory() -> str | None:
    # gettempdir keeps its first answer for good, and raises if no candidate is writable.
    with suppress(FileNotFoundError):
        # Absolute: the host may change its directory before it removes this one.
        return os.path.abspath(os.environ.get("TMPDIR") or tempfile.gettempdir())
    return None
