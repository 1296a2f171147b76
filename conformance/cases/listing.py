"""list: which entries it gives, and in which order."""

from __future__ import annotations

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_equal
from storagedriver.conformance.store import Store
from storagedriver.contract import NotADirectoryError, PathNotFoundError
from storagedriver.contract.features import FLAT_NAMESPACE


@case("2015 List", "list")
def list_three_levels(store: Store) -> None:
    """Of 50 files three levels down every level lists its direct children, in byte order."""
    root = store.path(depth=1)
    parent = f"{root}/{store.component()}"
    children = sorted(f"{parent}/{store.component()}" for _ in range(50))
    shuffled = list(children)
    store.random.shuffle(shuffled)
    for child in shuffled:
        store.driver.put_content(child, store.content(32))
    store.check_listing("/", [root])
    store.check_listing(root, [parent])
    store.check_listing(parent, children)


@case("list")
def list_files_and_directories(store: Store) -> None:
    """Files and directories are listed once each, a directory once however much is in it."""
    paths = ["/top", "/d/one", "/d/two/a", "/d/two/b", "/d/two/c/x", "/d/two/c/y", "/e/f/g/h"]
    for path in paths:
        store.driver.put_content(path, b"x")
    store.check_listing("/", ["/d", "/e", "/top"])
    store.check_listing("/d", ["/d/one", "/d/two"])
    store.check_listing("/d/two", ["/d/two/a", "/d/two/b", "/d/two/c"])
    store.check_listing("/e", ["/e/f"])
    store.check_listing("/e/f/g", ["/e/f/g/h"])


@case("list", "edge 14")
def list_in_byte_order(store: Store) -> None:
    """The order is that of the bytes of the paths, for files and directories alike."""
    names = ["a", "a-b", "a.b", "a0", "a9", "a_b", "aa", "ab", "b", "0", "9", "10", "1", "2"]
    for number, name in enumerate(names):
        below = "/below" if number % 2 else ""
        store.driver.put_content(f"/dir/{name}{below}", b"x")
    store.check_listing("/dir", sorted(f"/dir/{name}" for name in names))


@case("edge 8", "dispute 2", "error PathNotFound")
def list_of_nothing(store: Store) -> None:
    """list and walk of a path where nothing is are PathNotFound of the path as it was requested."""
    store.driver.put_content("/dir/file", b"x")
    for path in ("/no", "/no/way", "/dir/no", "/di", "/dir2", "/dir/fil", "/dir/file2"):
        store.expect(PathNotFoundError(path), store.driver.list, path)
        store.expect(PathNotFoundError(path), store.driver.walk, path)


@case("edge 8", "dispute 3", "error NotADirectory")
def list_of_a_file(store: Store) -> None:
    """list and walk of a file are NotADirectory, which is a PathNotFound."""
    for path in ("/file", "/dir/file"):
        store.driver.put_content(path, b"x")
        error = store.expect(NotADirectoryError(path), store.driver.list, path)
        require(isinstance(error, PathNotFoundError), "NotADirectory is no PathNotFound")
        store.expect(NotADirectoryError(path), store.driver.walk, path)


@case("edge 14", "dispute 13")
def list_beside_siblings(store: Store) -> None:
    """Listing a directory gives nothing of those whose names begin with its name."""
    for path in ("/a/b", "/ab", "/a-b", "/a.b", "/a0/x", "/a_b/x"):
        store.driver.put_content(path, b"x")
    store.check_listing("/a", ["/a/b"])
    store.check_listing("/a0", ["/a0/x"])
    store.check_listing("/", ["/a", "/a-b", "/a.b", "/a0", "/a_b", "/ab"])


@case("also many entries", "list", "edge 17", "dispute 14")
def many_entries(store: Store) -> None:
    """A directory of 150 entries (full: 1,205) is listed, walked and deleted as a whole."""
    count = store.pick(quick=150, full=1205)
    files = sorted(f"/dir/{number}" for number in range(count))
    for path in files:
        store.driver.put_content(path, b"x")
    store.driver.put_content("/dir0", b"sibling")
    store.check_listing("/dir", files)
    store.check_walk(files, "/dir")
    store.driver.delete("/dir")
    store.check_missing("/dir")
    store.check_listing("/", ["/dir0"])


@case("also deep trees", "list", "walk")
def deep_tree(store: Store) -> None:
    """A tree of 60 levels (full: 511) is listed, walked and deleted like any other."""
    levels = store.pick(quick=60, full=511)
    path = "/d" * levels + "/f"
    store.driver.put_content(path, b"deep")
    store.check_content(path, b"deep")
    store.check_walk([path])
    store.check_listing("/d" * levels, [path])
    store.check_listing("/d" * (levels // 2), ["/d" * (levels // 2 + 1)])
    store.driver.delete("/d")
    store.check_listing("/", [])


@case("list", "edge 16")
def list_is_a_value(store: Store) -> None:
    """list returns a list of its own: changing it changes nothing in the store."""
    store.driver.put_content("/dir/file", b"x")
    found = store.driver.list("/dir")
    require_equal(type(found), list, "type of what list returns")
    found.clear()
    store.check_listing("/dir", ["/dir/file"])


@case("list", "edge 10", needs=[FLAT_NAMESPACE])
def list_object_and_prefix_once(store: Store) -> None:
    """In a flat namespace a name that is an object and a prefix too is listed once."""
    store.driver.put_content("/dir/name", b"object")
    store.driver.put_content("/dir/name/below", b"below")
    store.check_listing("/dir", ["/dir/name"])
    store.check_listing("/dir/name", ["/dir/name/below"])
    store.check_walk(["/dir/name", "/dir/name/below"])
