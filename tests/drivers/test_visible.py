"""What shows of a directory tree, and what does not."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storagedriver.contract import PermissionDeniedError
from storagedriver.drivers.confined import Root
from storagedriver.drivers.tree_walk import walk
from storagedriver.drivers.visible import (
    MAX_DEPTH,
    file_info,
    holds_object,
    shown_names,
    shown_status,
)


@pytest.fixture
def clutter(directory: Path) -> None:
    """One object, and a bit of everything that is none."""
    (directory / "dir").mkdir()
    (directory / "dir/object").write_bytes(b"content")
    (directory / "empty/deep/deeper").mkdir(parents=True)
    (directory / "link").symlink_to(directory / "dir")
    (directory / "dangling").symlink_to(directory / "nothing")
    os.mkfifo(directory / "fifo")
    (directory / ".staging~").mkdir()
    (directory / ".staging~/0123~").write_bytes(b"")
    (directory / "no object!").write_bytes(b"")
    (directory / "only").mkdir()
    (directory / "only/0123~").write_bytes(b"")
    (directory / os.fsdecode(b"\xff")).write_bytes(b"")
    (directory / "é").write_bytes(b"")


@pytest.mark.usefixtures("clutter")
def test_only_what_leads_to_an_object_shows(root: Root) -> None:
    assert list(shown_names(root.open_directory("/").descriptor)) == ["dir"]
    assert [info.path for info in walk(root.open_directory("/"), "/", "")] == ["/dir/object"]


@pytest.mark.usefixtures("clutter")
def test_a_directory_holds_what_is_at_any_depth(root: Root, directory: Path) -> None:
    assert not holds_object(root.open_directory("/empty").descriptor)
    (directory / "empty/deep/deeper/object").write_bytes(b"")
    assert holds_object(root.open_directory("/empty").descriptor)


@pytest.mark.usefixtures("clutter")
def test_the_status_is_that_of_objects_and_of_directories_that_hold_some(root: Root) -> None:
    def status(name: str) -> os.stat_result | None:
        return shown_status(root.descriptor, name, "/" + name)

    directory = status("dir")
    assert directory is not None
    assert file_info("/dir", directory).is_dir
    assert status("empty") is None
    assert status("only") is None
    assert status("missing") is None
    for name in ("link", "dangling", "fifo"):
        with pytest.raises(PermissionDeniedError) as caught:
            status(name)
        assert caught.value.path == "/" + name


def test_a_directory_that_is_as_deep_as_can_be_shows(root: Root, directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    for _ in range(MAX_DEPTH - 1):
        os.mkdir("a", dir_fd=descriptor)
        above, descriptor = descriptor, os.open("a", os.O_RDONLY, dir_fd=descriptor)
        os.close(above)
    before = len(os.listdir("/proc/self/fd"))
    assert not holds_object(root.descriptor)
    os.close(os.open("b", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    assert holds_object(root.descriptor)
    assert list(shown_names(root.descriptor)) == ["a"]
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(descriptor)


def test_a_file_has_its_time_to_the_microsecond(root: Root, directory: Path) -> None:
    (directory / "a").write_bytes(b"content")
    os.utime(directory / "a", ns=(0, 1_422_316_800_123_456_789))
    status = shown_status(root.descriptor, "a", "/a")
    assert status is not None
    info = file_info("/a", status)
    assert info.mod_time == datetime(2015, 1, 27, 0, 0, 0, 123456, tzinfo=UTC)
    assert (info.path, info.size, info.is_dir) == ("/a", 7, False)


def test_a_directory_that_may_not_be_looked_into_shows(
    root: Root, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "closed").mkdir()
    opened = root.open_directory("/")
    refuse(monkeypatch, "closed")
    assert list(shown_names(opened.descriptor)) == ["closed"]
    assert holds_object(opened.descriptor)


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let nobody open `name`. The tests may run as a user whom no permission stops."""
    really_open = os.open

    def opened(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == name:
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", opened)
