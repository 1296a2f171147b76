"""write_stream: where a write begins, what it leaves, and what readers may do."""

from __future__ import annotations

import hashlib
import io

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_content, require_equal
from storagedriver.conformance.readers import (
    FailingReader,
    GeneratedReader,
    GreedyReader,
    PieceReader,
    ReusingReader,
    WrongReader,
)
from storagedriver.conformance.store import GIB, KIB, MIB, Store, failure_of
from storagedriver.contract import InvalidOffsetError, PathNotFoundError

_SEVERAL_CHUNKS = 2 * MIB + 4321


def _round_trip(store: Store, content: bytes) -> None:
    path = store.path()
    store.write(path, 0, content)
    store.check_content(path, content)


@case("2015 WriteReadStreams1", "write_stream", "read_stream")
def stream_one_byte(store: Store) -> None:
    """One ASCII byte can be written and read as a stream."""
    _round_trip(store, b"a")


@case("2015 WriteReadStreams2")
def stream_one_character(store: Store) -> None:
    """A two-byte UTF-8 character can be written and read as a stream."""
    _round_trip(store, b"\xc3\x9f")


@case("2015 WriteReadStreams3")
def stream_random_bytes(store: Store) -> None:
    """32 random bytes can be written and read as a stream."""
    _round_trip(store, store.content(32))


@case("2015 WriteReadStreams4")
def stream_a_mebibyte(store: Store) -> None:
    """1 MiB of random bytes can be written and read as a stream."""
    _round_trip(store, store.content(MIB))


@case("2015 WriteReadStreamsNonUTF8")
def stream_non_utf8(store: Store) -> None:
    """Bytes that are not UTF-8 can be written and read as a stream."""
    _round_trip(store, b"\x80\x80\x80\x80")


@case("2015 WriteReadLargeStreams", "also unknown sizes")
def large_stream(store: Store) -> None:
    """A generated stream (full: 5 GiB) comes back with the same SHA-256, and size, as it went."""
    size_bytes = store.pick(quick=24 * MIB + 1, full=5 * GIB)
    reader = GeneratedReader(1, size_bytes)
    path = store.path()
    require_equal(store.driver.write_stream(path, 0, reader), size_bytes, "bytes written")
    digest = hashlib.sha256()
    with store.driver.read_stream(path) as stream:
        for chunk in stream:
            digest.update(chunk)
    require_equal(digest.hexdigest(), reader.hexdigest(), "SHA-256 of what came back")
    require_equal(store.driver.stat(path).size, size_bytes, "size")


def _append_in_chunks(store: Store, chunk_bytes: int) -> None:
    path = store.path()
    content = store.content(4 * chunk_bytes)
    one, two, three = (content[: n * chunk_bytes] for n in (1, 2, 3))
    store.write(path, 0, one)
    store.check_content(path, one)
    store.write(path, store.driver.stat(path).size, two[chunk_bytes:])
    store.check_content(path, two)
    store.write(path, chunk_bytes, two[chunk_bytes:])
    store.check_content(path, two)
    store.write(path, store.driver.stat(path).size, three[2 * chunk_bytes :])
    store.write(path, 3 * chunk_bytes, content[3 * chunk_bytes :])
    store.check_content(path, content)
    # The original lets a gap be filled with zeros here, against its own documentation.
    beyond = 5 * chunk_bytes
    reader = io.BytesIO(one)
    error = InvalidOffsetError(path, beyond)
    store.expect(error, store.driver.write_stream, path, beyond, reader)
    store.expect(InvalidOffsetError(path, -1), store.driver.write_stream, path, -1, reader)
    store.check_content(path, content)


@case("2015 ContinueStreamAppendSmall", "write_stream", "edge 2")
def append_small_chunks(store: Store) -> None:
    """Chunks of 32 bytes are appended at the size that stat tells, and the last one rewritten."""
    _append_in_chunks(store, 32)


@case("2015 ContinueStreamAppendLarge", "write_stream", "edge 2")
def append_large_chunks(store: Store) -> None:
    """The same with chunks of 1 MiB (full: 10 MiB)."""
    _append_in_chunks(store, store.pick(quick=MIB, full=10 * MIB))


