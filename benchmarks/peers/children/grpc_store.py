"""The child of the gRPC peer: a server at a Unix socket."""

# grpcio has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc  # type: ignore[import-untyped] # it has no types

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.store import Store, split_key

SERVICE: Final = "Store"

OPTIONS: Final = (
    # A whole content of 64 MiB is one message.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # The largest that HTTP/2 has, and a window to match, rather than ones that are estimated.
    ("grpc.http2.max_frame_size", (1 << 24) - 1),
    ("grpc.http2.lookahead_bytes", 1 << 24),
    ("grpc.http2.bdp_probe", 0),
)

PIECE_BYTES: Final = 1 << 20

_WORKERS: Final = 40
"""More than the threads that call at once."""


def main() -> None:
    """Serve until the host is gone."""
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=OPTIONS)
    methods = _Methods(Store())
    # Without serializers: messages are the bytes themselves, so there is nothing for protoc to
    # generate, and protobuf copies nothing.
    handlers: dict[str, Any] = {
        "Size": grpc.unary_unary_rpc_method_handler(methods.size),
        "Get": grpc.unary_unary_rpc_method_handler(methods.get),
        "Put": grpc.unary_unary_rpc_method_handler(methods.put),
        "Read": grpc.unary_stream_rpc_method_handler(methods.read),
        "Write": grpc.stream_unary_rpc_method_handler(methods.write),
    }
    generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_insecure_port(f"unix:{endpoint()}")
    server.start()
    is_ready()
    server.wait_for_termination()


class _Methods:
    def __init__(self, store: Store) -> None:
        self._store = store

    def size(self, request: bytes, context: object) -> bytes:
        return b"%d" % self._store.size(request.decode())

    def get(self, request: bytes, context: object) -> bytes:
        return self._store.get(request.decode())

    def put(self, request: bytes, context: object) -> bytes:
        self._store.put(*split_key(request))
        return b""

    def read(self, request: bytes, context: object) -> Iterator[bytes]:
        return map(bytes, self._store.pieces(request.decode(), PIECE_BYTES))

    def write(self, requests: Iterator[bytes], context: object) -> bytes:
        key = next(requests).decode()
        return b"%d" % self._store.write(key, requests)
