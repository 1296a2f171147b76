"""The child of the multiprocessing manager peer: the server of a BaseManager."""

from __future__ import annotations

from multiprocessing.managers import BaseManager

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.store import Store

AUTHENTICATION = b"of no use: the directory of the socket is private"
"""A manager insists on a key. It is asked for when a thread connects, and not at each call."""

METHODS = ("size", "first", "put", "piece", "begin", "append", "finish")


class StoreManager(BaseManager):
    """Either side of the connection. The child has the store; the host does not call this."""


def main() -> None:
    """Serve until the host is gone."""
    store = Store()
    StoreManager.register("store", callable=lambda: store, exposed=METHODS)
    # Not by `start`, which forks the host: its memory would be the child's, and its start no start.
    server = StoreManager(endpoint(), AUTHENTICATION).get_server()
    is_ready()
    server.serve_forever()