@case("2015 EventualConsistency", "dispute 15")
def what_stat_shows_can_be_read(store: Store) -> None:
    """Once stat shows the size after an append, the appended bytes can be read."""
    path = store.path()
    content = b""
    for _ in range(store.pick(quick=64, full=1024)):
        chunk = store.content(32)
        store.write(path, len(content), chunk)
        require_equal(store.driver.stat(path).size, len(content) + 32, "size after an append")
        require_content(store.read(path, len(content)), chunk, "the appended bytes")
        content += chunk
    store.check_content(path, content)


@case("edge 1", "dispute 1", "also stale bytes", "also offsets")
def write_into_the_middle(store: Store) -> None:
    """A write at any offset up to the size ends the content there; no stale tail stays."""
    for size_bytes in (10, 100 * KIB, _SEVERAL_CHUNKS):
        old = store.content(size_bytes)
        path = store.path()
        for offset in (0, 1, size_bytes // 2, size_bytes - 1, size_bytes):
            for data in (b"", b"x", store.content(size_bytes // 3)):
                store.driver.put_content(path, old)
                store.write(path, offset, data)
                store.check_content(path, old[:offset] + data)


@case("edge 1", "edge 2", "also stale bytes")
def cut_off_bytes_never_come_back(store: Store) -> None:
    """After a long content was cut short, appending brings back nothing of what was cut."""
    path = store.path()
    store.write(path, 0, b"s" * 10_000)
    store.write(path, 10, b"")
    store.expect(
        InvalidOffsetError(path, 5000), store.driver.write_stream, path, 5000, io.BytesIO(b"x")
    )
    store.check_content(path, b"s" * 10)
    store.write(path, 10, b"new")
    store.check_content(path, b"s" * 10 + b"new")


@case("edge 2", "error InvalidOffset", "also offsets")
def write_beyond_the_end(store: Store) -> None:
    """A write beyond the current size is InvalidOffset with path and offset; nothing changes."""
    path = store.path()
    store.driver.put_content(path, b"0123456789")
    for offset in (11, 4096, 2**32, 2**63 - 1):
        for data in (b"", b"x", store.content(100 * KIB)):
            wanted = InvalidOffsetError(path, offset)
            reader = io.BytesIO(data)
            error = store.expect(wanted, store.driver.write_stream, path, offset, reader)
            require_equal(error.stored, 10, "what the error says is stored")
    store.check_content(path, b"0123456789")


@case("edge 3", "edge 16", "error InvalidOffset")
def write_beyond_nothing(store: Store) -> None:
    """A write at an offset above 0 where nothing is is InvalidOffset, and leaves nothing behind."""
    path = store.path()
    for offset in (1, 10_000):
        for data in (b"", b"x"):
            error = InvalidOffsetError(path, offset)
            store.expect(error, store.driver.write_stream, path, offset, io.BytesIO(data))
    store.check_missing(path)
    store.check_listing("/", [])


@case("error InvalidOffset")
def write_at_negative_offsets(store: Store) -> None:
    """A negative offset is InvalidOffset with path and offset, and nothing is read or written."""
    path = store.path()
    store.driver.put_content(path, b"old")
    reader = PieceReader(b"new", 3)
    for offset in (-1, -(2**63)):
        error = InvalidOffsetError(path, offset)
        store.expect(error, store.driver.write_stream, path, offset, reader)
    require_content(reader.read(3), b"new", "what the refused write left to read")
    store.check_content(path, b"old")


@case("edge 4", "dispute 8", "also empty then append")
def write_nothing(store: Store) -> None:
    """An empty reader makes an empty object, or leaves the object as it is at its end."""
    path = store.path()
    store.write(path, 0, b"")
    store.check_content(path, b"")
    store.check_walk([path])
    store.write(path, 0, b"some")
    store.write(path, 4, b"")
    store.check_content(path, b"some")
    store.write(path, 0, b"")
    store.check_content(path, b"")


@case("write_stream", "also short sources", "also unknown sizes")
def readers_that_give_less(store: Store) -> None:
    """Readers that give single bytes or odd pieces, whatever they are asked for, are read out."""
    for size_bytes, piece_bytes in ((2000, 1), (100_000, 997), (_SEVERAL_CHUNKS, 65_537)):
        content = store.content(size_bytes)
        path = store.path()
        written = store.driver.write_stream(path, 0, PieceReader(content, piece_bytes))
        require_equal(written, size_bytes, f"bytes written in pieces of {piece_bytes}")
        store.check_content(path, content)


@case("write_stream", "also short sources")
def readers_that_give_more(store: Store) -> None:
    """Of a reader that gives more than it was asked for no byte is lost."""
    content = store.content(5 * MIB + 77)
    for piece_bytes in (3 * MIB, 10 * MIB):
        path = store.path()
        store.driver.put_content(path, b"start")
        written = store.driver.write_stream(path, 5, GreedyReader(content, piece_bytes))
        require_equal(written, len(content), "bytes written")
        store.check_content(path, b"start" + content)


@case("write_stream", "also copies")
def readers_that_reuse_their_buffer(store: Store) -> None:
    """A reader may give views of one buffer that it fills anew each time."""
    for size_bytes, piece_bytes in ((5000, 100), (300_000, 7000), (_SEVERAL_CHUNKS, 300_000)):
        content = store.content(size_bytes)
        path = store.path()
        written = store.driver.write_stream(path, 0, ReusingReader(content, piece_bytes))
        require_equal(written, size_bytes, "bytes written")
        store.check_content(path, content)


@case("write_stream")
def reader_stays_open(store: Store) -> None:
    """write_stream reads its reader to the end and does not close it."""
    reader = PieceReader(b"some content", 5)
    path = store.path()
    store.driver.write_stream(path, 0, reader)
    require(not reader.closed, "the reader was closed")
    require_content(reader.read(5), b"", "what was left to read")
    store.check_content(path, b"some content")


@case("write_stream", "also streams at once", holds_calls_open=True)
def one_stream_feeds_another(store: Store) -> None:
    """A read stream can be the reader of a write."""
    content = store.content(_SEVERAL_CHUNKS)
    source, copy = store.path(), store.path()
    store.driver.put_content(source, content)
    with store.driver.read_stream(source, 1000) as stream:
        written = store.driver.write_stream(copy, 0, stream)
    require_equal(written, len(content) - 1000, "bytes written")
    store.check_content(copy, content[1000:])


@case("edge 5", "dispute 9")
def failing_reader_of_a_new_object(store: Store) -> None:
    """A reader's exception reaches the caller as it is; at most a prefix of its bytes is there."""
    for given in (0, 1, 100_000, _SEVERAL_CHUNKS):
        data = store.content(given)
        path = store.path()
        _fail_midway(store, path, 0, data)
        try:
            found = store.unrecorded.get_content(path)
        except PathNotFoundError:
            # Either is right, so neither is recorded.
            require(failure_of(store.unrecorded.stat, path) is not None, f"half of {path} is there")
        else:
            require(data.startswith(found), f"{path} holds what its reader has not given")


@case("edge 5", "dispute 9", "dispute 15")
def failing_reader_of_an_old_object(store: Store) -> None:
    """When a reader fails, the content is the old one, or old[:offset] and a prefix of the new."""
    for size_bytes in (1000, _SEVERAL_CHUNKS):
        old = store.content(size_bytes)
        for offset in (0, size_bytes // 2, size_bytes):
            for given in (0, 1, 100_000, _SEVERAL_CHUNKS):
                path = store.path()
                data = store.content(given)
                store.driver.put_content(path, old)
                _fail_midway(store, path, offset, data)
                found = store.unrecorded.get_content(path)
                kept = found == old
                cut = found.startswith(old[:offset]) and data.startswith(found[offset:])
                require(kept or cut, f"{path} holds a mixture after a failed write at {offset}")


def _fail_midway(store: Store, path: str, offset: int, data: bytes) -> None:
    failure = RuntimeError("the reader failed, as it should")
    error = failure_of(store.driver.write_stream, path, offset, FailingReader(data, failure))
    require(error is failure, f"the caller should see its reader's own exception, not {error!r}")


@case("error types", "edge 5")
def readers_of_wrong_things(store: Store) -> None:
    """A reader that gives something else than bytes is TypeError, at once and midway."""
    for first in (b"", store.content(100 * KIB)):
        for wrong in ("text", None, 7, ["a"]):
            path = store.path()
            reader = WrongReader(first, wrong)
            store.expect_class(TypeError, store.driver.write_stream, path, 0, reader)
            try:
                found = store.unrecorded.get_content(path)
            except PathNotFoundError:
                continue
            require(first.startswith(found), f"{path} holds what its reader has not given")
