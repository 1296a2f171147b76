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
    """Whether an object is in the directory or below it. Raises OSError."""
    below: list[str] = []
    for name, is_directory in entries_of(directory):
        if not is_directory:
            return True
        below.append(name)
    if depth == MAX_DEPTH:
        return False
    return any(holds_object_in(directory, name, depth + 1) for name in below)


def holds_object_in(parent: int, name: str, depth: int = 0) -> bool:
    """As `holds_object`, of the directory `name` in `parent`; False if there is none."""
    try:
        directory = os.open(name, DIRECTORY, dir_fd=parent)
    except (FileNotFoundError, NotADirectoryError):
        # It vanished meanwhile, or something else is there now.
        return False
    except PermissionError:
        # It cannot be looked into, so there may be something in it.
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
