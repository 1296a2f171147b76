"""The walk of the filesystem driver: every object below a directory, in byte order of the path.

What is in memory are the names in the directories on the way down to the current one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from storagedriver.contract.fileinfo import FileInfoFields
from storagedriver.drivers.descriptors import DIRECTORY, OpenDirectory
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.visible import MAX_DEPTH, entries_of, file_info


def walk(directory: OpenDirectory, path: str, start_after: str) -> Iterator[FileInfoFields]:
    """Iterate over the objects below `directory`, which is open at `path`, after `start_after`.

    What vanishes meanwhile is left out. Raises errors of the contract. Closes the directory, also
    when it is dropped half-way.
    """
    # A stack of our own, not recursion: each object would pass through all generators above it.
    levels: list[_Level] = []
    try:
        levels.append(_Level(directory, path, start_after))
        while levels:
            level = levels[-1]
            visit = level.visits.pop() if level.visits else None
            if visit is None:
                levels.pop().directory.close()
            elif visit.is_directory:
                below = level.enter(visit) if len(levels) <= MAX_DEPTH else None
                if below is not None:
                    levels.append(_Level(below, visit.path, start_after))
            elif (info := level.info(visit)) is not None:
                yield info
    finally:
        directory.close()
        for level in levels:
            level.directory.close()


class _Visit(NamedTuple):
    # What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
    sort_key: str
    path: str
    name: str
    is_directory: bool


class _Level:
    """One directory on the way down, and what is still to visit in it, the next one last."""

    def __init__(self, directory: OpenDirectory, path: str, start_after: str) -> None:
        self.directory = directory
        self.visits: list[_Visit] = []
        above = "" if path == "/" else path
        try:
            for name, is_directory in entries_of(directory.descriptor):
                child = f"{above}/{name}"
                # All that is below `child` sorts before `child + "0"`, as "0" follows "/".
                if is_directory and child + "0" > start_after:
                    self.visits.append(_Visit(child + "/", child, name, is_directory))
                elif not is_directory and child > start_after:
                    self.visits.append(_Visit(child, child, name, is_directory))
        except OSError as error:
            raise contract_error(error, path) from error
        self.visits.sort(reverse=True)

    def enter(self, visit: _Visit) -> OpenDirectory | None:
        try:
            return OpenDirectory(os.open(visit.name, DIRECTORY, dir_fd=self.directory.descriptor))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise contract_error(error, visit.path) from error

    def info(self, visit: _Visit) -> FileInfoFields | None:
        try:
            status = os.stat(visit.name, dir_fd=self.directory.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise contract_error(error, visit.path) from error
        return file_info(visit.path, status) if stat.S_ISREG(status.st_mode) else None
