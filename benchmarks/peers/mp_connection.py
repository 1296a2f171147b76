"""multiprocessing.connection: pickled requests and plain bytes over a Unix socket."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.connection import Client, Connection
from typing import cast

from storagedriver.benchmarks.peers.children.mp_connection import (
    READ_PIECE_BYTES,
    WRITTEN_PIECE_BYTES,
)
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.contract import Piece, Reader


class MultiprocessingConnection(Peer):
    """A connection for each thread. Only what is small is pickled."""

    name = "mp connection"
    program = "mp_connection"

    def connect(self, path: str) -> None:
        self._connections = PerThread(lambda: Client(path, "AF_UNIX"), Connection.close)

    def disconnect(self) -> None:
        if hasattr(self, "_connections"):
            self._connections.close()

    def stat(self, key: str) -> int:
        return self._ask("stat", key)

    def get(self, key: str) -> Piece:
        connection = self._connections.get()
        connection.send(("get", key, None))
        return connection.recv_bytes()

    def put(self, key: str, content: bytes) -> None:
        self._ask("put", key, content)

    def read_stream(self, key: str) -> Iterator[Piece]:
        connection = self._connections.get()
        connection.send(("read", key, None))
        buffer = memoryview(bytearray(READ_PIECE_BYTES))
        while size := connection.recv_bytes_into(buffer):
            yield buffer[:size]

    def write_stream(self, key: str, reader: Reader) -> int:
        connection = self._connections.get()
        connection.send(("write", key, None))
        while piece := reader.read(WRITTEN_PIECE_BYTES):
            connection.send_bytes(piece)
        connection.send_bytes(b"")
        return cast("int", connection.recv())

    def _ask(self, operation: str, key: str, content: bytes | None = None) -> int:
        connection = self._connections.get()
        connection.send((operation, key, content))
        return cast("int", connection.recv())
