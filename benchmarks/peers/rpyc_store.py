"""rpyc: transparent remote objects. Only plain values cross here, so there are no references."""

# rpyc has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import count, islice
from typing import Final, Generic, Protocol, TypeVar, cast

from rpyc import async_  # type: ignore[import-untyped] # it has no types
from rpyc.core.stream import SocketStream  # type: ignore[import-untyped] # it has no types
from rpyc.utils.factory import connect_stream  # type: ignore[import-untyped] # it has no types

from storagedriver.benchmarks.peers.children.rpyc_tuning import tune
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.benchmarks.peers.remote_store import PIECE_BYTES, RemoteStore
from storagedriver.contract import Piece, Reader

_CALLS_IN_FLIGHT: Final = 4
"""Of a stream: it can make calls without waiting for the answers to those before."""

T_co = TypeVar("T_co", covariant=True)


class _Later(Protocol, Generic[T_co]):
    """An answer that may not be here yet."""

    @property
    def value(self) -> T_co: ...


class _Connected(Protocol):
    """As much of an rpyc connection as is used here."""

    @property
    def root(self) -> RemoteStore: ...
    def close(self) -> None: ...


class Rpyc(Peer):
    """A connection for each thread."""

    name = "rpyc"
    program = "rpyc_store"

    def connect(self, path: str) -> None:
        tune()
        self._connections = PerThread(lambda: _Connection(path), _Connection.close)

    def disconnect(self) -> None:
        if hasattr(self, "_connections"):
            self._connections.close()

    def stat(self, key: str) -> int:
        return self._connections.get().size(key)

    def get(self, key: str) -> Piece:
        connection = self._connections.get()
        parts, first = connection.first(key)
        return first if parts <= 1 else b"".join((first, *connection.pieces(key, 1)))

    def put(self, key: str, content: bytes) -> None:
        if len(content) <= PIECE_BYTES:
            self._connections.get().put(key, content)
        else:
            self.write_stream(key, BytesIO(content))

    def read_stream(self, key: str) -> Iterator[Piece]:
        return self._connections.get().pieces(key, 0)

    def write_stream(self, key: str, reader: Reader) -> int:
        connection = self._connections.get()
        connection.begin(key)
        sent: deque[_Later[None]] = deque()
        while piece := reader.read(PIECE_BYTES):
            sent.append(connection.append_later(key, bytes(piece)))
            if len(sent) == _CALLS_IN_FLIGHT:
                _ = sent.popleft().value
        while sent:
            _ = sent.popleft().value
        return connection.finish(key)


class _Connection:
    """A connection, and the methods at its other end: to find one anew would be a call more."""

    def __init__(self, path: str) -> None:
        # Not by rpyc's `unix_connect`: that sets a time limit, by which there is a poll before each
        # system call, and a write that waits for three seconds fails.
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        made = connect_stream(SocketStream(connection), config={"sync_request_timeout": None})
        self._connected = cast("_Connected", made)
        root = self._connected.root
        self.size, self.first, self.put = root.size, root.first, root.put
        self.begin, self.finish = root.begin, root.finish
        self._ask = cast("Callable[[str, int], _Later[bytes]]", async_(root.piece))
        self.append_later = cast("Callable[[str, bytes], _Later[None]]", async_(root.append))

    def pieces(self, key: str, start: int) -> Iterator[bytes]:
        """Give the pieces of a content from one of them on."""
        numbers = count(start)
        asked = deque(self._ask(key, number) for number in islice(numbers, _CALLS_IN_FLIGHT))
        while piece := asked.popleft().value:
            asked.append(self._ask(key, next(numbers)))
            yield piece
        while asked:
            _ = asked.popleft().value

    def close(self) -> None:
        self._connected.close()
