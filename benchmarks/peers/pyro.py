"""Pyro5: remote objects in pure Python, with its quickest serializer for bytes, msgpack."""

# Pyro5 has no types, and what it wants its users to call begins with an underscore.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, cast

from Pyro5 import api  # type: ignore[import-untyped] # it has no types

from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.benchmarks.peers.remote_store import (
    RemoteStore,
    get_by_calls,
    put_by_calls,
    read_by_calls,
    write_by_calls,
)
from storagedriver.contract import Piece, Reader


class _Proxy(RemoteStore, Protocol):
    """As much of Pyro5's Proxy as is used here."""

    _pyroSerializer: str  # noqa: N815 - Pyro5's name

    def _pyroClaimOwnership(self) -> None: ...  # noqa: N802 - Pyro5's name
    def _pyroRelease(self) -> None: ...  # noqa: N802 - Pyro5's name


class Pyro(Peer):
    """A proxy for each thread, as one proxy has one connection."""

    name = "Pyro5"
    program = "pyro"

    def connect(self, path: str) -> None:
        uri = f"PYRO:store@./u:{path}"
        proxy = cast("Callable[[str], _Proxy]", api.Proxy)

        def new_proxy() -> _Proxy:
            made = proxy(uri)
            made._pyroSerializer = "msgpack"
            return made

        self._stores = PerThread(new_proxy, _close)

    def disconnect(self) -> None:
        if hasattr(self, "_stores"):
            self._stores.close()

    def stat(self, key: str) -> int:
        return self._stores.get().size(key)

    def get(self, key: str) -> Piece:
        return get_by_calls(self._stores.get(), key)

    def put(self, key: str, content: bytes) -> None:
        put_by_calls(self._stores.get(), key, content)

    def read_stream(self, key: str) -> Iterator[Piece]:
        return read_by_calls(self._stores.get(), key)

    def write_stream(self, key: str, reader: Reader) -> int:
        return write_by_calls(self._stores.get(), key, reader)


def _close(proxy: _Proxy) -> None:
    # Only the thread that owns a proxy may, and the one that made it may have ended.
    proxy._pyroClaimOwnership()
    proxy._pyroRelease()
