"""The child of the raw pyzmq peer: a PAIR socket, and a thread, for each thread of the host."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from typing import Final

import zmq

from storagedriver.benchmarks.peers.children.program import endpoint, is_ready
from storagedriver.benchmarks.peers.children.store import Store

PIECE_BYTES: Final = 1 << 20
"""The larger, the faster, up to here. More would also be more memory."""

MESSAGES_IN_FLIGHT: Final = 4
"""The high-water mark of each side: enough to keep both busy. A thousand, as it is if nobody says
otherwise, would be a whole stream in memory."""

COPIED_BYTES: Final = 64 * 1024
"""A content of less is copied: not to copy it would take more time than that."""


def main() -> None:
    """Serve until the host is gone."""
    store = Store()
    context = zmq.Context()
    path = f"ipc://{endpoint()}"
    # By this one the host asks for others, one for each of its threads.
    control: zmq.Socket[bytes] = context.socket(zmq.REP)
    control.bind(path)
    is_ready()
    for number in count():
        control.recv()
        own = f"{path}-{number}"
        pair = pair_socket(context)
        pair.bind(own)
        threading.Thread(target=_serve, args=(pair, store), daemon=True).start()
        control.send_string(own)


def pair_socket(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    """Return a new socket for either side."""
    pair: zmq.Socket[bytes] = context.socket(zmq.PAIR)
    pair.set_hwm(MESSAGES_IN_FLIGHT)
    return pair


def send_content(pair: zmq.Socket[bytes], content: bytes | bytearray | memoryview) -> None:
    """Send a frame."""
    pair.send(content, 0, len(content) < COPIED_BYTES)


def _serve(pair: zmq.Socket[bytes], store: Store) -> None:
    while True:
        operation, _, rest = pair.recv().decode().partition(" ")
        content = pair.recv()
        if operation == "get":
            found = store.get(rest)
            # How it is to be received depends on the size, which is in front therefore.
            pair.send(b"%d" % len(found), zmq.SNDMORE)
            send_content(pair, found)
            continue
        if operation == "put":
            store.put(rest, content)
        elif operation == "write":
            store.write(rest, _pieces(pair))
        elif operation == "read":
            for piece in store.pieces(rest, PIECE_BYTES):
                send_content(pair, piece)
        # After a read stream this is its end: a message of two frames is none of its pieces.
        pair.send(b"%d" % store.size(rest), zmq.SNDMORE)
        pair.send(b"")


def _pieces(pair: zmq.Socket[bytes]) -> Iterator[bytes]:
    while piece := pair.recv():
        yield piece
