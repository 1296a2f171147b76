"""Reads that are open while their object is replaced or deleted, and writes that are held open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_content, require_equal
from storagedriver.conformance.readers import HeldReader
from storagedriver.conformance.store import KIB, MIB, Store
from storagedriver.conformance.together import PATIENCE_SECONDS, Background
from storagedriver.contract import PathNotFoundError, StorageDriverError

_PATH = "/dir/object"


def _read_while(store: Store, old: bytes, new: bytes, change: Callable[[], None]) -> None:
    """Open a stream on `old`, read a little, `change`, read the rest: it is all of one of them."""
    store.driver.put_content(_PATH, old)
    for taken in (0, 1, 100 * KIB):
        with store.unrecorded.read_stream(_PATH) as stream:
            first = stream.read(taken)
            change()
            try:
                found = first + stream.read()
            except StorageDriverError:
                # Nothing to give any more is an answer; a mixture is none.
                pass
            else:
                require(found in (old, new), f"after {taken} bytes the reader got a mixture")
        store.driver.put_content(_PATH, old)


@case("edge 20", "put_content", holds_calls_open=True)
def read_while_put(store: Store) -> None:
    """A stream that is open while put_content replaces its object gives one content, whole."""
    old = store.content(store.pick(quick=6 * MIB, full=64 * MIB))
    for new in (store.content(len(old)), store.content(1000), old + b"more", b""):
        _read_while(store, old, new, partial(store.driver.put_content, _PATH, new))


@case("edge 20", "move", holds_calls_open=True)
def read_while_moved_over(store: Store) -> None:
    """A stream that is open while another object is moved over its own gives one content, whole."""
    old = store.content(store.pick(quick=6 * MIB, full=64 * MIB))
    new = store.content(len(old))

    def replace() -> None:
        store.driver.put_content("/other", new)
        store.driver.move("/other", _PATH)

    _read_while(store, old, new, replace)


@case("edge 20", "delete", holds_calls_open=True)
def read_while_deleted(store: Store) -> None:
    """A stream that is open while its object goes, by delete or move, gives it all or raises."""
    old = store.content(store.pick(quick=6 * MIB, full=64 * MIB))
    _read_while(store, old, old, lambda: store.driver.delete(_PATH))
    _read_while(store, old, old, lambda: store.driver.delete("/dir"))
    _read_while(store, old, old, lambda: store.driver.move(_PATH, "/away"))


@case("edge 18", "also held writes", "also streams at once", holds_calls_open=True)
def staging_is_not_visible(store: Store) -> None:
    """While a write is held open, list, stat and walk show its path or nothing, no other name."""
    store.driver.put_content("/there/file", b"there")
    for path in ("/there/new", "/new/parent/object", "/top"):
        reader = HeldReader(store.content(200 * KIB), store.content(10))
        writing = Background(partial(store.driver.write_stream, path, 0, reader))
        try:
            require(reader.held.wait(PATIENCE_SECONDS), "the reader was never read to its middle")
            _check_only(store, path)
        finally:
            reader.release()
        require_equal(writing.result(), 200 * KIB + 10, "bytes written")
        require_equal(store.driver.stat(path).size, 200 * KIB + 10, "size")
        store.driver.delete(path)
    store.check_walk(["/there/file"])


def _check_only(store: Store, path: str) -> None:
    """Nothing but /there/file, `path` and its parents is to be seen."""
    parts = path.split("/")
    parents = {"/".join(parts[:end]) for end in range(2, len(parts))}
    allowed = {"/there", "/there/file", path, *parents}
    driver = store.unrecorded
    seen = {info.path for info in driver.walk("/")}
    for directory in ("/", "/there", *parents):
        try:
            seen |= set(driver.list(directory))
        except PathNotFoundError:
            require(directory in parents, f"{directory} is gone")
    require(seen <= allowed, f"while {path} was written one saw {sorted(seen - allowed)}")
    for shown in seen:
        driver.stat(shown)


@case("edge 18", "edge 20", "also held writes", holds_calls_open=True)
def held_write_over_an_object(store: Store) -> None:
    """While a write at an offset is held open, the first bytes are there; then all of them."""
    old = store.content(100 * KIB)
    store.driver.put_content(_PATH, old)
    first, rest = store.content(100 * KIB), store.content(50 * KIB)
    reader = HeldReader(first, rest)
    writing = Background(lambda: store.driver.write_stream(_PATH, 50 * KIB, reader))
    try:
        require(reader.held.wait(PATIENCE_SECONDS), "the reader was never read to its middle")
        found = store.unrecorded.get_content(_PATH)
        require(found.startswith(old[: 50 * KIB]), "the bytes before the offset have changed")
        require_equal(store.unrecorded.list("/dir"), [_PATH], "list")
    finally:
        reader.release()
    require_equal(writing.result(), 150 * KIB, "bytes written")
    require_content(store.driver.get_content(_PATH), old[: 50 * KIB] + first + rest, "content")


@case("also held writes", holds_calls_open=True)
def held_writes_hold_up_nobody(store: Store) -> None:
    """While 4 writes are held open, every other call still gets its answer."""
    readers = [HeldReader(store.content(100 * KIB)) for _ in range(4)]
    held = [
        Background(partial(store.driver.write_stream, f"/held/{number}", 0, reader))
        for number, reader in enumerate(readers)
    ]
    try:
        for reader in readers:
            require(reader.held.wait(PATIENCE_SECONDS), "a reader was never read to its middle")
        store.driver.put_content("/a/b", b"content")
        store.check_content("/a/b", b"content")
        store.driver.move("/a/b", "/a/c")
        store.check_listing("/a", ["/a/c"])
        store.driver.delete("/a")
    finally:
        for reader in readers:
            reader.release()
    require_equal([each.result() for each in held], [100 * KIB] * 4, "bytes written")
