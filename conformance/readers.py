"""The readers that drivers are given to write from: the well-behaved and the odd ones."""

from __future__ import annotations

import hashlib
import random
import threading

from storagedriver.conformance.together import PATIENCE_SECONDS


class PieceReader:
    """Gives its content in pieces of at most `piece_bytes`, whatever it is asked for."""

    def __init__(self, content: bytes, piece_bytes: int) -> None:
        self._content = content
        self._piece_bytes = piece_bytes
        self._position = 0
        self.closed = False

    def read(self, size: int, /) -> bytes:
        count = self._piece_bytes if size < 0 else min(size, self._piece_bytes)
        piece = self._content[self._position : self._position + count]
        self._position += len(piece)
        return piece

    def close(self) -> None:
        self.closed = True


class GreedyReader:
    """Gives pieces of `piece_bytes` even where fewer were asked for."""

    def __init__(self, content: bytes, piece_bytes: int) -> None:
        self._left = memoryview(content)
        self._piece_bytes = piece_bytes

    def read(self, size: int, /) -> bytes:
        piece, self._left = self._left[: self._piece_bytes], self._left[self._piece_bytes :]
        return bytes(piece)


class ReusingReader:
    """Gives views of one buffer, which it fills anew for every piece."""

    def __init__(self, content: bytes, piece_bytes: int) -> None:
        self._left = memoryview(content)
        self._buffer = bytearray(piece_bytes)

    def read(self, size: int, /) -> memoryview:
        count = min(len(self._left), len(self._buffer), *([size] if size >= 0 else []))
        self._buffer[:] = bytes(len(self._buffer))
        self._buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return memoryview(self._buffer)[:count]


class FailingReader:
    """Gives its content in pieces, and then raises `error` instead of ending."""

    def __init__(self, content: bytes, error: Exception, piece_bytes: int = 64 * 1024) -> None:
        self._pieces = PieceReader(content, piece_bytes)
        self._error = error

    def read(self, size: int, /) -> bytes:
        piece = self._pieces.read(size)
        if not piece:
            raise self._error
        return piece


class WrongReader:
    """Gives `first` unless it is empty, and then `wrong`, which is no bytes."""

    def __init__(self, first: bytes, wrong: object) -> None:
        self._pieces: list[object] = [b"", wrong, first] if first else [b"", wrong]

    def read(self, size: int, /) -> bytes:
        # That it is no bytes is what this reader is for.
        return self._pieces.pop()  # type: ignore[return-value]


class HeldReader:
    """Gives `first`, then holds the write open until `release`, then gives `rest`."""

    def __init__(self, first: bytes, rest: bytes = b"") -> None:
        self._first = PieceReader(first, 64 * 1024)
        self._rest = PieceReader(rest, 64 * 1024)
        self.held = threading.Event()
        """Set once `first` has been read and the write waits."""
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    def read(self, size: int, /) -> bytes:
        piece = self._first.read(size)
        if piece:
            return piece
        self.held.set()
        if not self._released.wait(PATIENCE_SECONDS):
            raise TimeoutError("the case never let the held write go on")
        return self._rest.read(size)


class GeneratedReader:
    """Gives `size_bytes` of seeded content that is never in memory as a whole; keeps its digest."""

    def __init__(self, seed: int, size_bytes: int) -> None:
        # One random block, told apart by a counter: no generator of Python's makes 5 GiB in time.
        self._block = bytearray(random.Random(seed).randbytes(1 << 20))
        self._number = 0
        self._left = size_bytes
        self._pending = b""
        self._digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        if not self._pending and self._left:
            self._number += 1
            self._block[:8] = self._number.to_bytes(8, "big")
            self._pending = bytes(memoryview(self._block)[: self._left])
            self._left -= len(self._pending)
            self._digest.update(self._pending)
        if size < 0 or size >= len(self._pending):
            piece, self._pending = self._pending, b""
        else:
            piece, self._pending = self._pending[:size], self._pending[size:]
        return piece

    def hexdigest(self) -> str:
        """Return the SHA-256 of what has been generated so far."""
        return self._digest.hexdigest()
