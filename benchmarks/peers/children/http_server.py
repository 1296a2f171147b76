"""The child of the HTTP peer: the standard library's server at a Unix socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Final, cast

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.sending import send_parts
from storagedriver.benchmarks.peers.children.store import Store

PIECE_BYTES: Final = 1 << 20


def main() -> None:
    """Serve until the host is gone."""
    with _Server(endpoint(), _Handler) as server:
        is_ready()
        server.serve_forever()


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64
    store = Store()


class _Handler(BaseHTTPRequestHandler):
    # Connections stay open.
    protocol_version = "HTTP/1.1"
    rbufsize = 64 * 1024
    connection: socket.socket

    def do_HEAD(self) -> None:
        self._answer(_store(self).size(self.path))

    def do_GET(self) -> None:
        store = _store(self)
        pieces = store.pieces(self.path, PIECE_BYTES)
        # The head and the first piece by one call, which is all that a small content takes.
        self._answer(store.size(self.path), next(pieces, b""))
        for piece in pieces:
            self.connection.sendall(piece)

    def do_PUT(self) -> None:
        store = _store(self)
        if "Content-Length" in self.headers:
            store.put(self.path, self.rfile.read(int(self.headers["Content-Length"])))
        else:
            store.write(self.path, self._chunks())
        told = b"%d" % store.size(self.path)
        self._answer(len(told), told)

    def address_string(self) -> str:
        """Return nothing: a Unix socket has no such address."""
        return ""

    def _answer(self, size: int, content: bytes | memoryview = b"") -> None:
        # Not by `send_response`, which also tells the date and the program.
        send_parts(
            self.connection, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, content
        )

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


def _store(handler: BaseHTTPRequestHandler) -> Store:
    return cast("_Server", handler.server).store
