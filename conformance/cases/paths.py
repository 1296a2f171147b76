"""Which paths are legal, and that every operation refuses the others."""

from __future__ import annotations

import io
from collections.abc import Callable

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_equal
from storagedriver.conformance.readers import PieceReader
from storagedriver.conformance.store import Store, failure_of
from storagedriver.contract import InvalidOffsetError, InvalidPathError

# The 2015 suite's own tables.
_VALID = (
    "/a",
    "/2",
    "/aa",
    "/a.a",
    "/0-9/abcdefg",
    "/abcdefg/z.75",
    "/abc/1.2.3.4.5-6_zyx/123.z/4",
    "/docker/docker-registry",
)
_INVALID = (
    "",
    "/",
    "abc",
    "123.abc",
    "/abc./abc",
    "/.abc",
    "/a--b",
    "/a-.b",
    "/_.abc",
    "//bcd",
    "/abc_123/",
    "/Docker/docker-registry",
)
_ODD = (
    "/a\n",
    "/a\nb",
    "/a\r",
    "/a\0",
    "/a\0b",
    "/a b",
    "/a\tb",
    "/..",
    "/.",
    "/a/..",
    "/a/../b",
    "/a/./b",
    "/a//b",
    "/a/",
    "//",
    "/a..b",
    "/a%2fb",
    "/%61",
    "/a\\b",
    "/a:b",
    "/a*",
    "/~a",
    "/a+b",
    "/a__b",
    "/-a",
    "/a-",
    "/\u00e4",
    "/\u0430",
    "/\uff41",
    "/\u0661",
    "/a\u2028",
    "/\udc80",
)

MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 1024


def _calls(store: Store) -> list[Callable[[str], object]]:
    """Every operation, as a call with one path, the rest of it being right."""
    driver = store.driver
    driver.put_content("/there", b"there")

    def put_content(path: str) -> None:
        driver.put_content(path, b"x")

    def write_stream(path: str) -> int:
        return driver.write_stream(path, 0, io.BytesIO(b"x"))

    def move_from(path: str) -> None:
        driver.move(path, "/elsewhere")

    def move_to(path: str) -> None:
        driver.move("/there", path)

    return [
        driver.get_content,
        put_content,
        driver.read_stream,
        write_stream,
        move_from,
        move_to,
        driver.delete,
        driver.url_for,
        driver.resume_write_position,
    ]


def _listing_calls(store: Store) -> list[Callable[[str], object]]:
    """The operations that take `/` too."""
    return [store.driver.stat, store.driver.list, store.driver.walk]


@case("2015 ValidPaths", "paths rule")
def valid_paths(store: Store) -> None:
    """Content can be put at and got from every path of the original's table of legal ones."""
    for path in _VALID:
        content = store.content(64)
        store.driver.put_content(path, content)
        store.check_content(path, content)


@case("2015 InvalidPaths", "paths rule", "error InvalidPath")
def invalid_paths(store: Store) -> None:
    """Put and get at every path of the original's table of illegal ones are InvalidPath."""
    for path in _INVALID:
        store.expect(InvalidPathError(path), store.driver.put_content, path, b"x")
        store.expect(InvalidPathError(path), store.driver.get_content, path)
    store.check_listing("/", [])


@case("paths rule", "also odd paths", "error InvalidPath")
def invalid_paths_of_every_operation(store: Store) -> None:
    """Every operation refuses illegal paths, among them newlines, NULs, dots and other scripts."""
    for call in (*_calls(store), *_listing_calls(store)):
        for path in (*_INVALID, *_ODD):
            if path != "/":
                store.expect(InvalidPathError(path), call, path)
    store.check_listing("/", ["/there"])


@case("paths root", "edge 15")
def root_is_for_list_walk_and_stat(store: Store) -> None:
    """`/` is legal for list, walk and stat, and InvalidPath for everything else."""
    for call in _calls(store):
        store.expect(InvalidPathError("/"), call, "/")
    for call in _listing_calls(store):
        require_equal(failure_of(call, "/"), None, "error at /")
    store.check_content("/there", b"there")


@case("paths length")
def longest_component(store: Store) -> None:
    """A component of 255 bytes holds an object or a directory, by every way of writing."""
    name = "n" * MAX_COMPONENT_BYTES
    below = f"/{name}/{name}"
    store.driver.put_content(below, b"below")
    store.check_content(below, b"below")
    store.driver.write_stream(below, 5, io.BytesIO(b" and more"))
    store.check_content(below, b"below and more")
    store.driver.move(below, f"/moved/{name}")
    store.check_content(f"/moved/{name}", b"below and more")
    store.check_listing("/moved", [f"/moved/{name}"])
    store.check_missing(f"/{name}")


@case("paths length")
def longest_path(store: Store) -> None:
    """A path of 1,024 bytes holds an object, unless the driver's own root makes it too long."""
    path = "/" + "/".join(["n" * MAX_COMPONENT_BYTES] * 4)
    require_equal(len(path), MAX_PATH_BYTES, "length of the path")
    error = failure_of(store.driver.put_content, path, b"far")
    if error is None:
        store.check_content(path, b"far")
        store.check_walk([path])
    else:
        # A backend's limit counts the root it was given; then the answer is that of the path rule.
        store.expect(InvalidPathError(path), store.driver.put_content, path, b"far")
        store.check_listing("/", [])


@case("paths length", "error InvalidPath")
def too_long_paths(store: Store) -> None:
    """One byte more than the longest component or path is InvalidPath, for every operation."""
    component = "/" + "n" * (MAX_COMPONENT_BYTES + 1)
    path = "/" + "/".join("n" * length for length in (255, 255, 255, 127, 128))
    require_equal(len(path), MAX_PATH_BYTES + 1, "length of the path")
    for call in (*_calls(store), *_listing_calls(store)):
        for too_long in (component, f"/a{component}/b", path, "/a" * 100_000):
            store.expect(InvalidPathError(too_long), call, too_long)
    store.check_listing("/", ["/there"])


@case("paths order", "error InvalidOffset")
def path_is_checked_before_offset(store: Store) -> None:
    """With path and offset both wrong it is InvalidPath; either comes before any I/O."""
    reader = PieceReader(b"unread", 1)
    store.expect(InvalidPathError("/A"), store.driver.read_stream, "/A", -1)
    store.expect(InvalidPathError("/A"), store.driver.write_stream, "/A", -1, reader)
    store.expect(InvalidOffsetError("/no", -1), store.driver.read_stream, "/no", -1)
    store.expect(InvalidOffsetError("/no", -1), store.driver.write_stream, "/no", -1, reader)
    store.expect(InvalidPathError("/B"), store.driver.move, "/no", "/B")
    store.expect(InvalidPathError("/A"), store.driver.move, "/A", "/B")
    require(reader.read(1) == b"u", "a refused write has read from its reader")
    store.check_listing("/", [])


@case("paths rule", "edge 14")
def similar_paths_are_different(store: Store) -> None:
    """Paths that differ in a separator or a digit hold different objects."""
    paths = [f"/dir/{name}" for name in ("a.b", "a-b", "a_b", "ab", "a.b.c", "a0", "a00", "0a")]
    for path in paths:
        store.driver.put_content(path, path.encode())
    for path in paths:
        store.check_content(path, path.encode())
    store.check_listing("/dir", sorted(paths))
