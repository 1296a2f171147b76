"""The interface of 2014, which every driver serves through the contract's adapter."""

from __future__ import annotations

import io

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_content, require_equal
from storagedriver.conformance.readers import FailingReader, PieceReader
from storagedriver.conformance.store import KIB, Store, failure_of
from storagedriver.contract import InvalidOffsetError, PathNotFoundError, StorageDriver2014


class _ClosableFailingReader(FailingReader):
    closed = False

    def close(self) -> None:
        self.closed = True


@case("interface 2014", "write_stream")
def sized_write(store: Store) -> None:
    """Exactly `size` bytes are read, in whatever pieces they come, and the reader is closed."""
    driver = StorageDriver2014(store.driver)
    for size, piece_bytes in ((0, 1), (1, 1), (1000, 7), (300 * KIB, 64 * KIB)):
        content = store.content(size + 100)
        reader = PieceReader(content, piece_bytes)
        path = store.path()
        driver.write_stream(path, 0, size, reader)
        require(reader.closed, "the reader was not closed")
        require_content(reader.read(100), content[size:][:piece_bytes], "what was not asked for")
        store.check_content(path, content[:size])


@case("interface 2014", "resume_write_position", "resume_write_position")
def sized_write_resumed(store: Store) -> None:
    """A write is continued at resume_write_position until all is there."""
    driver = StorageDriver2014(store.driver)
    path, content = store.path(), store.content(3000)
    while (position := driver.resume_write_position(path)) < 3000:
        driver.write_stream(path, position, 1000, io.BytesIO(content[position:]))
    store.check_content(path, content)
    with driver.read_stream(path, 2000) as stream:
        require_content(stream.read(), content[2000:], "read from 2000")


@case("interface 2014", "edge 5")
def sized_write_that_ends_early(store: Store) -> None:
    """Fewer bytes than `size` is EOFError, never silently accepted; the reader is closed."""
    driver = StorageDriver2014(store.driver)
    old = store.content(100)
    for given in (0, 10, 100 * KIB):
        path, content = store.path(), store.content(given)
        store.driver.put_content(path, old)
        reader = PieceReader(content, 64 * KIB)
        store.expect_class(EOFError, driver.write_stream, path, 50, given + 1, reader)
        require(reader.closed, "the reader was not closed")
        found = store.unrecorded.get_content(path)
        cut = found.startswith(old[:50]) and content.startswith(found[50:])
        require(found == old or cut, "a mixture is left")


@case("interface 2014", "error InvalidOffset")
def sized_write_refused(store: Store) -> None:
    """Offsets and sizes are unsigned; the reader is closed also when the write is refused."""
    driver = StorageDriver2014(store.driver)
    path = store.path()
    for offset, size in ((-1, 1), (0, -1), (5, 1)):
        reader = PieceReader(b"new", 3)
        error = failure_of(driver.write_stream, path, offset, size, reader)
        wanted = InvalidOffsetError if offset else ValueError
        require(isinstance(error, wanted), f"offset {offset}, size {size}: {error!r}")
        require(reader.closed, "the reader was not closed")
    store.check_listing("/", [])
    failure = RuntimeError("the reader failed, as it should")
    failing = _ClosableFailingReader(b"some", failure)
    require_equal(failure_of(driver.write_stream, path, 0, 10, failing), failure, "the error")
    require(failing.closed, "the reader was not closed")


@case("interface 2014", "list")
def list_of_2014(store: Store) -> None:
    """list goes down the whole tree and gives objects only, in byte order."""
    driver = StorageDriver2014(store.driver)
    paths = ["/a-b", "/a/b", "/a/c/d", "/b"]
    for path in reversed(paths):
        driver.put_content(path, path.encode())
    require_equal(driver.list("/"), paths, "list(/)")
    require_equal(driver.list("/a"), ["/a/b", "/a/c/d"], "list(/a)")
    require_content(driver.get_content("/a/b"), b"/a/b", "get_content")
    driver.move("/b", "/c")
    driver.delete("/a")
    require_equal(driver.list("/"), ["/a-b", "/c"], "list(/)")
    store.expect(PathNotFoundError("/a"), driver.list, "/a")
