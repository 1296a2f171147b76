"""get_content and put_content: whole contents."""

from __future__ import annotations

import array

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require_content, require_equal
from storagedriver.conformance.store import KIB, MIB, Store
from storagedriver.contract import PathNotFoundError


def _round_trip(store: Store, content: bytes) -> None:
    path = store.path()
    store.driver.put_content(path, content)
    store.check_content(path, content)


@case("2015 WriteRead1", "put_content", "get_content")
def put_get_one_byte(store: Store) -> None:
    """One ASCII byte can be put and got."""
    _round_trip(store, b"a")


@case("2015 WriteRead2")
def put_get_one_character(store: Store) -> None:
    """A two-byte UTF-8 character can be put and got."""
    _round_trip(store, b"\xc3\x9f")


@case("2015 WriteRead3")
def put_get_random_bytes(store: Store) -> None:
    """32 random bytes can be put and got."""
    _round_trip(store, store.content(32))


@case("2015 WriteRead4")
def put_get_a_mebibyte(store: Store) -> None:
    """1 MiB of random bytes can be put and got."""
    _round_trip(store, store.content(MIB))


@case("2015 WriteReadNonUTF8")
def put_get_non_utf8(store: Store) -> None:
    """Bytes that are not UTF-8 can be put and got."""
    _round_trip(store, b"\x80\x80\x80\x80")


@case("put_content", "also empty then append")
def put_get_nothing(store: Store) -> None:
    """An empty content makes an object of size 0, which is there."""
    path = store.path()
    store.driver.put_content(path, b"")
    store.check_content(path, b"")
    require_equal(store.driver.stat(path).is_dir, False, f"is_dir of {path}")
    store.check_walk([path])


@case("get_content", "put_content", "also sizes")
def contents_around_buffer_sizes(store: Store) -> None:
    """Contents a byte around the sizes where buffers, frames and chunks end come back whole."""
    limits = [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB]
    path = store.path()
    for limit in limits if store.full else limits[:-1]:
        for size_bytes in (limit - 1, limit, limit + 1):
            content = store.content(size_bytes)
            store.driver.put_content(path, content)
            require_content(store.driver.get_content(path), content, f"{size_bytes} bytes")


@case("get_content", "put_content")
def large_content(store: Store) -> None:
    """get_content and put_content are right for large objects too."""
    content = store.content(store.pick(quick=9 * MIB, full=200 * MIB) + 1)
    path = store.path()
    store.driver.put_content(path, content)
    require_content(store.driver.get_content(path), content, "get_content")


@case("2015 Truncate", "put_content", "also stale bytes")
def shorter_content_replaces_longer(store: Store) -> None:
    """A shorter content replaces a longer one; nothing of the tail stays."""
    path = store.path()
    for size_bytes in (MIB, KIB, 1, 0):
        content = store.content(size_bytes)
        store.driver.put_content(path, content)
        store.check_content(path, content)


@case("put_content", "also stale bytes")
def longer_content_replaces_shorter(store: Store) -> None:
    """Of several puts the last one counts, whatever the sizes."""
    path = store.path()
    for size_bytes in (0, 10, KIB, 10, 100 * KIB):
        content = store.content(size_bytes)
        store.driver.put_content(path, content)
        store.check_content(path, content)


@case("put_content")
def put_creates_parents(store: Store) -> None:
    """Parents come into being with the object, however many."""
    path = store.path(depth=6)
    store.driver.put_content(path, b"deep")
    store.check_content(path, b"deep")
    parent = path.rpartition("/")[0]
    while parent:
        require_equal(store.driver.stat(parent).is_dir, True, f"is_dir of {parent}")
        parent = parent.rpartition("/")[0]


@case("2015 ReadNonexistent", "error PathNotFound")
def get_of_nothing(store: Store) -> None:
    """get_content where nothing is is PathNotFound, in an empty store and beside others."""
    path = store.path()
    store.expect(PathNotFoundError(path), store.driver.get_content, path)
    store.driver.put_content(path + "x", b"beside")
    store.expect(PathNotFoundError(path), store.driver.get_content, path)


@case("put_content", "error types")
def contents_of_every_bytes_type(store: Store) -> None:
    """Whatever is bytes-like can be put; bytes come back."""
    raw = store.content(96)
    path = store.path()
    flat = memoryview(raw)
    for content in (bytearray(raw), flat, flat.cast("I"), array.array("B", raw)):
        store.driver.put_content(path, content)
        store.check_content(path, raw)
        require_equal(type(store.driver.get_content(path)), bytes, "type of the content")
    store.driver.put_content(path, flat[10:20])
    store.check_content(path, raw[10:20])


@case("put_content", "error types")
def contents_of_wrong_types(store: Store) -> None:
    """A content that is not bytes-like is TypeError, and the old content stays."""
    path = store.path()
    store.driver.put_content(path, b"old")
    for wrong in ("text", None, 7, ["a"]):
        # That it is no content is what the case is about.
        store.expect_class(TypeError, store.driver.put_content, path, wrong)  # type: ignore[arg-type]
    store.check_content(path, b"old")


@case("put_content", "also copies")
def content_is_copied(store: Store) -> None:
    """A buffer that was put may be changed afterwards: the store has its own copy."""
    for size_bytes in (32, 100 * KIB):
        raw = store.content(size_bytes)
        path = store.path()
        buffer = bytearray(raw)
        store.driver.put_content(path, buffer)
        buffer[:] = bytes(size_bytes)
        store.check_content(path, raw)
