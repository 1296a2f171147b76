"""HTTP over a Unix socket, by the standard library at both ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

from storagedriver.benchmarks.peers.children.http_server import PIECE_BYTES
from storagedriver.benchmarks.peers.children.sending import send_parts
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.contract import Piece, Reader


class Http(Peer):
    """A connection for each thread, which stays open."""

    name = "HTTP"
    program = "http_server"

    def connect(self, path: str) -> None:
        self._connections = PerThread(lambda: _Connection(path), _Connection.close)

    def disconnect(self) -> None:
        if hasattr(self, "_connections"):
            self._connections.close()

    def stat(self, key: str) -> int:
        connection = self._connections.get()
        connection.request("HEAD", key)
        with connection.getresponse() as response:
            return response.length or int(response.headers["Content-Length"])

    def get(self, key: str) -> Piece:
        connection = self._connections.get()
        connection.request("GET", key)
        with connection.getresponse() as response:
            return response.read()

    def put(self, key: str, content: bytes) -> None:
        connection = self._connections.get()
        connection.request("PUT", key, content)
        with connection.getresponse() as response:
            response.read()

    def read_stream(self, key: str) -> Iterator[Piece]:
        connection = self._connections.get()
        connection.request("GET", key)
        with connection.getresponse() as response:
            buffer = memoryview(bytearray(PIECE_BYTES))
            while size := response.readinto(buffer):
                yield buffer[:size]

    def write_stream(self, key: str, reader: Reader) -> int:
        connection = self._connections.get()
        connection.putrequest("PUT", key)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        while piece := reader.read(PIECE_BYTES):
            # Not by `send` with chunks encoded, which copies each into another one.
            send_parts(connection.sock, b"%X\r\n" % len(piece), piece, b"\r\n")
        connection.send(b"0\r\n\r\n")
        with connection.getresponse() as response:
            return int(response.read())


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)
