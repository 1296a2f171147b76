"""The private directory in which the host binds the sockets of one driver process.

A host that is killed leaves it behind. The next one sweeps it: a directory that is in use is
locked, and the lock ends with the process that has it.
"""

from __future__ import annotations

import errno
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

# Then no other place would be any better.
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})


class SocketDirectory:
    """A directory with mode 0700 that `remove` takes away with all in it.

    So does the end of this object. Any thread may call it.
    """

    path = ""
    _pid = 0
    _lock: _Lock | None = None

    def __init__(self) -> None:
        """Make it where temporary files go, or in /tmp or /dev/shm if that cannot be.

        What hosts that were killed have left in that place is removed. A socket path ends at about
        100 bytes, so a long TMPDIR cannot hold one.

        Raises StorageDriverError that says which places were tried and why they did not do, and
        OSError if there are no descriptors left.
        """
        self._pid = os.getpid()
        self._make()

    def __del__(self) -> None:
        # A forked child has a copy of the object, but not of the directory.
        if self._pid == os.getpid():
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
        if self._lock is not None:
            self._lock.close()

    def _make(self) -> None:
        tried: list[str] = []
        # XDG_RUNTIME_DIR is not among them: it is gone when the user logs out.
        for parent in dict.fromkeys((_temporary_directory(), "/tmp", "/dev/shm")):  # noqa: S108 - nobody else can use what is made there
            if parent is None:
                continue
            if len(os.fsencode(f"ipc://{parent}/{_name()}")) + _LONGEST_NAME_BYTES >= (
                MAX_ENDPOINT_BYTES
            ):
                tried.append(f"{parent} (too long for a socket path)")
                continue
            _sweep(parent)
            try:
                self._make_in(parent)
            except OSError as error:
                if error.errno in _NO_DESCRIPTORS:
                    raise
                tried.append(f"{parent} ({error.strerror})")
            else:
                return
        raise StorageDriverError(
            "There is no place for a private socket directory; set TMPDIR to a short, writable one."
            f" Tried: {', '.join(tried)}"
        )

    def _make_in(self, parent: str) -> None:
        for _ in range(_TRIES):
            # Not by tempfile: the path is known here before the directory is there, so that it is
            # removed even if this is interrupted.
            self.path = os.path.join(parent, _name())
            try:
                os.mkdir(self.path, stat.S_IRWXU)
            except OSError as error:
                # It is not ours to remove.
                self.path = ""
                if isinstance(error, FileExistsError):
                    continue
                raise
            try:
                self._lock = _Lock(self.path)
            except FileNotFoundError:
                continue
            except OSError:
                self.remove()
                raise
            # Else a sweep has it, or has had it: it removes what it has locked.
            if self._lock.is_held and os.path.isdir(self.path):
                return
        raise FileExistsError(errno.EEXIST, "directories made there do not stay")


class _Lock:
    """The lock of a directory, for as long as this is open; `is_held` unless another has it.

    A forked child shares it, so it may last longer than its host. That only puts a sweep off.
    """

    _descriptor = -1
    is_held = False

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        with suppress(BlockingIOError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.is_held = True

    def is_private(self) -> bool:
        """Whether it is a directory of this user, for this user alone."""
        found = os.fstat(self._descriptor)
        return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == stat.S_IRWXU

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


def _name() -> str:
    return f"{_PREFIX}{os.urandom(4).hex()}"


def _sweep(parent: str) -> None:
    """Remove the directories of hosts of this user that are gone."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                # One that is another's, or was removed meanwhile, or no descriptors are left.
                with suppress(OSError):
                    lock = _Lock(entry.path)
                    if lock.is_held and lock.is_private():
                        remove_sockets(entry.path)
                    lock.close()


def _temporary_directory() -> str | None:
    # gettempdir keeps its first answer for good, and raises if no candidate is writable.
    with suppress(FileNotFoundError):
        # Absolute: the host may change its directory before it removes this one.
        return os.path.abspath(os.environ.get("TMPDIR") or tempfile.gettempdir())
    return None
