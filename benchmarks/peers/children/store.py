"""What a peer's child keeps: contents in a dictionary, copied no more and no less than by inmemory.

A content consists of the pieces that it came in, as `bytes`. One piece is handed out as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

_PREFIX_BYTES: Final = 2


class Store:
    """May be called from any thread: each change of a dictionary is atomic."""

    def __init__(self) -> None:
        self._contents: dict[str, tuple[bytes, ...]] = {}
        self._written: dict[str, list[bytes]] = {}

    def size(self, key: str) -> int:
        """Return the size in bytes; 0 if there is no such content, which a first call asks for."""
        return sum(map(len, self._contents.get(key, ())))

    def get(self, key: str) -> bytes:
        """Return the whole content."""
        return b"".join(self._contents[key])

    def put(self, key: str, content: bytes) -> None:
        """Replace the whole content."""
        self._contents[key] = (content,)

    def pieces(self, key: str, most_bytes: int) -> Iterator[bytes | memoryview]:
        """Give the content in pieces of at most so many bytes, without copying it."""
        for piece in self._contents[key]:
            if len(piece) <= most_bytes:
                yield piece
                continue
            view = memoryview(piece)
            for start in range(0, len(view), most_bytes):
                yield view[start : start + most_bytes]

    def write(self, key: str, pieces: Iterable[bytes]) -> int:
        """Replace the content once all pieces have come; return its size in bytes."""
        self._contents[key] = tuple(pieces)
        return self.size(key)

    # For peers that have calls only, and no streams.

    def first(self, key: str) -> tuple[int, bytes]:
        """Return how many pieces a content came in, and the first: all of one that is small."""
        pieces = self._contents[key]
        return len(pieces), pieces[0] if pieces else b""

    def piece(self, key: str, number: int) -> bytes:
        """Return one of the pieces that a content came in; empty after the last."""
        pieces = self._contents[key]
        return pieces[number] if number < len(pieces) else b""

    def begin(self, key: str) -> None:
        """Begin a content that comes piece by piece."""
        self._written[key] = []

    def append(self, key: str, piece: bytes) -> None:
        """Take the next piece."""
        self._written[key].append(piece)

    def finish(self, key: str) -> int:
        """Replace the content by what was appended; return its size in bytes."""
        return self.write(key, self._written.pop(key))


def with_key(key: str, content: bytes = b"") -> bytes:
    """Return a key and a content as one message, for peers whose messages are plain bytes."""
    encoded = key.encode()
    return b"".join((len(encoded).to_bytes(_PREFIX_BYTES, "big"), encoded, content))


def split_key(message: bytes) -> tuple[str, bytes]:
    """Return the key and the content of such a message."""
    end = _PREFIX_BYTES + int.from_bytes(message[:_PREFIX_BYTES], "big")
    return message[_PREFIX_BYTES:end].decode(), message[end:]
