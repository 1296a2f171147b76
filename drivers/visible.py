"""What shows of a directory tree: objects, and the directories that hold one, at whatever depth.

What a crash or another program left there does not show: empty directories, links, special files,
and names that no path rule allows, such as those of staging files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from storagedriver.contract.fileinfo import FileInfoFields
from storagedriver.contract.paths import MAX_PATH_BYTES, RELAXED_PATTERN
from storagedriver.drivers.descriptors import DIRECTORY, OpenDirectory, in_the_way
from storagedriver.drivers.os_errors import contract_error

# A component takes a slash and a character at least, so nothing deeper has a path.
MAX_DEPTH: Final = MAX_PATH_BYTES // 2

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def file_info(path: str, status: os.stat_result) -> FileInfoFields:
    """Return what callers see of a file or directory with this status."""
    if stat.S_ISDIR(status.st_mode):
        return FileInfoFields(path, 0, None, is_dir=True)
    # In whole numbers: a float has lost the microseconds by now.
    mod_time = _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
    return FileInfoFields(path, status.st_size, mod_time, is_dir=False)


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
    for name, is_directory in _entries(directory):
        if not is_directory or holds_object_in(directory, name, 1):
            yield name


def holds_object(directory: int, depth: int = 0) -> bool:
    """Whether an object is in the directory or below it. Raises OSError."""
    below: list[str] = []
    for name, is_directory in _entries(directory):
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


def walk(directory: OpenDirectory, path: str, start_after: str) -> Iterator[FileInfoFields]:
    """Iterate over the objects below a directory in byte order of their paths, without sorting them
    all: what is in memory are the names in the directories on the way down.

    Raises errors of the contract. Nothing stays open when the iteration is dropped.
    """
    # A stack of our own, not recursion: each object would pass through all generators above it.
    stack = [_Level(directory, _visits_backwards(directory, path, start_after))]
    while stack:
        level = stack[-1]
        if not level.visits:
            stack.pop()
            continue
        visit = level.visits.pop()
        try:
            if not visit.is_directory:
                status = os.stat(
                    visit.name, dir_fd=level.directory.descriptor, follow_symlinks=False
                )
                if stat.S_ISREG(status.st_mode):
                    yield file_info(visit.path, status)
            elif len(stack) <= MAX_DEPTH:
                below = os.open(visit.name, DIRECTORY, dir_fd=level.directory.descriptor)
                inner = OpenDirectory(below)
                stack.append(_Level(inner, _visits_backwards(inner, visit.path, start_after)))
        except (FileNotFoundError, NotADirectoryError):
            # It vanished meanwhile, or something else is there now.
            continue
        except OSError as error:
            raise contract_error(error, visit.path) from error


class _Visit(NamedTuple):
    key: str
    path: str
    name: str
    is_directory: bool


class _Level(NamedTuple):
    directory: OpenDirectory
    visits: list[_Visit]


def _visits_backwards(directory: OpenDirectory, path: str, start_after: str) -> list[_Visit]:
    """Return what a walk has to visit in a directory, the first last, to be taken from the end.

    What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
    """
    above = "" if path == "/" else path
    visits: list[_Visit] = []
    for name, is_directory in _entries(directory.descriptor):
        child = f"{above}/{name}"
        if not is_directory:
            if child > start_after:
                visits.append(_Visit(child, child, name, is_directory))
        # All that is below `child` sorts before `child + "0"`, as "0" follows "/".
        elif child + "0" > start_after:
            visits.append(_Visit(child + "/", child, name, is_directory))
    visits.sort(reverse=True)
    return visits


def _entries(directory: int) -> Iterator[tuple[str, bool]]:
    """Iterate over the files and directories (name, is it one) that a path can lead to."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if not RELAXED_PATTERN.fullmatch("/" + entry.name):
                continue
            if entry.is_file(follow_symlinks=False):
                yield entry.name, False
            elif entry.is_dir(follow_symlinks=False):
                yield entry.name, True
