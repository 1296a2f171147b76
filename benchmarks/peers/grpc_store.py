"""grpcio: gRPC for Python, with calls of one message each way, and streams."""

# grpcio has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, cast

import grpc  # type: ignore[import-untyped] # it has no types

from storagedriver.benchmarks.peers.children.grpc_store import OPTIONS, PIECE_BYTES, SERVICE
from storagedriver.benchmarks.peers.children.store import with_key
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.contract import Piece, Reader

Unary = Callable[[bytes], bytes]


class _Channel(Protocol):
    """As much of a gRPC channel as is used here."""

    def unary_unary(self, method: str) -> Unary: ...
    def unary_stream(self, method: str) -> Callable[[bytes], Iterator[bytes]]: ...
    def stream_unary(self, method: str) -> Callable[[Iterator[bytes]], bytes]: ...
    def close(self) -> None: ...


class Grpc(Peer):
    """A channel for each thread, with a connection of its own: one that is shared is slower."""

    name = "grpcio"
    program = "grpc_store"

    def connect(self, path: str) -> None:
        self._stubs = PerThread(lambda: _Stub(path), _Stub.close)

    def disconnect(self) -> None:
        if hasattr(self, "_stubs"):
            self._stubs.close()

    def stat(self, key: str) -> int:
        return int(self._stubs.get().size(key.encode()))

    def get(self, key: str) -> Piece:
        return self._stubs.get().get(key.encode())

    def put(self, key: str, content: bytes) -> None:
        self._stubs.get().put(with_key(key, content))

    def read_stream(self, key: str) -> Iterator[Piece]:
        return self._stubs.get().read(key.encode())

    def write_stream(self, key: str, reader: Reader) -> int:
        return int(self._stubs.get().write(_messages(key, reader)))


class _Stub:
    """What protoc would generate, for messages that are bytes."""

    def __init__(self, path: str) -> None:
        options = (*OPTIONS, ("grpc.use_local_subchannel_pool", 1))
        channel = cast("_Channel", grpc.insecure_channel(f"unix:{path}", options=options))
        self.size = channel.unary_unary(f"/{SERVICE}/Size")
        self.get = channel.unary_unary(f"/{SERVICE}/Get")
        self.put = channel.unary_unary(f"/{SERVICE}/Put")
        self.read = channel.unary_stream(f"/{SERVICE}/Read")
        self.write = channel.stream_unary(f"/{SERVICE}/Write")
        self._channel = channel

    def close(self) -> None:
        self._channel.close()


def _messages(key: str, reader: Reader) -> Iterator[bytes]:
    yield key.encode()
    while piece := reader.read(PIECE_BYTES):
        yield bytes(piece)
