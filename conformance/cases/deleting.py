"""delete: of objects, of directories, of nothing; and what goes with them."""

from __future__ import annotations

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require_equal
from storagedriver.conformance.store import Store
from storagedriver.contract import InvalidPathError, PathNotFoundError


@case("2015 Delete", "delete")
def delete_a_file(store: Store) -> None:
    """After delete there is nothing at the path."""
    path = store.path()
    store.driver.put_content(path, store.content(32))
    store.driver.delete(path)
    store.expect(PathNotFoundError(path), store.driver.get_content, path)
    store.check_missing(path)


@case("2015 DeleteNonexistent", "edge 15", "error PathNotFound")
def delete_nothing(store: Store) -> None:
    """delete where nothing is is PathNotFound, and deletes nothing beside it."""
    path = store.path()
    store.expect(PathNotFoundError(path), store.driver.delete, path)
    store.driver.put_content("/dir/file", b"x")
    for missing in ("/dir/fil", "/dir/file0", "/di", "/dir0", "/dir/no/way"):
        store.expect(PathNotFoundError(missing), store.driver.delete, missing)
    store.check_content("/dir/file", b"x")


@case("edge 15", "also delete twice")
def delete_twice(store: Store) -> None:
    """The second delete is PathNotFound, of a file and of a directory."""
    store.driver.put_content("/dir/sub/file", b"x")
    store.driver.put_content("/file", b"x")
    for path in ("/file", "/dir"):
        store.driver.delete(path)
        store.expect(PathNotFoundError(path), store.driver.delete, path)
    store.check_listing("/", [])


@case("edge 15", "error InvalidPath")
def delete_the_root(store: Store) -> None:
    """delete of `/` is InvalidPath, and everything is still there."""
    store.expect(InvalidPathError("/"), store.driver.delete, "/")
    store.driver.put_content("/dir/file", b"x")
    store.expect(InvalidPathError("/"), store.driver.delete, "/")
    store.check_content("/dir/file", b"x")


@case("2015 DeleteFolder", "delete")
def delete_a_directory(store: Store) -> None:
    """One of three files goes alone; then the directory goes with the others."""
    directory = store.path()
    files = sorted(f"{directory}/{store.component()}" for _ in range(3))
    for path in files:
        store.driver.put_content(path, store.content(32))
    store.driver.delete(files[0])
    store.expect(PathNotFoundError(files[0]), store.driver.get_content, files[0])
    for path in files[1:]:
        require_equal(len(store.driver.get_content(path)), 32, f"size of {path}")
    store.driver.delete(directory)
    for path in (*files, directory):
        store.check_missing(path)


@case("delete")
def delete_a_tree(store: Store) -> None:
    """delete of a directory goes all the way down, and leaves what is beside and above it."""
    for path in ("/a/t/x", "/a/t/b/y", "/a/t/b/c/z", "/a/t/b/c/d/e/f", "/a/other", "/b"):
        store.driver.put_content(path, b"x")
    store.driver.delete("/a/t")
    store.check_walk(["/a/other", "/b"])
    store.check_missing("/a/t")
    store.check_listing("/a", ["/a/other"])


@case("edge 14", "dispute 13")
def delete_beside_siblings(store: Store) -> None:
    """delete touches the path and its children, and nothing that shares a prefix with it."""
    siblings = ["/a-b", "/a.b", "/a0/x", "/a_b", "/ab"]
    for path in (*siblings, "/a/b", "/a/b0"):
        store.driver.put_content(path, b"x")
    store.driver.delete("/a/b")
    store.check_walk(sorted([*siblings, "/a/b0"]))
    store.driver.delete("/a")
    store.check_walk(siblings)
    store.driver.delete("/ab")
    store.check_walk(siblings[:-1])


@case("edge 16", "dispute 17")
def emptied_directories_are_gone(store: Store) -> None:
    """Parents go with the last thing that is in them, by delete and by move, and come again."""
    deep = "/a/b/c/file"
    store.driver.put_content(deep, b"x")
    store.driver.put_content("/a/other", b"x")
    store.driver.delete(deep)
    store.check_listing("/a", ["/a/other"])
    for path in ("/a/b", "/a/b/c"):
        store.check_missing(path)
        store.expect(PathNotFoundError(path), store.driver.delete, path)
    store.driver.move("/a/other", "/else/where")
    store.check_listing("/", ["/else"])
    store.check_missing("/a")
    store.driver.put_content(deep, b"again")
    store.check_content(deep, b"again")
    store.driver.delete("/a/b")
    store.check_listing("/", ["/else"])


@case("edge 16", "delete")
def a_freed_name_can_be_anything(store: Store) -> None:
    """Where a directory was a file can be, and the other way round."""
    store.driver.put_content("/name/below", b"x")
    store.driver.delete("/name/below")
    store.driver.put_content("/name", b"a file now")
    store.check_content("/name", b"a file now")
    store.driver.delete("/name")
    store.driver.put_content("/name/below/deeper", b"y")
    store.check_walk(["/name/below/deeper"])
