"""The byte streams of the contract: what `read_stream` returns and what `write_stream` takes."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

# What one step of iteration reads where the stream does not come in chunks of its own: large
# enough that the cost of a call vanishes, small enough to stay in a second-level cache.
ITERATION_CHUNK_BYTES = 1 << 20


Piece: TypeAlias = bytes | bytearray | memoryview
"""A run of bytes on its way. Whoever keeps one that is not `bytes` copies it: it may change."""


class Reader(Protocol):
    """The source of a write: anything with a blocking `read(n)` of bytes, where b"" is the end.

    It may give fewer bytes than asked for. An exception that it raises reaches the caller of the
    write unchanged. Drivers are given readers whose pieces may be memoryviews: bytes that have just
    crossed a process boundary are not copied once more.
    """

    def read(self, size: int, /) -> Piece: ...


class ReadStream(io.BufferedIOBase):
    """An open read of one object: a binary stream that cannot seek.

    It is a context manager. `read(n)` and `readinto` give all they are asked for unless the content
    ends, `read1` and `readinto1` what there is. Iteration gives **chunks**, not lines: bytes or
    read-only memoryviews of any size above zero. After an error every further read raises it again;
    nothing is ever cut short silently. Closing twice is no error; reading after it is ValueError.

    Not to be shared between threads without a lock.

    A driver implements `readinto1`, and `close` if it holds something; the rest stands on these.
    """

    size: int | None = None
    """Size of the whole object in bytes when it was opened, or None if the backend cannot say."""

    version: bytes = b""
    """At most 64 opaque bytes that are equal only for the same content; empty if not known."""

    @abstractmethod
    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        """Fill the start of `buffer` with the next bytes; return how many, 0 only at the end."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view):
            count = self.readinto1(view[filled:])
            if count == 0:
                break
            filled += count
        return filled

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return b"".join(self)
        if size > ITERATION_CHUNK_BYTES:
            return self._read_many(size)
        buffer = bytearray(size)
        count = self.readinto(buffer)
        return bytes(memoryview(buffer)[:count])

    def _read_many(self, size: int) -> bytes:
        # In pieces: `size` may be far more than there is, and is not memory to reserve.
        pieces: list[bytes] = []
        while size > 0 and (piece := self.read1(min(size, ITERATION_CHUNK_BYTES))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        buffer = bytearray(ITERATION_CHUNK_BYTES if size < 0 else size)
        count = self.readinto1(buffer)
        return bytes(memoryview(buffer)[:count])

    # The base yields lines of bytes; these are chunks, and may be memoryviews to save a copy.
    def __iter__(self) -> Iterator[bytes | memoryview]:  # type: ignore[override]
        return self

    def __next__(self) -> bytes | memoryview:  # type: ignore[override]
        chunk = self.read1(ITERATION_CHUNK_BYTES)
        if not chunk:
            raise StopIteration
        return chunk

    def check_open(self) -> None:
        """Raise ValueError if the stream is closed, as Python's own files do."""
        if self.closed:
            raise ValueError("read of a closed stream")


class FileReadStream(ReadStream):
    """A ReadStream over an unbuffered file, which it owns and closes."""

    def __init__(
        self, file: io.RawIOBase | io.BytesIO, *, size: int | None = None, version: bytes = b""
    ) -> None:
        self._file = file
        self.size = size
        self.version = version

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        count = self._file.readinto(buffer)
        if count is None:
            raise BlockingIOError("the file of a ReadStream must be a blocking one")
        return count

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


def as_bytes_view(content: ReadableBuffer) -> memoryview:
    """Return a flat view of any bytes-like object. Raises TypeError for anything else."""
    view = memoryview(content)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")
