"""multiprocessing's manager: an object in another process, and a proxy of it here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from multiprocessing.managers import BaseManager, BaseProxy
from typing import cast

from storagedriver.benchmarks.peers.children.mp_manager import AUTHENTICATION
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.remote_store import (
    get_by_calls,
    put_by_calls,
    read_by_calls,
    write_by_calls,
)
from storagedriver.contract import Piece, Reader


class _StoreProxy(BaseProxy):
    """See `remote_store.RemoteStore`. It makes a connection for each thread by itself."""

    def size(self, key: str, /) -> int:
        return cast("int", self._callmethod("size", (key,)))

    def first(self, key: str, /) -> tuple[int, bytes]:
        return cast("tuple[int, bytes]", self._callmethod("first", (key,)))

    def put(self, key: str, content: bytes, /) -> None:
        self._callmethod("put", (key, content))

    def piece(self, key: str, number: int, /) -> bytes:
        return cast("bytes", self._callmethod("piece", (key, number)))

    def begin(self, key: str, /) -> None:
        self._callmethod("begin", (key,))

    def append(self, key: str, piece: bytes, /) -> None:
        self._callmethod("append", (key, piece))

    def finish(self, key: str, /) -> int:
        return cast("int", self._callmethod("finish", (key,)))


class _HostManager(BaseManager):
    """The host's side."""


class MultiprocessingManager(Peer):
    """Everything is pickled, content too."""

    name = "mp manager"
    program = "mp_manager"

    def connect(self, path: str) -> None:
        _HostManager.register("store", proxytype=_StoreProxy)
        manager = _HostManager(path, AUTHENTICATION)
        manager.connect()
        self._store = cast("Callable[[], _StoreProxy]", manager.__getattribute__("store"))()

    def disconnect(self) -> None:
        # Its connections go with it, those of threads that have ended have gone with them.
        if hasattr(self, "_store"):
            del self._store

    def stat(self, key: str) -> int:
        return self._store.size(key)

    def get(self, key: str) -> Piece:
        return get_by_calls(self._store, key)

    def put(self, key: str, content: bytes) -> None:
        put_by_calls(self._store, key, content)

    def read_stream(self, key: str) -> Iterator[Piece]:
        return read_by_calls(self._store, key)

    def write_stream(self, key: str, reader: Reader) -> int:
        return write_by_calls(self._store, key, reader)
