"""What all peers with a child of ours have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from storagedriver.benchmarks.peers.child import Child
from storagedriver.contract import Piece, Reader


class Peer(ABC):
    """See `subject.Subject`. A chunk of a read stream may be overwritten by the next one.

    What a thread reads as a stream it reads to the end, before it calls anything else.
    """

    name: str

    program: str
    """The module of `children` that its child runs."""

    def __init__(self) -> None:
        self._child = Child(self.program)

    most_calls: int | None = None

    @property
    def child_pid(self) -> int | None:
        return self._child.pid

    def start(self) -> None:
        self.connect(self._child.start())
        self.stat("/")

    def stop(self) -> None:
        try:
            self.disconnect()
        finally:
            self._child.stop()

    @abstractmethod
    def connect(self, path: str) -> None:
        """Get ready for calls to the child that listens at `path`."""

    @abstractmethod
    def disconnect(self) -> None:
        """Close all connections. Without effect if there are none."""

    @abstractmethod
    def stat(self, key: str) -> int: ...

    @abstractmethod
    def get(self, key: str) -> Piece: ...

    @abstractmethod
    def put(self, key: str, content: bytes) -> None: ...

    @abstractmethod
    def read_stream(self, key: str) -> Iterator[Piece]: ...

    @abstractmethod
    def write_stream(self, key: str, reader: Reader) -> int: ...
