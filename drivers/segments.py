"""Contents in memory: immutable runs of bytes, so that readers keep what they opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from storagedriver.contract.streams import ReadStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Segments = tuple[bytes, ...]
"""A content: the runs of bytes that it consists of, none of them empty."""

JOIN_BELOW_BYTES: Final = 64 * 1024
"""Neighbours smaller than this become one. So many small appends cost a copy of this much each, and
a content has no more segments than one for each 64 KiB, which keeps the tuple small too."""


def cut(segments: Segments, size_bytes: int) -> Segments:
    """Return the first `size_bytes` of a content, which has at least as many."""
    surplus = sum(map(len, segments)) - size_bytes
    kept = len(segments)
    # From the end, since nearly every write is an append.
    while surplus > 0 and surplus >= len(segments[kept - 1]):
        kept -= 1
        surplus -= len(segments[kept])
    if surplus == 0:
        return segments[:kept]
    return (*segments[: kept - 1], segments[kept - 1][:-surplus])


def appended(segments: Segments, more: Iterable[bytes]) -> Segments:
    """Return a content with `more` at its end. Segments that need not change are shared."""
    return (*segments[:-1], *_joined((*segments[-1:], *more)))


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    pending_bytes = 0
    for piece in pieces:
        pending.append(piece)
        pending_bytes += len(piece)
        if pending_bytes >= JOIN_BELOW_BYTES:
            # Of a single piece this is no copy.
            yield b"".join(pending)
            pending.clear()
            pending_bytes = 0
    if pending_bytes:
        yield b"".join(pending)


class SegmentsReadStream(ReadStream):
    """Reads a content that nobody changes, from `offset` in bytes on."""

    def __init__(self, segments: Segments, offset: int, *, size: int, version: bytes) -> None:
        self.size = size
        self.version = version
        first = 0
        while first < len(segments) and offset >= len(segments[first]):
            offset -= len(segments[first])
            first += 1
        self._segments = segments
        self._index = first
        self._start = offset

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        self.check_open()
        if self._index == len(self._segments):
            return 0
        view = memoryview(buffer).cast("B")
        segment = self._segments[self._index]
        count = min(len(view), len(segment) - self._start)
        view[:count] = memoryview(segment)[self._start : self._start + count]
        self._start += count
        if self._start == len(segment):
            self._advance()
        return count

    # Python's own streams iterate over bytes; why these do not, ReadStream says.
    def __next__(self) -> bytes | memoryview:  # type: ignore[override]
        """Return what is left of a segment, without copying it."""
        self.check_open()
        if self._index == len(self._segments):
            raise StopIteration
        segment = self._segments[self._index]
        rest = memoryview(segment)[self._start :] if self._start else segment
        self._advance()
        return rest

    def _advance(self) -> None:
        self._index += 1
        self._start = 0

    def close(self) -> None:
        # A closed stream that somebody keeps does not keep the content.
        self._segments = ()
        self._index = 0
        super().close()
