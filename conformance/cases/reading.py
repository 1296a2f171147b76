"""read_stream: where a read begins, how it is taken apart, and how it ends."""

from __future__ import annotations

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_content, require_equal
from storagedriver.conformance.store import KIB, MIB, Store
from storagedriver.contract import InvalidOffsetError, PathNotFoundError, ReadStream

# More than one chunk of the protocol and no multiple of anything.
_SEVERAL_CHUNKS = 2 * MIB + 4321


def _stored(store: Store, size_bytes: int) -> tuple[str, bytes]:
    path = store.path()
    content = store.content(size_bytes)
    store.driver.put_content(path, content)
    return path, content


@case("2015 ReadStreamWithOffset", "read_stream", "edge 6", "error InvalidOffset")
def read_from_offsets(store: Store) -> None:
    """Reads of 96 bytes from 0, 32, 64, the last byte and the end; from -1 it is InvalidOffset."""
    path, content = _stored(store, 96)
    for offset in (0, 32, 64, 95, 96):
        require_content(store.read(path, offset), content[offset:], f"read from {offset}")
    store.expect(InvalidOffsetError(path, -1), store.driver.read_stream, path, -1)
    with store.driver.read_stream(path, 95) as stream:
        require_content(stream.read(1), content[95:], "the last byte")
        for _ in range(3):
            require_content(stream.read(1), b"", "read at the end")


@case("edge 6", "dispute 7", "also offsets")
def read_beyond_the_end(store: Store) -> None:
    """At and beyond the end a stream is empty, however far; of an empty object it always is."""
    path, content = _stored(store, 1000)
    empty = store.path()
    store.driver.put_content(empty, b"")
    for offset in (999, 1000, 1001, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1):
        require_content(store.read(path, offset), content[offset:], f"read from {offset}")
        require_content(store.read(empty, offset), b"", f"read of nothing from {offset}")
    require_content(store.read(empty), b"", "read of nothing")


@case("edge 6", "error InvalidOffset")
def read_from_negative_offsets(store: Store) -> None:
    """Every negative offset is InvalidOffset with path and offset, even where nothing is."""
    path, _ = _stored(store, 10)
    for offset in (-1, -10, -(2**63)):
        store.expect(InvalidOffsetError(path, offset), store.driver.read_stream, path, offset)
        store.expect(InvalidOffsetError("/no", offset), store.driver.read_stream, "/no", offset)


@case("2015 ReadNonexistentStream", "error PathNotFound")
def read_of_nothing(store: Store) -> None:
    """A read where nothing is is PathNotFound, raised by the call that opens it, at any offset."""
    path = store.path()
    for offset in (0, 64, 2**40):
        store.expect(PathNotFoundError(path), store.driver.read_stream, path, offset)


@case("read_stream", "also random ranges")
def read_random_ranges(store: Store) -> None:
    """50 random pieces, each read by a stream of its own and left early, are what was stored."""
    path, content = _stored(store, store.pick(quick=_SEVERAL_CHUNKS, full=20 * MIB))
    for _ in range(50):
        offset = store.random.randrange(len(content) + 10)
        length = store.random.choice((1, 100, 5000, 300_000))
        with store.driver.read_stream(path, offset) as stream:
            piece = stream.read(length)
        require_content(piece, content[offset : offset + length], f"{length} from {offset}")


@case("read_stream")
def read_in_pieces(store: Store) -> None:
    """Pieces of random sizes, by every way of reading, make up the whole."""
    path, content = _stored(store, _SEVERAL_CHUNKS)
    pieces: list[bytes] = []
    with store.driver.read_stream(path) as stream:
        while piece := _take_some(
            stream, store.random.randrange(4), store.random.randrange(200_000)
        ):
            pieces.append(piece)
    require_content(b"".join(pieces), content, "all pieces together")


def _take_some(stream: ReadStream, way: int, size_bytes: int) -> bytes:
    size_bytes += 1
    if way == 0:
        return stream.read(size_bytes)
    if way == 1:
        return stream.read1(size_bytes)
    buffer = bytearray(size_bytes)
    count = stream.readinto(buffer) if way == 2 else stream.readinto1(buffer)
    require(not any(buffer[count:]), "bytes were written behind those that were counted")
    return bytes(buffer[:count])


@case("read_stream")
def read_gives_all_it_is_asked_for(store: Store) -> None:
    """read(n) and readinto give n bytes unless the content ends, read(0) none, read() the rest."""
    path, content = _stored(store, _SEVERAL_CHUNKS)
    with store.driver.read_stream(path) as stream:
        require_content(stream.read(0), b"", "read(0)")
        require_content(stream.read(MIB + 1), content[: MIB + 1], "read(n)")
        buffer = bytearray(MIB)
        require_equal(stream.readinto(buffer), MIB, "readinto")
        require_content(bytes(buffer), content[MIB + 1 : 2 * MIB + 1], "readinto")
        require_content(stream.read(), content[2 * MIB + 1 :], "read()")
        for rest in (stream.read(), stream.read(-1), stream.read(10), stream.read1(10)):
            require_content(rest, b"", "read at the end")
        require_equal(stream.readinto(bytearray(10)), 0, "readinto at the end")
    with store.driver.read_stream(path) as stream:
        require_content(stream.read(10 * MIB), content, "read of more than there is")


