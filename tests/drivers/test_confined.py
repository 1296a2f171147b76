"""Nothing outside the root is reached, and nothing but files is opened."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import (
    InvalidPathError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    PermissionDeniedError,
)
from storagedriver.drivers.confined import Root, components, open_root, split
from storagedriver.drivers.durability import Durability

ESCAPES = ["/..", "/../x", "/a/../../x", "/.", "/a/./b", "//a", "/a/", "", "a", "/a\0b", "/a\n"]


@pytest.mark.parametrize("path", [*ESCAPES, "/.staging~/x", "/" + "é", "/a" * 513])
def test_a_path_that_no_rule_allows_is_refused(root: Root, path: str) -> None:
    calls: list[Callable[[str], object]] = [
        root.open_object,
        root.open_directory,
        root.shown_status,
        components,
        split,
    ]
    for call in calls:
        with pytest.raises(InvalidPathError):
            call(path)


def test_the_root_is_a_directory_and_no_object(root: Root) -> None:
    assert components("/") == []
    with pytest.raises(InvalidPathError):
        split("/")
    assert stat.S_ISDIR(os.fstat(root.open_directory("/").descriptor).st_mode)


def test_an_object_is_opened(root: Root, directory: Path) -> None:
    (directory / "a").mkdir()
    (directory / "a/b").write_bytes(b"content")
    descriptor, status = root.open_object("/a/b")
    assert os.read(descriptor, 100) == b"content"
    assert status.st_size == 7
    os.close(descriptor)


def test_each_listing_has_a_position_of_its_own(root: Root) -> None:
    first, second = root.open_directory("/"), root.open_directory("/")
    assert first.descriptor != second.descriptor != root.descriptor


def make_file(path: Path, outside: Path) -> None:
    path.write_bytes(b"")


def make_link_to_a_directory(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def make_link_to_a_file(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "secret")


def make_dangling_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nothing")


def make_fifo(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        # The path of a socket is short, and that of a test's directory may be long.
        before = os.getcwd()
        os.chdir(path.parent)
        bound.bind(path.name)
        os.chdir(before)


MAKERS = [
    make_link_to_a_directory,
    make_link_to_a_file,
    make_dangling_link,
    make_fifo,
    make_socket,
]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory beside the root, with a file in it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    return outside


@pytest.mark.parametrize("make", MAKERS)
def test_links_and_special_files_are_refused(
    root: Root, directory: Path, outside: Path, make: Callable[[Path, Path], None]
) -> None:
    make(directory / "x", outside)
    calls: list[tuple[Callable[[str], object], str]] = [
        (root.open_object, "/x"),
        (root.open_object, "/x/secret"),
        (root.open_directory, "/x"),
        (root.open_directory, "/x/below"),
        (root.shown_status, "/x"),
        (root.shown_status, "/x/secret"),
    ]
    for call, path in calls:
        with pytest.raises(PermissionDeniedError) as caught:
            call(path)
        assert caught.value.path == path


def test_below_a_file_is_nothing(root: Root, directory: Path) -> None:
    (directory / "x").write_bytes(b"")
    for call in (root.open_object, root.open_directory, root.shown_status):
        with pytest.raises(NotADirectoryError) as caught:
            call("/x/y/z")
        assert caught.value.path == "/x/y/z"
    with pytest.raises(NotADirectoryError):
        root.open_directory("/x")


def test_what_is_missing_is_not_found(root: Root) -> None:
    for path in ("/x", "/x/y/z"):
        for call in (root.open_object, root.open_directory, root.shown_status):
            with pytest.raises(PathNotFoundError) as caught:
                call(path)
            assert (type(caught.value), caught.value.path) == (PathNotFoundError, path)


def test_a_directory_is_no_object(root: Root, directory: Path) -> None:
    (directory / "x/y").mkdir(parents=True)
    (directory / "x/y/z").write_bytes(b"")
    with pytest.raises(IsADirectoryError):
        root.open_object("/x")


def test_a_directory_without_objects_is_nothing(root: Root, directory: Path) -> None:
    (directory / "x/y").mkdir(parents=True)
    with pytest.raises(PathNotFoundError) as caught:
        root.open_object("/x")
    assert type(caught.value) is PathNotFoundError
    with pytest.raises(PathNotFoundError):
        root.shown_status("/x")


def test_a_root_that_is_missing_is_made(tmp_path: Path) -> None:
    open_root(str(tmp_path / "a/b/c"), Durability.FULL)
    assert (tmp_path / "a/b/c").is_dir()


def test_links_may_lead_to_the_root(tmp_path: Path, directory: Path) -> None:
    (directory / "x").write_bytes(b"content")
    (tmp_path / "link").symlink_to(directory)
    assert open_root(str(tmp_path / "link"), Durability.NONE).shown_status("/x").st_size == 7


def test_a_root_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(NotADirectoryError) as caught:
            open_root(str(path), Durability.NONE)
        assert caught.value.path == str(path)


def test_a_root_that_may_not_be_made_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PermissionDeniedError):
        open_root(str(tmp_path / "a"), Durability.NONE)


def test_the_root_stays_the_directory_that_was_opened(root: Root, directory: Path) -> None:
    (directory / "x").write_bytes(b"content")
    directory.rename(directory.parent / "renamed")
    directory.mkdir()
    assert root.shown_status("/x").st_size == 7
