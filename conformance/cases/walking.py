"""walk: every file, in byte order of the full path, from where one likes."""

from __future__ import annotations

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_equal
from storagedriver.conformance.store import Store

_TREE = (
    "/a-b",
    "/a.b",
    "/a/b",
    "/a/c/d",
    "/a/c0",
    "/a0",
    "/a_b/x",
    "/ab",
    "/b/a",
    "/b/c",
)


def _plant(store: Store) -> None:
    planted = list(_TREE)
    store.random.shuffle(planted)
    for path in planted:
        store.driver.put_content(path, path.encode())


@case("walk", "edge 14")
def walk_in_byte_order(store: Store) -> None:
    """walk gives every file once, in byte order of the whole path: /a-b, /a.b, then /a/b."""
    _plant(store)
    require_equal(list(_TREE), sorted(_TREE), "order of the tree")
    store.check_walk(list(_TREE))
    store.check_walk(["/a/b", "/a/c/d", "/a/c0"], "/a")
    store.check_walk(["/a_b/x"], "/a_b")


@case("walk", "stat")
def walk_tells_what_stat_tells(store: Store) -> None:
    """Each FileInfo of walk says the same as stat does."""
    _plant(store)
    for info in store.driver.walk("/"):
        other = store.driver.stat(info.path)
        said = (info.path, info.size, info.mod_time, info.is_dir)
        expected = (info.path, len(info.path), other.mod_time, False)
        require_equal(said, expected, f"what walk says of {info.path}")


@case("walk", "also start_after")
def walk_from_a_path_on(store: Store) -> None:
    """start_after leaves out all up to and including a path, whether or not anything is there."""
    _plant(store)
    # Legal paths only: whether others are refused, nobody has said.
    for start in (*_TREE, "/0", "/a", "/a/a", "/a/c", "/a/c/e", "/a/z", "/a0a", "/b", "/z"):
        store.check_walk([path for path in _TREE if path > start], after=start)


@case("walk", "also start_after")
def walk_a_directory_from_a_path_on(store: Store) -> None:
    """start_after within, before and after a directory that is walked alone."""
    _plant(store)
    inside = ["/a/b", "/a/c/d", "/a/c0"]
    for start in ("/0", "/a", "/a-b", "/a/b", "/a/c", "/a/c/d", "/a/c/x", "/a/c0", "/a0", "/b/a"):
        store.check_walk([path for path in inside if path > start], "/a", after=start)


@case("walk", "also abandoned listings")
def walk_left_early(store: Store) -> None:
    """A walk that is not finished is in no later call's way."""
    _plant(store)
    for _ in range(20):
        found = iter(store.driver.walk("/"))
        require_equal(next(found).path, _TREE[0], "the first file")
        del found
    store.check_walk(list(_TREE))


@case("walk")
def walk_past_what_vanishes(store: Store) -> None:
    """What is deleted during a walk is left out, or still told; all the rest comes."""
    _plant(store)
    found = iter(store.unrecorded.walk("/"))
    seen = [next(found).path]
    for path in ("/a/c", "/a_b/x", "/b"):
        store.driver.delete(path)
    seen += [info.path for info in found]
    gone = {"/a/c/d", "/a_b/x", "/b/a", "/b/c"}
    staying = [path for path in _TREE if path not in gone]
    require_equal([path for path in seen if path not in gone], staying, "files that stayed")
    require(seen == sorted(set(seen)), f"a file came twice or out of order: {seen}")
    require(set(seen) <= set(_TREE), f"walk gave what was never there: {seen}")
