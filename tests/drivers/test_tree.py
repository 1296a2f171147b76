"""The namespace of the inmemory driver."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storagedriver.contract import IsADirectoryError, NotADirectoryError, PathNotFoundError
from storagedriver.drivers.tree import StoredObject, Tree

OBJECT = StoredObject((), 0, datetime(2015, 1, 27, tzinfo=UTC), b"")


@pytest.fixture
def tree() -> Tree:
    tree = Tree()
    tree.place("/a/b/c", OBJECT)
    tree.place("/a/d", OBJECT)
    return tree


def names(tree: Tree, path: str) -> set[str]:
    return {name for name, _ in tree.entries(path)}


def test_directories_come_with_what_is_in_them(tree: Tree) -> None:
    assert names(tree, "/") == {"a"}
    assert names(tree, "/a") == {"b", "d"}


def test_directories_go_with_what_is_in_them(tree: Tree) -> None:
    tree.remove("/a/b/c")
    assert names(tree, "/a") == {"d"}
    tree.remove("/a/d")
    assert names(tree, "/") == set()


def test_removing_a_directory_removes_all_below(tree: Tree) -> None:
    tree.remove("/a")
    assert names(tree, "/") == set()


def test_nothing_is_found_below_an_object(tree: Tree) -> None:
    with pytest.raises(NotADirectoryError) as caught:
        tree.find("/a/d/e/f")
    assert caught.value.path == "/a/d/e/f"


def test_what_is_missing_is_not_found(tree: Tree) -> None:
    with pytest.raises(PathNotFoundError) as caught:
        tree.find("/a/x/y")
    assert type(caught.value) is PathNotFoundError


def test_an_object_is_replaceable_and_a_directory_is_not(tree: Tree) -> None:
    assert tree.find_replaceable("/a/d") is OBJECT
    assert tree.find_replaceable("/new/path") is None
    with pytest.raises(IsADirectoryError):
        tree.find_replaceable("/a/b")


def test_placing_below_an_object_makes_nothing(tree: Tree) -> None:
    with pytest.raises(NotADirectoryError):
        tree.place("/a/d/e/f", OBJECT)
    assert names(tree, "/a") == {"b", "d"}
    assert tree.find("/a/d") is OBJECT
