"""The walk of the filesystem driver."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import PermissionDeniedError
from storagedriver.drivers.confined import Root
from storagedriver.drivers.tree_walk import walk


def walked(root: Root, path: str = "/", start_after: str = "") -> list[str]:
    return [info.path for info in walk(root.open_directory(path), path, start_after)]


PATHS = ["/a-b", "/a.b", "/a/b", "/a/b-c/d", "/a/b0", "/ab", "/b"]


@pytest.fixture
def siblings(directory: Path) -> None:
    for path in PATHS:
        file = directory / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")


@pytest.mark.usefixtures("siblings")
def test_a_walk_goes_in_byte_order_of_the_path(root: Root) -> None:
    assert walked(root) == PATHS
    assert walked(root, "/a") == ["/a/b", "/a/b-c/d", "/a/b0"]


@pytest.mark.usefixtures("siblings")
@pytest.mark.parametrize("start", ["/", "/a", "/a/", "/a/b", "/a/b-c", "/a/b-c/d", "/a/c", "/z"])
def test_a_walk_starts_after_a_path(root: Root, start: str) -> None:
    assert walked(root, "/", start) == [path for path in PATHS if path > start]


@pytest.mark.usefixtures("siblings")
def test_a_walk_goes_on_while_things_vanish(root: Root, directory: Path) -> None:
    infos = walk(root.open_directory("/"), "/", "")
    assert next(infos).path == "/a-b"
    (directory / "a.b").unlink()
    (directory / "a/b").unlink()
    (directory / "a/b-c/d").unlink()
    (directory / "a/b-c").rmdir()
    assert [info.path for info in infos] == ["/a/b0", "/ab", "/b"]


@pytest.mark.usefixtures("siblings")
def test_a_walk_follows_no_link_that_was_swapped_in(
    root: Root, directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"")
    infos = walk(root.open_directory("/"), "/", "")
    assert next(infos).path == "/a-b"
    (directory / "a").rename(tmp_path / "moved")
    (directory / "a").symlink_to(tmp_path / "outside")
    (directory / "ab").unlink()
    (directory / "ab").symlink_to(tmp_path / "outside/secret")
    assert [info.path for info in infos] == ["/a.b", "/b"]


@pytest.mark.usefixtures("siblings")
def test_a_walk_that_meets_a_closed_directory_says_so(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    infos = walk(root.open_directory("/"), "/", "")
    really_open = os.open

    def opened(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "b-c":
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", opened)
    with pytest.raises(PermissionDeniedError) as caught:
        list(infos)
    assert caught.value.path == "/a/b-c"


@pytest.mark.usefixtures("siblings")
def test_a_dropped_walk_leaves_nothing_open(
    root: Root, open_descriptors: Callable[[], int]
) -> None:
    before = open_descriptors()
    infos = walk(root.open_directory("/"), "/", "")
    for _ in range(4):
        next(infos)
    assert open_descriptors() > before
    del infos
    assert open_descriptors() == before


def test_a_deep_tree_is_walked_without_recursion(root: Root, directory: Path) -> None:
    depth = 300
    (directory / Path(*["a"] * depth)).mkdir(parents=True)
    (directory / Path(*["a"] * depth) / "b").write_bytes(b"")
    assert walked(root) == ["/a" * depth + "/b"]
