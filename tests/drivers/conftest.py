"""A filesystem driver on a fresh directory, and a look behind its back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storagedriver.drivers.confined import Root, open_root
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.filesystem import FilesystemDriver


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The root directory of the driver."""
    directory = tmp_path / "root"
    directory.mkdir()
    return directory


@pytest.fixture
def root(directory: Path) -> Iterator[Root]:
    root = open_root(str(directory), Durability.NONE)
    yield root
    root.close()


@pytest.fixture
def driver(directory: Path) -> Iterator[FilesystemDriver]:
    # Nothing here cuts the power, and syncing takes most of the time.
    with FilesystemDriver(str(directory), durability=Durability.NONE) as driver:
        yield driver


@pytest.fixture
def files(directory: Path) -> Callable[[], dict[str, bytes]]:
    """Gives path and content of every file that really is in the directory, staging included."""

    def look() -> dict[str, bytes]:
        return {
            "/" + str(Path(above, name).relative_to(directory)): Path(above, name).read_bytes()
            for above, _, names in os.walk(directory)
            for name in names
        }

    return look


@pytest.fixture
def open_descriptors() -> Callable[[], int]:
    """Counts the descriptors of this process."""
    return lambda: len(os.listdir("/proc/self/fd"))
