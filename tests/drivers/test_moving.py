"""Moving files and directories, also to where a rename does not reach."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import (
    ContentChangedError,
    InvalidPathError,
    IsADirectoryError,
    NoSpaceError,
    NotADirectoryError,
    OutcomeUnknownError,
    PathNotFoundError,
    PermissionDeniedError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.drivers.filesystem import FilesystemDriver

Files = Callable[[], dict[str, bytes]]


@pytest.fixture
def contents(driver: FilesystemDriver) -> dict[str, bytes]:
    """What is there at the beginning of a test."""
    contents = {path: path.encode() for path in ("/dir/sub/x", "/file", "/other/y")}
    for path, content in contents.items():
        driver.put_content(path, content)
    return contents


@pytest.mark.parametrize("destination", ["/new", "/other/y", "/other/z", "/new/deep/er"])
def test_a_file_moves(
    driver: FilesystemDriver, contents: dict[str, bytes], files: Files, destination: str
) -> None:
    driver.move("/file", destination)
    contents[destination] = contents.pop("/file")
    assert files() == contents


@pytest.mark.parametrize("destination", ["/new", "/other/z", "/new/deep/er"])
def test_a_directory_moves_whole(
    driver: FilesystemDriver, contents: dict[str, bytes], files: Files, destination: str
) -> None:
    driver.move("/dir", destination)
    contents[destination + "/sub/x"] = contents.pop("/dir/sub/x")
    assert files() == contents


def test_a_move_prunes_what_it_empties(
    driver: FilesystemDriver, contents: dict[str, bytes], directory: Path
) -> None:
    driver.move("/dir/sub/x", "/other/x")
    assert not (directory / "dir").exists()


def test_an_empty_directory_at_the_destination_makes_room(
    driver: FilesystemDriver, contents: dict[str, bytes], directory: Path
) -> None:
    (directory / "left/over").mkdir(parents=True)
    driver.move("/file", "/left")
    assert driver.get_content("/left") == b"/file"
    (directory / "more/left/over").mkdir(parents=True)
    driver.move("/dir", "/more")
    assert driver.get_content("/more/sub/x") == b"/dir/sub/x"


def test_a_move_to_itself_changes_nothing(
    driver: FilesystemDriver, contents: dict[str, bytes], files: Files
) -> None:
    for path in ("/file", "/dir", "/dir/sub/x"):
        driver.move(path, path)
    assert files() == contents
    with pytest.raises(PathNotFoundError):
        driver.move("/missing", "/missing")


@pytest.mark.parametrize(
    ("source", "destination", "error"),
    [
        ("/dir", "/dir/sub/new", InvalidPathError),
        ("/dir", "/dir/new", InvalidPathError),
        ("/dir", "/file", NotADirectoryError),
        ("/dir", "/file/new", NotADirectoryError),
        ("/dir", "/other", IsADirectoryError),
        ("/dir/sub", "/dir", IsADirectoryError),
        ("/file", "/file/new", NotADirectoryError),
        ("/file", "/dir", IsADirectoryError),
        ("/file", "/link", PermissionDeniedError),
        ("/file", "/link/new", PermissionDeniedError),
    ],
)
def test_a_refused_move_changes_nothing(
    driver: FilesystemDriver,
    contents: dict[str, bytes],
    files: Files,
    directory: Path,
    tmp_path: Path,
    source: str,
    destination: str,
    error: type[PathNotFoundError],
) -> None:
    (directory / "link").symlink_to(tmp_path)
    with pytest.raises(error) as caught:
        driver.move(source, destination)
    assert (type(caught.value), caught.value.path) == (error, destination)
    assert files() == contents


@pytest.mark.parametrize("source", ["/missing", "/missing/deep", "/left"])
def test_a_missing_source_leaves_the_destination_alone(
    driver: FilesystemDriver,
    contents: dict[str, bytes],
    files: Files,
    directory: Path,
    source: str,
) -> None:
    (directory / "left/over").mkdir(parents=True)
    for destination in ("/new/deep", "/file", "/file/below", "/dir"):
        with pytest.raises(PathNotFoundError) as caught:
            driver.move(source, destination)
        assert (type(caught.value), caught.value.path) == (PathNotFoundError, source)
    assert not (directory / "new").exists()
    assert files() == contents


def test_a_link_does_not_move(
    driver: FilesystemDriver, contents: dict[str, bytes], directory: Path
) -> None:
    (directory / "link").symlink_to(directory / "file")
    with pytest.raises(PermissionDeniedError) as caught:
        driver.move("/link", "/new/x")
    assert caught.value.path == "/link"
    assert not (directory / "new").exists()


def test_a_source_that_vanishes_leaves_nothing_made(
    driver: FilesystemDriver,
    contents: dict[str, bytes],
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really_rename = os.rename

    def rename(source: str, destination: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        (directory / "file").unlink(missing_ok=True)
        really_rename(source, destination, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(PathNotFoundError) as caught:
        driver.move("/file", "/new/deep")
    assert caught.value.path == "/file"
    assert not (directory / "new").exists()


def test_time_at_the_destination_does_not_go_back(
    driver: FilesystemDriver, contents: dict[str, bytes], directory: Path
) -> None:
    future_ns = time.time_ns() + 3600 * 10**9
    os.utime(directory / "other/y", ns=(0, future_ns))
    driver.move("/file", "/other/y")
    assert (directory / "other/y").stat().st_mtime_ns == future_ns
    past_ns = 1_422_316_800_000_000_000
    os.utime(directory / "dir/sub/x", ns=(0, past_ns))
    driver.move("/dir/sub/x", "/new")
    assert (directory / "new").stat().st_mtime_ns == past_ns


def test_two_names_of_one_file_become_one(
    driver: FilesystemDriver, contents: dict[str, bytes], files: Files, directory: Path
) -> None:
    os.link(directory / "file", directory / "name")
    driver.move("/file", "/name")
    contents["/name"] = contents.pop("/file")
    assert files() == contents


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """Let the directory /far, once it is there, seem to be another file system."""
    really_rename = os.rename

    def is_far(descriptor: int) -> bool:
        place = os.readlink(f"/proc/self/fd/{descriptor}")
        return (place + "/").startswith(f"{directory}/far/")

    def rename(source: str, destination: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if is_far(src_dir_fd) != is_far(dst_dir_fd):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        really_rename(source, destination, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", rename)


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("destination", ["/far/a", "/far/deep/a"])
def test_a_put_reaches_another_file_system(
    driver: FilesystemDriver, files: Files, destination: str
) -> None:
    driver.put_content(destination, b"content")
    assert files() == {destination: b"content"}
    driver.put_content(destination, b"new")
    assert files() == {destination: b"new"}


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize(("source", "destination"), [("/a", "/far/b"), ("/far/a", "/b/c")])
def test_a_file_moves_to_another_file_system(
    driver: FilesystemDriver, files: Files, directory: Path, source: str, destination: str
) -> None:
    content = os.urandom(3_000_000)
    driver.put_content(source, content)
    (directory / source[1:]).chmod(0o640)
    driver.move(source, destination)
    assert files() == {destination: content}
    assert (directory / destination[1:]).stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("apart")
def test_a_directory_does_not_move_to_another_file_system(
    driver: FilesystemDriver, contents: dict[str, bytes], files: Files, directory: Path
) -> None:
    with pytest.raises(UnsupportedMethodError) as caught:
        driver.move("/dir", "/far/dir")
    assert caught.value.method == "Move"
    assert files() == contents
    assert not (directory / "far").exists()


@pytest.mark.usefixtures("apart")
def test_a_copy_that_fails_leaves_all_as_it_was(
    driver: FilesystemDriver,
    contents: dict[str, bytes],
    files: Files,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(NoSpaceError) as caught:
        driver.move("/file", "/far/file")
    assert caught.value.path == "/far/file"
    assert files() == contents
    assert not (directory / "far").exists()


@pytest.mark.usefixtures("apart")
def test_a_file_that_is_written_to_while_it_is_copied_stays(
    driver: FilesystemDriver,
    contents: dict[str, bytes],
    files: Files,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really_pwrite = os.pwrite

    def pwrite(descriptor: int, content: bytes, position: int) -> int:
        with (directory / "file").open("ab") as file:
            file.write(b" more")
        return really_pwrite(descriptor, content, position)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(ContentChangedError):
        driver.move("/file", "/far/file")
    monkeypatch.undo()
    assert files()["/file"].startswith(b"/file more")
    assert "/far/file" not in files()


@pytest.mark.usefixtures("apart")
def test_a_source_that_cannot_be_removed_after_its_copy_is_an_unknown_outcome(
    driver: FilesystemDriver, contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    really_unlink = os.unlink

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        if path == "file":
            raise PermissionError(errno.EACCES, "Permission denied")
        really_unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(OutcomeUnknownError, match="stays where it was"):
        driver.move("/file", "/far/file")
    assert driver.get_content("/far/file") == driver.get_content("/file")


def test_both_directories_are_synced(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FilesystemDriver(str(directory)) as driver:
        driver.put_content("/a/b", b"")
        driver.put_content("/a/c", b"")
        synced: list[str] = []

        def fsync(descriptor: int) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

        monkeypatch.setattr(os, "fsync", fsync)
        driver.move("/a/b", "/x/y/z")
    names = ["", "x", "x/y", "a"]
    assert synced == [str(directory / name).rstrip("/") for name in names]


def test_a_move_that_cannot_be_synced_is_an_unknown_outcome(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FilesystemDriver(str(directory)) as driver:
        driver.put_content("/a", b"content")

        def fail(_descriptor: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(OutcomeUnknownError) as caught:
                driver.move("/a", "/b")
        assert (caught.value.method, caught.value.path) == ("Move", "/b")
        assert driver.get_content("/b") == b"content"


def test_any_other_error_names_the_destination(
    driver: FilesystemDriver, contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(StorageDriverError, match=r"EIO.*: /new"):
        driver.move("/file", "/new")
