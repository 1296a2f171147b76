"""Whole directories go, and nothing else does."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from storagedriver.drivers.confined import Root
from storagedriver.drivers.removal import remove_empty_directories, remove_tree


@pytest.fixture
def tree(directory: Path) -> Path:
    tree = directory / "tree"
    (tree / "a/b").mkdir(parents=True)
    (tree / "a/b/c").write_bytes(b"")
    (tree / "a/d").write_bytes(b"")
    (tree / "e").write_bytes(b"")
    return tree


def test_a_tree_goes_with_all_that_does_not_show(root: Root, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").write_bytes(b"")
    (tree / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(tree / "a/fifo")
    (tree / "staged~").write_bytes(b"")
    assert remove_tree(root.descriptor, "tree", "/tree") == []
    assert not tree.exists()
    assert (tmp_path / "outside/kept").exists()


def test_what_cannot_be_removed_is_told_and_the_rest_goes(
    root: Root, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_unlink = os.unlink

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        if path == "c":
            raise OSError(errno.EACCES, "Permission denied")
        really_unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    assert remove_tree(root.descriptor, "tree", "/tree") == [("/tree/a/b/c", "PermissionDenied")]
    assert [path.name for path in tree.rglob("*")] == ["a", "b", "c"]


def test_what_comes_meanwhile_stays_and_is_no_failure(
    root: Root, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_unlink = os.unlink

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        really_unlink(path, dir_fd=dir_fd)
        (tree / "a/new").write_bytes(b"")

    monkeypatch.setattr(os, "unlink", unlink)
    assert remove_tree(root.descriptor, "tree", "/tree") == []
    assert [str(path.relative_to(tree)) for path in tree.rglob("*")] == ["a", "a/new"]


def test_what_goes_meanwhile_is_no_failure(
    root: Root, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_unlink = os.unlink

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        really_unlink(path, dir_fd=dir_fd)
        really_unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    assert remove_tree(root.descriptor, "tree", "/tree") == []
    assert not tree.exists()


def test_empty_directories_go(root: Root, directory: Path) -> None:
    (directory / "x/y/z").mkdir(parents=True)
    (directory / "x/w").mkdir()
    remove_empty_directories(root.descriptor, "x")
    assert list(directory.iterdir()) == []


def test_a_directory_with_anything_in_it_stays(root: Root, tree: Path) -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what counts
        remove_empty_directories(root.descriptor, "tree")
    assert caught.value.errno == errno.ENOTEMPTY
    assert (tree / "a/b/c").exists()
