"""The child of the multiprocessing connection peer: a thread for each connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, Listener
from typing import Final

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.store import Store

WRITTEN_PIECE_BYTES: Final = 256 * 1024
READ_PIECE_BYTES: Final = 64 * 1024
"""Each is the quickest in its direction. Here more is not better."""


def main() -> None:
    """Serve until the host is gone."""
    store = Store()
    # Without a key, as its directory is private: no challenge at each connect.
    with Listener(endpoint(), "AF_UNIX", backlog=64) as listener:
        is_ready()
        while True:
            connection = listener.accept()
            threading.Thread(target=_serve, args=(connection, store), daemon=True).start()


def _serve(connection: Connection, store: Store) -> None:
    while True:
        try:
            operation, key, content = connection.recv()
        except EOFError:
            return
        if operation == "get":
            connection.send_bytes(store.get(key))
            continue
        if operation == "put":
            store.put(key, content)
        elif operation == "write":
            store.write(key, _pieces(connection))
        elif operation == "read":
            for piece in store.pieces(key, READ_PIECE_BYTES):
                connection.send_bytes(piece)
            connection.send_bytes(b"")
            continue
        connection.send(store.size(key))


def _pieces(connection: Connection) -> Iterator[bytes]:
    while piece := connection.recv_bytes():
        yield piece
