"""The child of the raw sockets peer: a thread for each connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from io import BufferedReader

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.sending import send_parts
from storagedriver.benchmarks.peers.children.socket_messages import (
    PIECE,
    PIECE_BYTES,
    REQUEST,
    RESPONSE,
    Operation,
    incoming_of,
)
from storagedriver.benchmarks.peers.children.store import Store


def main() -> None:
    """Serve until the host is gone."""
    store = Store()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(endpoint())
        listening.listen(64)
        is_ready()
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_serve, args=(connection, store), daemon=True).start()


def _serve(connection: socket.socket, store: Store) -> None:
    with connection, incoming_of(connection) as incoming:
        while head := incoming.read(REQUEST.size):
            operation, key_bytes, content_bytes = REQUEST.unpack(head)
            key = incoming.read(key_bytes).decode()
            if operation == Operation.GET:
                content = store.get(key)
                send_parts(connection, RESPONSE.pack(len(content)), content)
                continue
            if operation == Operation.PUT:
                store.put(key, incoming.read(content_bytes))
            elif operation == Operation.WRITE:
                store.write(key, _pieces(incoming))
            connection.sendall(RESPONSE.pack(store.size(key)))
            if operation == Operation.READ:
                for piece in store.pieces(key, PIECE_BYTES):
                    connection.sendall(piece)


def _pieces(incoming: BufferedReader) -> Iterator[bytes]:
    while size := PIECE.unpack(incoming.read(PIECE.size))[0]:
        yield incoming.read(size)
