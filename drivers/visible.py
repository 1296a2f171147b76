"""What shows of a directory tree: objects, and the directories that hold one, at whatever depth.

What a crash or another program left there does not show: empty directories, links, special files,
and names that no path rule allows, such as those of staging files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from storagedriver.contract.fileinfo import FileInfoFields
from storagedriver.contract.paths import MAX_PATH_BYTES, RELAXED_PATTERN
from storagedriver.drivers.descriptors import DIRECTORY, in_the_way
from storagedriver.drivers.os_errors import contract_error

# A component takes a slash and a character at least, so nothing deeper has a path.
MAX_DEPTH: Final = MAX_PATH_BYTES // 2

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def file_info(path: str, status: os.stat_result) -> FileInfoFields:
    """Return what callers see of a file or directory with this status."""
    if stat.S_ISDIR(status.st_mode):
        return FileInfoFields(path, 0, None, is_dir=True)
    return FileInfoFields(path, status.st_size, mod_time(status), is_dir=False)


def mod_time(status: os.stat_result) -> datetime:
    """Return when a file with this status was last written to, in UTC."""
    # In whole numbers: a float has lost the microseconds by now.
    return _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)


def shown_status(parent: int, name: str, path: str) -> os.stat_result | None:
    """Return the status of the object or directory `name` in `parent`, None if nothing shows there.

    Errors are of the contract, and about `path`: PermissionDeniedError if a link or a special file
    is there.
    """
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            return status
        if stat.S_ISDIR(status.st_mode):
            return status if holds_object_in(parent, name) else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise contract_error(error, path) from error
    raise in_the_way(path)


def shown_names(directory: int) -> Iterator[str]:
    """Iterate over the names that show in a directory, in no order. Raises OSError."""
    for name, is_directory in entries_of(directory):
        if not is_directory or holds_object_in(directory, name, 1):
            yield name


def holds_object(directory: int, depth: int = 0) -> bool:
    """Whether an object is in the directory, itself at `depth`, or below it. Raises OSError."""
    # A stack of our own: a tree may be deeper than the interpreter's.
    levels = [_Level(directory, depth)]
    try:
        while levels:
            level = levels[-1]
            if level.holds_object():
                return True
            if level.below:
                below = level.open_next()
                if below is not None:
                    levels.append(_Level(below, level.depth + 1))
            else:
                levels.pop()
                if levels:
                    os.close(level.descriptor)
        return False
    finally:
        # The first is the caller's.
        for level in levels[1:]:
            os.close(level.descriptor)


class _Level:
    """A directory on the way down, and the names in it that are still to be looked into."""

    def __init__(self, descriptor: int, depth: int) -> None:
        self.descriptor = descriptor
        self.depth = depth
        self.below: list[str] = []
        self._was_read = False
        self._is_closed_to_us = False

    def holds_object(self) -> bool:
        """Whether an object is in the directory itself, as far as one can see by now."""
        if not self._was_read:
            self._was_read = True
            for name, is_directory in entries_of(self.descriptor):
                if not is_directory:
                    return True
                if self.depth < MAX_DEPTH:
                    self.below.append(name)
        return self._is_closed_to_us

    def open_next(self) -> int | None:
        """Return the next directory, None if there is none any more or nobody can look into it."""
        try:
            return os.open(self.below.pop(), DIRECTORY, dir_fd=self.descriptor)
        except (FileNotFoundError, NotADirectoryError):
            # It vanished meanwhile, or something else is there now.
            return None
        except PermissionError:
            # It cannot be looked into, so there may be something in it.
            self._is_closed_to_us = True
            return None


def holds_object_in(parent: int, name: str, depth: int = 0) -> bool:
    """As `holds_object`, of the directory `name` in `parent`; False if there is none."""
    try:
        directory = os.open(name, DIRECTORY, dir_fd=parent)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        return True
    try:
        return holds_object(directory, depth)
    finally:
        os.close(directory)


def entries_of(directory: int) -> Iterator[tuple[str, bool]]:
    """Iterate over the names of files and directories that a path can lead to, in no order.

    Beside each, whether it is a directory; then it may hold no object. Raises OSError.
    """
    with os.scandir(directory) as entries:
        for entry in entries:
            if not RELAXED_PATTERN.fullmatch("/" + entry.name):
                continue
            if entry.is_file(follow_symlinks=False):
                yield entry.name, False
            elif entry.is_dir(follow_symlinks=False):
                yield entry.name, True