@case("read_stream")
def read_by_iteration(store: Store) -> None:
    """Iteration gives chunks that are not empty and make up the rest, also after a read."""
    path, content = _stored(store, _SEVERAL_CHUNKS)
    with store.driver.read_stream(path, 10) as stream:
        first = stream.read(5)
        chunks = [bytes(chunk) for chunk in stream]
        require(all(chunks), "iteration gave an empty chunk")
        require_content(first + b"".join(chunks), content[10:], "what iteration gave")
    with store.driver.read_stream(path, len(content)) as stream:
        require_equal(list(stream), [], "iteration at the end")


@case("read_stream")
def stream_tells_about_itself(store: Store) -> None:
    """A stream is a binary one that can be read and not sought, and knows the object's size."""
    path, content = _stored(store, KIB)
    with store.driver.read_stream(path, 1000) as stream:
        require(isinstance(stream, ReadStream), f"{type(stream).__name__} is no ReadStream")
        facts = (stream.readable(), stream.writable(), stream.seekable(), stream.closed)
        require_equal(facts, (True, False, False, False), "readable, writable, seekable, closed")
        require(stream.size in (None, len(content)), f"size of the object is {stream.size}")
        require(len(stream.version) <= 64, f"the version has {len(stream.version)} bytes")
    require(stream.closed, "leaving the context has not closed the stream")


@case("read_stream", "also abandoned reads")
def read_after_close(store: Store) -> None:
    """Reading a closed stream is ValueError, in whatever way; closing twice is no error."""
    path, _ = _stored(store, _SEVERAL_CHUNKS)
    for taken in (0, 10, _SEVERAL_CHUNKS):
        stream = store.driver.read_stream(path)
        stream.read(taken)
        stream.close()
        stream.close()
        for call in (stream.read, stream.read1, stream.__next__):
            store.expect_class(ValueError, call)
        for fill in (stream.readinto, stream.readinto1):
            store.expect_class(ValueError, fill, bytearray(5))
        require(stream.closed, "a closed stream says it is open")


@case("read_stream", "also abandoned reads")
def reads_left_early(store: Store) -> None:
    """Streams that are closed unread or half read are in no later call's way."""
    path, content = _stored(store, _SEVERAL_CHUNKS)
    for taken in (0, 1, 70_000, MIB) * 10:
        stream = store.driver.read_stream(path)
        require_content(stream.read(taken), content[:taken], f"the first {taken} bytes")
        stream.close()
        require_equal(store.driver.stat(path).size, len(content), "size")
    store.check_content(path, content)


@case("read_stream", "also abandoned reads")
def streams_dropped_unclosed(store: Store) -> None:
    """100 streams that are dropped without being closed are in no later call's way."""
    path, content = _stored(store, _SEVERAL_CHUNKS)
    for number in range(100):
        stream = store.driver.read_stream(path, number)
        require_content(stream.read(10), content[number : number + 10], f"read from {number}")
        del stream
    store.check_content(path, content)


@case("read_stream", "also streams at once", holds_calls_open=True)
def several_streams_at_once(store: Store) -> None:
    """One thread reads 8 streams by turns and makes other calls in between."""
    path, content = _stored(store, _SEVERAL_CHUNKS)
    streams = [store.driver.read_stream(path, offset) for offset in range(8)]
    parts: list[list[bytes]] = [[] for _ in streams]
    for _ in range(len(content) // 300_000 + 1):
        for stream, part in zip(streams, parts, strict=True):
            part.append(stream.read(300_000))
        store.driver.put_content("/meanwhile", b"something")
    for offset, (stream, part) in enumerate(zip(streams, parts, strict=True)):
        require_content(b"".join(part), content[offset:], f"stream from {offset}")
        stream.close()


@case("read_stream", "also versions", "edge 20")
def version_tells_contents_apart(store: Store) -> None:
    """Contents of one size written in quick succession have different versions, or none at all."""
    path = store.path()
    versions: list[bytes] = []
    for number in range(20):
        content = number.to_bytes(8, "big")
        if number % 2:
            store.driver.put_content(path, content)
        else:
            store.write(path, 0, content)
        with store.driver.read_stream(path) as stream:
            versions.append(stream.version)
    known = [version for version in versions if version]
    require_equal(len(set(known)), len(known), "different versions of different contents")
