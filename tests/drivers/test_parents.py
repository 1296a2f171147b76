"""The directories above a path: made, synced, pruned, also while others do the same."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import (
    InvalidPathError,
    IsADirectoryError,
    NoSpaceError,
    NotADirectoryError,
    PermissionDeniedError,
    StorageDriverError,
)
from storagedriver.drivers.confined import Root
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.parents import ATTEMPTS, Parents


def make_file(name: str) -> Callable[[int], None]:
    """What `place` may be given: makes an empty file."""

    def put(place: int) -> None:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, dir_fd=place))

    return put


def test_missing_directories_are_made(root: Root, directory: Path) -> None:
    with Parents(root, "/a/b/c") as parents:
        parents.place(make_file("c"))
    assert (directory / "a/b/c").is_file()


def test_looking_makes_nothing(root: Root, directory: Path) -> None:
    with Parents(root, "/a/b/c") as parents:
        assert parents.look() is None
    assert list(directory.iterdir()) == []


def test_looking_finds_what_shows(root: Root, directory: Path) -> None:
    (directory / "a/b").mkdir(parents=True)
    with Parents(root, "/a/b") as parents:
        assert parents.look() is None
        (directory / "a/b/c").write_bytes(b"content")
        assert parents.look() is not None
    with Parents(root, "/a/b/c") as parents:
        status = parents.look()
        assert status is not None
        assert status.st_size == 7


def test_a_file_above_is_in_the_way(root: Root, directory: Path) -> None:
    (directory / "a").write_bytes(b"")
    with Parents(root, "/a/b/c") as parents:
        for call in (parents.look, lambda: parents.place(make_file("c"))):
            with pytest.raises(NotADirectoryError) as caught:
                call()
            assert caught.value.path == "/a/b/c"


def test_a_link_above_is_in_the_way(root: Root, directory: Path, tmp_path: Path) -> None:
    (directory / "a").symlink_to(tmp_path)
    (directory / "dangling").symlink_to(tmp_path / "nothing")
    for path in ("/a/b", "/dangling/b"):
        with Parents(root, path) as parents:
            for call in (parents.look, lambda parents=parents: parents.place(make_file("b"))):
                with pytest.raises(PermissionDeniedError):
                    call()
    assert not (tmp_path / "b").exists()


def test_the_root_has_no_parents(root: Root) -> None:
    with pytest.raises(InvalidPathError):
        Parents(root, "/")


def test_an_empty_directory_at_the_leaf_makes_room(root: Root, directory: Path) -> None:
    (directory / "a/b/c/d").mkdir(parents=True)
    with Parents(root, "/a/b") as parents:
        parents.place(make_file("b"))
    assert (directory / "a/b").is_file()


def test_a_directory_with_an_object_stays(root: Root, directory: Path) -> None:
    (directory / "a/b/c").mkdir(parents=True)
    (directory / "a/b/c/d").write_bytes(b"")
    with Parents(root, "/a/b") as parents, pytest.raises(IsADirectoryError) as caught:
        parents.place(make_file("b"))
    assert caught.value.path == "/a/b"
    assert (directory / "a/b/c/d").is_file()


def test_a_directory_with_something_else_stays(root: Root, directory: Path) -> None:
    (directory / "a/b").mkdir(parents=True)
    (directory / "a/b/no object!").write_bytes(b"")
    with Parents(root, "/a/b") as parents, pytest.raises(PermissionDeniedError, match="else"):
        parents.place(make_file("b"))
    assert (directory / "a/b/no object!").is_file()


def test_pruning_stops_at_the_first_directory_in_use(root: Root, directory: Path) -> None:
    (directory / "a/b/c/d").mkdir(parents=True)
    (directory / "a/kept").write_bytes(b"")
    with Parents(root, "/a/b/c/d/e") as parents:
        parents.look()
        parents.prune()
    assert sorted(path.name for path in directory.rglob("*")) == ["a", "kept"]


def test_pruning_never_removes_the_root(root: Root, directory: Path) -> None:
    with Parents(root, "/a") as parents:
        parents.look()
        parents.prune()
    assert directory.is_dir()


def test_a_directory_that_is_pruned_under_a_writer_is_made_again(
    root: Root, directory: Path
) -> None:
    left = 3

    def put(place: int) -> None:
        nonlocal left
        if left:
            left -= 1
            (directory / "a/b").rmdir()
            (directory / "a").rmdir()
        make_file("c")(place)

    with Parents(root, "/a/b/c") as parents:
        parents.place(put)
    assert (directory / "a/b/c").is_file()
    assert left == 0


def test_a_directory_that_another_makes_first_is_used(
    root: Root, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_mkdir = os.mkdir

    def mkdir(name: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        really_mkdir(name, mode, dir_fd=dir_fd)
        really_mkdir(name, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", mkdir)
    with Parents(root, "/a/b/c") as parents:
        parents.place(make_file("c"))
    assert (directory / "a/b/c").is_file()


def test_going_back_comes_to_an_end(root: Root, directory: Path) -> None:
    attempts = 0

    def put(place: int) -> None:
        nonlocal attempts
        attempts += 1
        raise FileNotFoundError(errno.ENOENT, "No such file")

    with (
        Parents(root, "/a/b") as parents,
        pytest.raises(StorageDriverError, match="got in the way") as caught,
    ):
        parents.place(put)
    assert caught.value.temporary
    assert attempts == ATTEMPTS


def test_a_root_that_was_removed_is_said_to_be(root: Root, directory: Path) -> None:
    directory.rmdir()
    with (
        pytest.raises(StorageDriverError, match="root directory was removed") as caught,
        Parents(root, "/a/b") as parents,
    ):
        parents.place(make_file("b"))
    assert not caught.value.temporary


def test_a_failure_leaves_none_of_the_directories_that_were_made(
    root: Root, directory: Path
) -> None:
    (directory / "a").mkdir()

    def put(place: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoSpaceError) as caught, Parents(root, "/a/b/c/d") as parents:
        parents.place(put)
    assert caught.value.path == "/a/b/c/d"
    assert list(directory.rglob("*")) == []


@pytest.mark.parametrize(
    ("there", "expected"),
    [("", ["", "a", "a/b"]), ("a", ["a", "a/b"]), ("a/b", ["a/b"])],
)
def test_every_new_entry_is_synced(
    root: Root,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: str,
    expected: list[str],
) -> None:
    (directory / there).mkdir(parents=True, exist_ok=True)
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", fsync)
    with Parents(root, "/a/b/c") as parents:
        parents.place(make_file("c"))
        parents.sync(Durability.FILE)
        assert synced == []
        parents.sync(Durability.FULL)
    assert synced == [str(directory / name).rstrip("/") for name in expected]


def test_a_directory_that_is_gone_again_needs_no_sync(root: Root, directory: Path) -> None:
    with Parents(root, "/a/b") as parents:
        parents.place(make_file("b"))
        (directory / "a/b").unlink()
        (directory / "a").rmdir()
        parents.sync(Durability.FULL)


def test_nothing_stays_open(root: Root, open_descriptors: Callable[[], int]) -> None:
    before = open_descriptors()
    with Parents(root, "/a/b/c/d") as parents:
        parents.place(make_file("d"))
        assert open_descriptors() == before + 3
    assert open_descriptors() == before
