"""The child of the rpyc peer: a threaded server at a Unix socket."""

# rpyc has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUntypedBaseClass=false

from __future__ import annotations

import logging

from rpyc.core import Service  # type: ignore[import-untyped] # it has no types
from rpyc.utils.server import ThreadedServer  # type: ignore[import-untyped] # it has no types

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.rpyc_tuning import tune
from storagedriver.benchmarks.peers.children.store import Store


class StoreService(Service):  # type: ignore[misc] # a base without types
    """A store, whose methods may be called."""

    def __init__(self, store: Store) -> None:
        for name in ("size", "first", "put", "piece", "begin", "append", "finish"):
            setattr(self, f"exposed_{name}", getattr(store, name))


def main() -> None:
    """Serve until the host is gone."""
    tune()
    logging.disable()
    server = ThreadedServer(StoreService(Store()), socket_path=endpoint(), backlog=64)
    # It listens at its start, which does not return.
    server.listener.listen(server.backlog)
    is_ready()
    server.start()
