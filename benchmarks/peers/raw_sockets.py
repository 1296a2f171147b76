"""Raw AF_UNIX sockets: what Python can do without any library, and so the limit for the others."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from storagedriver.benchmarks.peers.children.sending import send_parts
from storagedriver.benchmarks.peers.children.socket_messages import (
    PIECE,
    PIECE_BYTES,
    REQUEST,
    RESPONSE,
    Operation,
    incoming_of,
)
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.contract import Piece, Reader


class RawSockets(Peer):
    """A blocking connection for each thread."""

    name = "raw sockets"
    program = "raw_sockets"

    def connect(self, path: str) -> None:
        self._connections = PerThread(lambda: _Connection(path), _Connection.close)

    def disconnect(self) -> None:
        if hasattr(self, "_connections"):
            self._connections.close()

    def stat(self, key: str) -> int:
        return self._connections.get().ask(Operation.SIZE, key)

    def get(self, key: str) -> Piece:
        connection = self._connections.get()
        return connection.incoming.read(connection.ask(Operation.GET, key))

    def put(self, key: str, content: bytes) -> None:
        self._connections.get().ask(Operation.PUT, key, content)

    def read_stream(self, key: str) -> Iterator[Piece]:
        connection = self._connections.get()
        left = connection.ask(Operation.READ, key)
        buffer = memoryview(bytearray(min(left, PIECE_BYTES)))
        while left:
            size = connection.incoming.readinto(buffer[:left])
            left -= size
            yield buffer[:size]

    def write_stream(self, key: str, reader: Reader) -> int:
        connection = self._connections.get()
        connection.tell(Operation.WRITE, key)
        while piece := reader.read(PIECE_BYTES):
            send_parts(connection.socket, PIECE.pack(len(piece)), piece)
        connection.socket.sendall(PIECE.pack(0))
        return connection.answer()


class _Connection:
    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.incoming = incoming_of(self.socket)
        self.socket.connect(path)

    def close(self) -> None:
        self.incoming.close()
        self.socket.close()

    def ask(self, operation: Operation, key: str, content: bytes = b"") -> int:
        self.tell(operation, key, content)
        return self.answer()

    def tell(self, operation: Operation, key: str, content: bytes = b"") -> None:
        encoded = key.encode()
        head = REQUEST.pack(operation, len(encoded), len(content)) + encoded
        send_parts(self.socket, head, content)

    def answer(self) -> int:
        size: int = RESPONSE.unpack(self.incoming.read(RESPONSE.size))[0]
        return size
