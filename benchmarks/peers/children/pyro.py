"""The child of the Pyro5 peer: a daemon at a Unix socket."""

# Pyro5 has no types, and its decorators take the type away from what they decorate.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from Pyro5 import api  # type: ignore[import-untyped] # it has no types

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.store import Store


def main() -> None:
    """Serve until the host is gone."""
    daemon = api.Daemon(unixsocket=endpoint())
    # Each connection has a thread, as Pyro5 is configured unless told otherwise.
    daemon.register(api.expose(Store)(), "store")
    is_ready()
    daemon.requestLoop()
