"""Raw pyzmq: the library that this project stands on, without its protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import zmq
from zmq.utils.garbage import gc

from storagedriver.benchmarks.peers.children.raw_pyzmq import (
    COPIED_BYTES,
    PIECE_BYTES,
    pair_socket,
    send_content,
)
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.per_thread import PerThread
from storagedriver.contract import Piece, Reader


class RawPyzmq(Peer):
    """A PAIR socket for each thread, and two frames for each message: header and content."""

    name = "raw pyzmq"
    program = "raw_pyzmq"

    def connect(self, path: str) -> None:
        self._context = zmq.Context()
        self._control: zmq.Socket[bytes] = self._context.socket(zmq.REQ)
        self._control.connect(f"ipc://{path}")
        self._asking = threading.Lock()
        self._pairs = PerThread(self._new_pair, lambda pair: pair.close(linger=0))

    def disconnect(self) -> None:
        if hasattr(self, "_context"):
            self._pairs.close()
            self._context.destroy(linger=0)
            # pyzmq's own thread, which lets go of what was sent without a copy. It would stay with
            # this process; it comes again when it is needed.
            gc.stop()

    def stat(self, key: str) -> int:
        pair = self._pairs.get()
        _request(pair, "stat", key)
        return _answer(pair)

    def get(self, key: str) -> Piece:
        pair = self._pairs.get()
        _request(pair, "get", key)
        if int(pair.recv()) < COPIED_BYTES:
            return pair.recv()
        return pair.recv(copy=False).buffer

    def put(self, key: str, content: bytes) -> None:
        pair = self._pairs.get()
        _request(pair, "put", key, content)
        _answer(pair)

    def read_stream(self, key: str) -> Iterator[Piece]:
        pair = self._pairs.get()
        _request(pair, "read", key)
        while not (frame := pair.recv(copy=False)).more:
            yield frame.buffer
        pair.recv()

    def write_stream(self, key: str, reader: Reader) -> int:
        pair = self._pairs.get()
        _request(pair, "write", key)
        while piece := reader.read(PIECE_BYTES):
            send_content(pair, piece)
        pair.send(b"")
        return _answer(pair)

    def _new_pair(self) -> zmq.Socket[bytes]:
        with self._asking:
            self._control.send(b"")
            own = self._control.recv_string()
        pair = pair_socket(self._context)
        pair.connect(own)
        return pair


def _request(pair: zmq.Socket[bytes], operation: str, key: str, content: bytes = b"") -> None:
    pair.send(f"{operation} {key}".encode(), zmq.SNDMORE)
    send_content(pair, content)


def _answer(pair: zmq.Socket[bytes]) -> int:
    size = int(pair.recv())
    pair.recv()
    return size
