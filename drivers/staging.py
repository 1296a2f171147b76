"""Contents that are written out of sight, to appear whole by one rename.

A staging file has a name that no path rule allows, so that it never shows and never meets an
object. Its writer holds a lock on it for as long as it lives: so whoever finds one that is old and
not locked knows that it was left by a crash.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from storagedriver.contract.streams import Piece
from storagedriver.drivers.confined import Root
from storagedriver.drivers.descriptors import DIRECTORY, OpenDirectory, take_over, write_all
from storagedriver.drivers.durability import Durability

DIRECTORY_NAME: Final = ".staging~"
"""In the root, and so on its file system: a rename from here is atomic."""

NAME_PATTERN: Final = re.compile(r"[0-9a-f]{32}~")
"""Independent of the object's name, which may be as long as the file system allows already."""

STALE_SECONDS: Final = 3600
"""How old a staging file is that a sweep removes, if it is not locked. For an instant after it was
made a live one is not; an hour is beyond that by far."""

SWEPT_LIMIT: Final = 1000
"""How many directories on other file systems are remembered as swept. Forgetting them costs one
more listing of each; remembering all would cost memory without end."""


class StagedFile:
    """One staging file, open for writing by its one thread. Raises OSError.

    A context, at the end of which it is gone unless it was renamed. `write`, `finish`, `rename`.
    """

    def __init__(self, directory: OpenDirectory) -> None:
        self._directory = directory
        self._name = os.urandom(16).hex() + "~"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self._descriptor = os.open(self._name, flags, 0o666, dir_fd=directory.descriptor)
        self._written = 0
        self._renamed = False
        # Where locks are not to be had, nothing sweeps either.
        with suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._renamed:
            with suppress(OSError):
                os.unlink(self._name, dir_fd=self._directory.descriptor)
        with suppress(OSError):
            os.close(self._descriptor)

    def write(self, content: Piece) -> None:
        """Append all of `content`."""
        write_all(self._descriptor, content, self._written)
        self._written += len(content)

    def finish(self, durability: Durability) -> None:
        """Make the content final, and as durable as asked for.

        After an error of either step the content is not to be trusted, whatever a second attempt
        would say: there is none.
        """
        durability.sync_content(self._descriptor)
        # Some file systems report a failed write only now. The lock must outlast this descriptor.
        closing = self._descriptor
        self._descriptor = os.dup(closing)
        os.close(closing)

    def take_over(self, replaced: os.stat_result, durability: Durability) -> None:
        """Keep what must not change when the object with this status is replaced."""
        if take_over(self._descriptor, replaced):
            durability.sync_content(self._descriptor)

    def rename(self, directory: int, name: str) -> None:
        """Let it appear, in place of whatever object is there."""
        os.rename(self._name, name, src_dir_fd=self._directory.descriptor, dst_dir_fd=directory)
        self._renamed = True


class Staging:
    """Makes staging files, and removes those that crashes have left. For any number of threads."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._directory: OpenDirectory | None = None
        self._swept: set[tuple[int, int]] = set()

    def create(self) -> StagedFile:
        """Return a new file on the root's file system. Raises OSError."""
        try:
            return StagedFile(self._directory or self._opened(make=True))
        except FileNotFoundError:
            # Somebody has tidied up, and removed the directory.
            return StagedFile(self._opened(make=True))

    def create_beside(self, directory: int) -> StagedFile:
        """Return a new file in `directory`, where a rename from the root's does not reach.

        Another file system is mounted there. Its stale files are swept on the way, once. Raises
        OSError.
        """
        beside = OpenDirectory(os.open(".", DIRECTORY, dir_fd=directory))
        self._sweep_once(beside.descriptor)
        return StagedFile(beside)

    def sweep(self) -> None:
        """Remove what crashes have left in the root's staging directory, if there is one.

        What cannot be removed stays, and nothing is raised.
        """
        with suppress(OSError):
            _sweep(self._opened(make=False).descriptor)

    def close(self) -> None:
        """Close the directory, when no call uses it any more. Closing twice is no error."""
        if self._directory is not None:
            self._directory.close()

    def _sweep_once(self, directory: int) -> None:
        status = os.fstat(directory)
        identity = (status.st_dev, status.st_ino)
        with self._lock:
            if identity in self._swept:
                return
            if len(self._swept) == SWEPT_LIMIT:
                self._swept.clear()
            self._swept.add(identity)
        with suppress(OSError):
            _sweep(directory)

    def _opened(self, *, make: bool) -> OpenDirectory:
        with self._lock:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(DIRECTORY_NAME, dir_fd=self._root.descriptor)
            opened = os.open(DIRECTORY_NAME, DIRECTORY, dir_fd=self._root.descriptor)
            self._directory = OpenDirectory(opened)
            return self._directory


def _sweep(directory: int) -> None:
    stale_before = time.time() - STALE_SECONDS
    with os.scandir(directory) as entries:
        names = [entry.name for entry in entries if NAME_PATTERN.fullmatch(entry.name)]
    for name in names:
        # One that is another's to remove, or has just been, is no reason to leave the others.
        with suppress(OSError):
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if status.st_mtime < stale_before:
                _remove_unlocked(directory, name)


def _remove_unlocked(directory: int, name: str) -> None:
    # For writing, as some file systems lock by nothing less.
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=directory)
    finally:
        os.close(descriptor)
