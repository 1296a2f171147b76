"""Files below one root directory, and nowhere else, whatever stands in the way.

A path is walked component by component, each opened in the directory before it and no symbolic link
followed: there is no moment at which another process could swap one in. (Loser: joining texts and
looking at the result, which is true only until it is used.)
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from storagedriver.contract.errors import (
    InvalidPathError,
    IsADirectoryError,
    PathNotFoundError,
    StorageDriverError,
)
from storagedriver.contract.paths import RELAXED_PATHS
from storagedriver.drivers.descriptors import (
    DIRECTORY,
    PASSING,
    READING,
    OpenDirectory,
    directory_error,
    in_the_way,
    open_directory_in,
)
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.visible import holds_object, shown_status


class Root:
    """The root directory, open. Its methods may be called from any thread.

    They raise errors of the contract, about the path that they were given.
    """

    def __init__(self, directory: OpenDirectory) -> None:
        self._directory = directory
        self.descriptor = directory.descriptor

    def close(self) -> None:
        """Close it, when no call uses it any more. Closing twice is no error."""
        self._directory.close()

    def open_object(self, path: str) -> tuple[int, os.stat_result]:
        """Open an object for reading. Return its descriptor, which the caller closes, and status.

        Raises PathNotFoundError, IsADirectoryError, NotADirectoryError below a file, and
        PermissionDeniedError if a link or a special file is in the way.
        """
        above, leaf = split(path)
        parent = self.open_above(above, path)
        try:
            opened = os.open(leaf, READING, dir_fd=parent)
        except OSError as error:
            raise contract_error(error, path) from error
        finally:
            self.release(parent)
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            try:
                raise _no_object(opened, status, path)
            finally:
                os.close(opened)
        return opened, status

    def open_directory(self, path: str) -> OpenDirectory:
        """Open a directory for listing, whether or not an object is in it.

        Raises PathNotFoundError, NotADirectoryError if it is a file or lies below one, and
        PermissionDeniedError.
        """
        names = components(path)
        parent = self.open_above(names[:-1], path)
        try:
            # A listing moves a position that goes with the descriptor, so each needs its own, also
            # that of the root.
            name = names[-1] if names else "."
            return OpenDirectory(open_directory_in(parent, name, DIRECTORY, path))
        finally:
            self.release(parent)

    def shown_status(self, path: str) -> os.stat_result:
        """Return the status of the object or directory at `path`.

        Raises PathNotFoundError if nothing shows there, NotADirectoryError, PermissionDeniedError.
        """
        above, leaf = split(path)
        parent = self.open_above(above, path)
        try:
            status = shown_status(parent, leaf, path)
        finally:
            self.release(parent)
        if status is None:
            raise PathNotFoundError(path)
        return status

    def open_above(self, names: list[str], path: str) -> int:
        """Go down `names`, the directories above `path`; return a descriptor to go on from.

        Give it back to `release`. Raises PathNotFoundError, NotADirectoryError below a file, and
        PermissionDeniedError if a link or a special file is in the way.
        """
        # Most of the time of a small read is spent here, so it is one loop without calls.
        passed = self.descriptor
        for name in names:
            try:
                passing = os.open(name, PASSING, dir_fd=passed)
            except OSError as error:
                failure = directory_error(error, passed, name, path)
                self.release(passed)
                raise failure from error
            if passed != self.descriptor:
                os.close(passed)
            passed = passing
        return passed

    def release(self, descriptor: int) -> None:
        """Close a descriptor that `open_above` gave: it may be the root's own, which stays open."""
        if descriptor != self.descriptor:
            os.close(descriptor)


def open_root(directory: str, durability: Durability) -> Root:
    """Open the root directory; make it, and what is missing above it, if need be.

    Links may lead to it: it is the place that was asked for, and only below it nothing is followed.
    Raises errors of the contract, with the directory for a path.
    """
    try:
        _make(Path(directory), durability)
        return Root(OpenDirectory(os.open(directory, os.O_RDONLY | os.O_DIRECTORY)))
    except OSError as error:
        raise contract_error(error, directory) from error


def components(path: str) -> list[str]:
    """Return the names that `path` consists of, none for `/`.

    Raises InvalidPathError for what no path rule allows. Every caller has checked the path, but a
    `..` that got past them all would lead to what is another's, and nobody could delete a tree
    of any depth.
    """
    if path == "/":
        return []
    RELAXED_PATHS.check(path)
    return path[1:].split("/")


def split(path: str) -> tuple[list[str], str]:
    """Return the names of the directories above `path`, and its own. `/` is InvalidPathError."""
    names = components(path)
    if not names:
        raise InvalidPathError(path)
    leaf = names.pop()
    return names, leaf


def _make(directory: Path, durability: Durability) -> None:
    if directory.is_dir():
        return
    if not directory.parent.is_dir():
        _make(directory.parent, durability)
    # Another process may make it at the same moment; what is no directory cannot be opened as one.
    with suppress(FileExistsError):
        directory.mkdir()
    parent = os.open(directory.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        durability.sync_entries(parent)
    finally:
        os.close(parent)


def _no_object(opened: int, status: os.stat_result, path: str) -> StorageDriverError:
    if not stat.S_ISDIR(status.st_mode):
        return in_the_way(path)
    return IsADirectoryError(path) if holds_object(opened) else PathNotFoundError(path)
