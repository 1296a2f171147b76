"""Removing whole directories, by descriptor, no link followed."""

from __future__ import annotations

import os
from contextlib import suppress

from storagedriver.drivers.descriptors import DIRECTORY
from storagedriver.drivers.os_errors import contract_error

Failed = list[tuple[str, str]]
"""Path and error code of everything that could not be removed."""


def remove_tree(parent: int, name: str, path: str) -> Failed:
    """Remove a directory and all that is in it, also what does not show; return what is left.

    Goes on after a failure. What others put there meanwhile may stay, and is no failure.
    Raises OSError if the directory itself cannot be opened; nothing has been removed then.
    """
    directory = os.open(name, DIRECTORY, dir_fd=parent)
    failed: Failed = []
    try:
        with os.scandir(directory) as found:
            entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        for inner, is_directory in entries:
            inner_path = f"{path}/{inner}"
            try:
                if is_directory:
                    failed += remove_tree(directory, inner, inner_path)
                else:
                    os.unlink(inner, dir_fd=directory)
            except FileNotFoundError:
                continue
            except OSError as error:
                failed.append((inner_path, contract_error(error, inner_path).code))
    finally:
        os.close(directory)
    if not failed:
        # Where it cannot be removed, because somebody has put something there or nobody may, it is
        # empty at least of all that was found, and empty directories do not show.
        with suppress(OSError):
            os.rmdir(name, dir_fd=parent)
    return failed


def remove_empty_directories(parent: int, name: str) -> None:
    """Remove a directory in which, at any depth, there is nothing but directories.

    Raises OSError; what is not empty is still there then.
    """
    directory = os.open(name, DIRECTORY, dir_fd=parent)
    try:
        with os.scandir(directory) as found:
            below = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
        for inner in below:
            remove_empty_directories(directory, inner)
    finally:
        os.close(directory)
    os.rmdir(name, dir_fd=parent)
