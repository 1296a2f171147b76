"""What is stored during a benchmark: random bytes, the same for the same seed."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Final

from storagedriver.benchmarks.amounts import SMALL_BYTES
from storagedriver.contract import Piece

_PIECE_BYTES: Final = 1 << 20

# Larger than the last-level cache of most machines: a stream that came from the cache would be
# faster than one of data that was just read or made.
_SOURCE_PIECES: Final = 64


class Content:
    """Immutable, and may be shared between threads."""

    def __init__(self, seed: int, stream_bytes: int) -> None:
        random = Random(seed)
        self.small = random.randbytes(SMALL_BYTES)
        self.stream_bytes = stream_bytes
        count = min(_SOURCE_PIECES, -(-stream_bytes // _PIECE_BYTES))
        self._pieces = tuple(random.randbytes(_PIECE_BYTES) for _ in range(count))

    def reader(self) -> ContentReader:
        """Return a reader of as much as a stream is to have."""
        return ContentReader(self._pieces, self.stream_bytes)

    def whole(self, size_bytes: int) -> bytes:
        """Return a content of this size, made anew."""
        reader = ContentReader(self._pieces, size_bytes)
        return b"".join(iter(partial(reader.read, size_bytes), b""))


class ContentReader:
    """Gives pieces again and again, up to a number of bytes, without copying them. For one thread.

    Only what is asked for in smaller parts comes as memoryviews.
    """

    def __init__(self, pieces: tuple[bytes, ...], size_bytes: int) -> None:
        self._pieces = pieces
        self._position = 0
        self._left = size_bytes

    def read(self, size: int, /) -> Piece:
        index, start = divmod(self._position, _PIECE_BYTES)
        piece = self._pieces[index % len(self._pieces)]
        length = min(size, self._left, _PIECE_BYTES - start)
        self._position += length
        self._left -= length
        if length == _PIECE_BYTES:
            return piece
        return memoryview(piece)[start : start + length]
