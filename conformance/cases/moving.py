"""move: of objects and of directories, over each other, to themselves, from nowhere."""

from __future__ import annotations

from storagedriver.conformance.case import CaseSize, case
from storagedriver.conformance.checking import require, require_content, require_equal
from storagedriver.conformance.readers import GeneratedReader
from storagedriver.conformance.store import GIB, MIB, Store, failure_of
from storagedriver.contract import (
    InvalidPathError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.contract.features import FLAT_NAMESPACE, MOVE_DIRECTORIES


@case("2015 Move", "move")
def move_a_file(store: Store) -> None:
    """The content is at the destination, whose parents come with it; nothing is at the source."""
    content = store.content(32)
    source, destination = store.path(), store.path(depth=4)
    store.driver.put_content(source, content)
    store.driver.move(source, destination)
    store.check_content(destination, content)
    store.expect(PathNotFoundError(source), store.driver.get_content, source)
    store.check_walk([destination])


@case("2015 MoveOverwrite", "move", "also stale bytes")
def move_over_a_longer_file(store: Store) -> None:
    """A moved object replaces the one at the destination, also a longer one."""
    for size_bytes in (32, 0, 100_000):
        source, destination = store.path(), store.path()
        content = store.content(size_bytes)
        store.driver.put_content(source, content)
        store.driver.put_content(destination, store.content(64))
        store.driver.move(source, destination)
        store.check_content(destination, content)
        store.check_missing(source)


@case("2015 MoveNonexistent", "edge 11", "dispute 10", "error PathNotFound")
def move_nothing(store: Store) -> None:
    """A move from nowhere is PathNotFound of the source; the destination and its parents stay."""
    source, destination = store.path(), store.path()
    store.driver.put_content(destination, b"there")
    store.expect(PathNotFoundError(source), store.driver.move, source, destination)
    store.check_content(destination, b"there")
    store.expect(PathNotFoundError(source), store.driver.move, source, "/new/parents/file")
    store.check_walk([destination])
    store.check_missing("/new")


@case("move")
def move_a_large_file(store: Store) -> None:
    """A large object moves whole, and back."""
    content = store.content(store.pick(quick=6 * MIB, full=80 * MIB))
    store.driver.put_content("/a/large", content)
    store.driver.move("/a/large", "/b/large")
    store.check_content("/b/large", content)
    store.driver.move("/b/large", "/a/large")
    store.check_content("/a/large", content)
    store.check_listing("/", ["/a"])


@case("also single calls", "move", "write_stream", size=CaseSize.FULL)
def more_than_a_single_call_can_copy(store: Store) -> None:
    """An object of more than 5 GiB, the most that S3 copies in one call, is extended and moved."""
    size_bytes = 5 * GIB + 1
    store.driver.write_stream("/a", 0, GeneratedReader(1, size_bytes))
    end = store.content(MIB)
    store.write("/a", size_bytes, end)
    store.driver.move("/a", "/b/c")
    require_equal(store.driver.stat("/b/c").size, size_bytes + MIB, "size")
    require_content(store.read("/b/c", size_bytes), end, "what was appended")
    store.check_missing("/a")


@case("edge 12", "dispute 11")
def move_a_file_to_itself(store: Store) -> None:
    """A move to itself changes nothing; where nothing is it is PathNotFound."""
    path = store.path()
    store.expect(PathNotFoundError(path), store.driver.move, path, path)
    store.check_listing("/", [])
    store.driver.put_content(path, b"content")
    before = store.driver.stat(path).mod_time
    store.driver.move(path, path)
    store.check_content(path, b"content")
    require_equal(store.driver.stat(path).mod_time, before, "mod_time")
    store.check_walk([path])


@case("edge 14", "dispute 13")
def move_beside_siblings(store: Store) -> None:
    """A move takes the object alone, and nothing that shares a prefix with it."""
    siblings = ["/x/1-0", "/x/1.0", "/x/10", "/x/1_0", "/x/11/y"]
    for path in (*siblings, "/x/1"):
        store.driver.put_content(path, path.encode())
    store.driver.move("/x/1", "/y")
    store.check_walk(sorted([*siblings, "/y"]))
    for path in siblings:
        store.check_content(path, path.encode())
    store.check_content("/y", b"/x/1")


@case("edge 10", "edge 16", "dispute 6", "error NotADirectory", unless=[FLAT_NAMESPACE])
def move_to_below_a_file(store: Store) -> None:
    """A move to a path below a file, itself or another, is NotADirectory and changes nothing."""
    store.driver.put_content("/file", b"file")
    store.driver.put_content("/other", b"other")
    for destination in ("/file/x", "/file/x/y/z", "/other/x"):
        store.expect(NotADirectoryError(destination), store.driver.move, "/other", destination)
    store.check_content("/file", b"file")
    store.check_content("/other", b"other")
    store.check_walk(["/file", "/other"])


@case("edge 10", "error IsADirectory", unless=[FLAT_NAMESPACE])
def move_a_file_over_a_directory(store: Store) -> None:
    """A move of an object onto a directory, also its own, is IsADirectory; nothing changes."""
    store.driver.put_content("/dir/file", b"in it")
    store.driver.put_content("/other", b"other")
    store.expect(IsADirectoryError("/dir"), store.driver.move, "/other", "/dir")
    store.expect(IsADirectoryError("/dir"), store.driver.move, "/dir/file", "/dir")
    store.check_content("/dir/file", b"in it")
    store.check_content("/other", b"other")


_TREE = ("/d/a", "/d/b/c", "/d/b/d/e", "/d/z")


def _plant(store: Store) -> None:
    for path in (*_TREE, "/d-b", "/d0", "/file", "/other/x"):
        store.driver.put_content(path, path.encode())


def _check_nothing_moved(store: Store) -> None:
    store.check_walk(sorted([*_TREE, "/d-b", "/d0", "/file", "/other/x"]))
    for path in (*_TREE, "/d-b", "/d0", "/file", "/other/x"):
        store.check_content(path, path.encode())


@case("edge 13", "dispute 12", "move", needs=[MOVE_DIRECTORIES])
def move_a_directory(store: Store) -> None:
    """A directory moves with all that is in it to a place where nothing is; siblings stay."""
    _plant(store)
    store.driver.move("/d", "/new/place/dir")
    moved = [path.replace("/d", "/new/place/dir", 1) for path in _TREE]
    store.check_walk(sorted([*moved, "/d-b", "/d0", "/file", "/other/x"]))
    for path, old in zip(moved, _TREE, strict=True):
        store.check_content(path, old.encode())
    store.check_missing("/d")
    store.driver.move("/new/place/dir/b", "/new/b")
    store.check_listing("/new", ["/new/b", "/new/place"])
    store.driver.put_content("/d/again", b"x")
    store.check_listing("/d", ["/d/again"])


@case("edge 13", "edge 10", "edge 12", needs=[MOVE_DIRECTORIES])
def move_a_directory_where_it_cannot_go(store: Store) -> None:
    """Into itself is InvalidPath, onto a directory IsADirectory, onto a file NotADirectory."""
    _plant(store)
    move = store.driver.move
    for inside in ("/d/b/new", "/d/new", "/d/b/d/new/deeper"):
        store.expect(InvalidPathError(inside), move, "/d", inside)
    store.expect(IsADirectoryError("/other"), move, "/d", "/other")
    store.expect(IsADirectoryError("/d"), move, "/d/b", "/d")
    store.expect(NotADirectoryError("/file"), move, "/d", "/file")
    store.expect(NotADirectoryError("/file/x"), move, "/d", "/file/x")
    move("/d", "/d")
    _check_nothing_moved(store)


@case("edge 13", "dispute 12", "error UnsupportedMethod", unless=[MOVE_DIRECTORIES])
def move_of_a_directory_is_refused(store: Store) -> None:
    """Without the feature a move of a directory is UnsupportedMethod, and nothing has moved."""
    _plant(store)
    store.expect(UnsupportedMethodError("Move"), store.driver.move, "/d", "/new/place/dir")
    for destination in ("/d/new", "/d", "/other", "/file"):
        error = failure_of(store.driver.move, "/d", destination)
        require(error is not None or destination == "/d", f"/d was moved to {destination}")
    _check_nothing_moved(store)
