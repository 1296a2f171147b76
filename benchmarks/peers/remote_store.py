"""Peers that know calls of an object and nothing else: a stream is a call for each piece."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Final, Protocol

from storagedriver.contract import Piece, Reader

PIECE_BYTES: Final = 1 << 20
"""What the reader gives without a copy. Each of them is at its best there, as a call costs less."""


class RemoteStore(Protocol):
    """What a proxy of `children.store.Store` does."""

    def size(self, key: str, /) -> int: ...
    def first(self, key: str, /) -> tuple[int, bytes]: ...
    def put(self, key: str, content: bytes, /) -> None: ...
    def piece(self, key: str, number: int, /) -> bytes: ...
    def begin(self, key: str, /) -> None: ...
    def append(self, key: str, piece: bytes, /) -> None: ...
    def finish(self, key: str, /) -> int: ...


def get_by_calls(store: RemoteStore, key: str) -> bytes:
    """Return a whole content: by one call if it is small, and else by one for each piece.

    A message of 64 MiB is copied so often at either end that it takes twice as long and more.
    """
    count, first = store.first(key)
    if count <= 1:
        return first
    return b"".join((first, *(store.piece(key, number) for number in range(1, count))))


def put_by_calls(store: RemoteStore, key: str, content: bytes) -> None:
    """Replace a whole content, likewise."""
    if len(content) <= PIECE_BYTES:
        store.put(key, content)
    else:
        write_by_calls(store, key, BytesIO(content))


def read_by_calls(store: RemoteStore, key: str) -> Iterator[Piece]:
    """Read a content in the pieces that it was written in."""
    number = 0
    while piece := store.piece(key, number):
        yield piece
        number += 1


def write_by_calls(store: RemoteStore, key: str, reader: Reader) -> int:
    """Write a content; return its size in bytes."""
    store.begin(key)
    while piece := reader.read(PIECE_BYTES):
        store.append(key, bytes(piece))
    return store.finish(key)
