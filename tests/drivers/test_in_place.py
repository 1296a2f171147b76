"""Writing in place: what is cut, when, and what is left after a failure."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import (
    InvalidOffsetError,
    IsADirectoryError,
    NoSpaceError,
    PermissionDeniedError,
    StorageDriverError,
)
from storagedriver.drivers.confined import Root
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.in_place import InPlaceWrite, check_write
from storagedriver.drivers.parents import Parents


def write(root: Root, path: str, offset: int, *pieces: bytes) -> int:
    with Parents(root, path) as parents, InPlaceWrite(parents, offset, Durability.NONE) as writing:
        for piece in pieces:
            writing.append(piece)
        return writing.finish()


@pytest.fixture
def file(directory: Path) -> Path:
    """The object /a."""
    file = directory / "a"
    file.write_bytes(b"abcdef")
    return file


@pytest.mark.parametrize("offset", [0, 3, 6])
def test_a_write_ends_the_content(root: Root, file: Path, offset: int) -> None:
    assert write(root, "/a", offset, b"X", b"YZ") == 3
    assert file.read_bytes() == b"abcdef"[:offset] + b"XYZ"


@pytest.mark.parametrize("offset", [0, 3, 6])
def test_writing_nothing_cuts(root: Root, file: Path, offset: int) -> None:
    assert write(root, "/a", offset) == 0
    assert file.read_bytes() == b"abcdef"[:offset]


def test_a_write_makes_the_object_and_what_is_above_it(root: Root, directory: Path) -> None:
    assert write(root, "/x/y/z", 0, b"content") == 7
    assert (directory / "x/y/z").read_bytes() == b"content"


def test_it_is_the_same_file_afterwards(root: Root, file: Path) -> None:
    before = file.stat().st_ino
    write(root, "/a", 0, b"new")
    assert file.stat().st_ino == before


def test_a_check_refuses_what_a_write_would(root: Root, directory: Path, file: Path) -> None:
    (directory / "dir").mkdir()
    (directory / "dir/x").write_bytes(b"")
    (directory / "link").symlink_to(file)
    refused: list[tuple[str, int, type[StorageDriverError]]] = [
        ("/a", 7, InvalidOffsetError),
        ("/missing", 1, InvalidOffsetError),
        ("/missing/deep", 1, InvalidOffsetError),
        ("/dir", 0, IsADirectoryError),
        ("/dir", 1, IsADirectoryError),
        ("/link", 0, PermissionDeniedError),
        ("/link", 1, PermissionDeniedError),
    ]
    for path, offset, expected in refused:
        for call in (check_write, write):
            with pytest.raises(expected):
                call(root, path, offset)
    assert sorted(path.name for path in directory.iterdir()) == ["a", "dir", "link"]
    assert file.read_bytes() == b"abcdef"


def test_a_check_keeps_nothing_open(root: Root, open_descriptors: Callable[[], int]) -> None:
    before = open_descriptors()
    check_write(root, "/x/y/z", 0)
    assert open_descriptors() == before


def test_a_fifo_is_refused_and_not_waited_for(root: Root, directory: Path) -> None:
    os.mkfifo(directory / "fifo")
    with pytest.raises(PermissionDeniedError):
        write(root, "/fifo", 0, b"x")


def test_an_empty_directory_makes_room(root: Root, directory: Path) -> None:
    (directory / "x/y").mkdir(parents=True)
    write(root, "/x", 0, b"content")
    assert (directory / "x").read_bytes() == b"content"


def full_after(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Let the disk be full after so many bytes."""
    really_pwrite = os.pwrite

    def pwrite(descriptor: int, content: bytes | memoryview, position: int) -> int:
        nonlocal room
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = really_pwrite(descriptor, content[:room], position)
        room -= written
        return written

    monkeypatch.setattr(os, "pwrite", pwrite)


def test_a_full_disk_keeps_what_was_stored(
    root: Root, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_after(monkeypatch, 4)
    with pytest.raises(NoSpaceError) as caught:
        write(root, "/a", 3, b"123", b"456")
    assert caught.value.path == "/a"
    assert file.read_bytes() == b"abc1234"


def test_a_full_disk_leaves_no_directories_for_an_object_that_is_not_made(
    root: Root, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = os.open

    def open_(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", open_)
    with pytest.raises(NoSpaceError):
        write(root, "/x/y/z", 0, b"content")
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("step", ["fsync", "close"])
def test_an_error_at_the_end_is_an_error(
    root: Root, file: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    really = getattr(os, step)

    def fail(descriptor: int) -> None:
        if step == "close":
            really(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    with (
        Parents(root, "/a") as parents,
        InPlaceWrite(parents, 0, Durability.FULL) as writing,
        monkeypatch.context() as patch,
    ):
        patch.setattr(os, step, fail)
        with pytest.raises(StorageDriverError, match="EIO"):
            writing.finish()


def test_time_does_not_go_back(root: Root, file: Path) -> None:
    future_ns = time.time_ns() + 3600 * 10**9
    os.utime(file, ns=(0, future_ns))
    write(root, "/a", 6, b"more")
    assert file.stat().st_mtime_ns == future_ns


@pytest.mark.parametrize(
    ("path", "offset", "tier", "expected"),
    [
        ("/x/y", 0, Durability.FULL, ["x/y", "", "x"]),
        ("/x/y", 0, Durability.FILE, ["x/y"]),
        ("/x/y", 0, Durability.NONE, []),
        ("/a", 3, Durability.FULL, ["a"]),
    ],
)
def test_content_is_synced_before_the_entries_that_lead_to_it(
    root: Root,
    directory: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    offset: int,
    tier: Durability,
    expected: list[str],
) -> None:
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", fsync)
    with Parents(root, path) as parents, InPlaceWrite(parents, offset, tier) as writing:
        writing.append(b"content")
        writing.finish()
    assert synced == [str(directory / name).rstrip("/") for name in expected]
