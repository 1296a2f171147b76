"""A connection with ZeroMQ's own sockets at the other end: they find nothing missing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from time import monotonic

import pytest
import zmq

from storagedriver.ipc.connection import Connection, GoneError, LateError

PATIENCE_SECONDS = 10.0
LIMIT = 1 << 20
KIB = 1024


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as context:
        yield context


@pytest.fixture
def bound(context: zmq.Context[zmq.Socket[bytes]]) -> Iterator[zmq.Socket[bytes]]:
    """A socket of ZeroMQ that listens."""
    with context.socket(zmq.PAIR) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind("tcp://127.0.0.1:*")
        yield socket


def connect(socket: zmq.Socket[bytes]) -> Connection:
    endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT)
    return Connection.connect(endpoint, LIMIT, monotonic() + PATIENCE_SECONDS)


def receive(connection: Connection) -> tuple[bytes, bytes | None]:
    header, content = connection.receive(monotonic() + PATIENCE_SECONDS)
    return bytes(header), None if content is None else bytes(content)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 16 * KIB, 100 * KIB, 1024 * KIB])
def test_frames_of_every_size_go_both_ways(bound: zmq.Socket[bytes], size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with closing(connect(bound)) as connection:
        connection.send(b"header", content, None)
        assert bound.recv_multipart() == [b"header", content]
        bound.send_multipart([content[: 64 * KIB], content])
        assert receive(connection) == (content[: 64 * KIB], content)


def test_many_at_once_come_in_order(bound: zmq.Socket[bytes]) -> None:
    with closing(connect(bound)) as connection, ThreadPoolExecutor(1) as threads:
        sent = [b"%d" % number * (number % 3000) for number in range(2000)]
        sending = threads.submit(lambda: [bound.send(one) for one in sent])
        assert [receive(connection)[0] for _ in sent] == sent
        sending.result(PATIENCE_SECONDS)


def test_heartbeats_are_answered(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with context.socket(zmq.PAIR) as bound:
        bound.setsockopt(zmq.LINGER, 0)
        bound.setsockopt(zmq.HEARTBEAT_IVL, 10)
        bound.setsockopt(zmq.HEARTBEAT_TIMEOUT, 200)
        bound.bind("tcp://127.0.0.1:*")
        with closing(connect(bound)) as connection:
            # Several times as long as one that does not answer would be kept.
            with pytest.raises(LateError):
                connection.receive(monotonic() + 1)
            bound.send(b"still here")
            assert receive(connection) == (b"still here", None)


def test_one_that_closes_is_gone(bound: zmq.Socket[bytes]) -> None:
    with closing(connect(bound)) as connection:
        bound.close()
        with pytest.raises(GoneError):
            connection.receive(None)
        # TCP may take one more, and say so only then.
        with suppress(GoneError):
            connection.send(b"header", None, None)
        with pytest.raises(GoneError):
            connection.send(b"header", None, None)


def test_another_type_of_socket_is_no_peer(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with context.socket(zmq.PULL) as bound:
        bound.bind("tcp://127.0.0.1:*")
        with pytest.raises(GoneError):
            connect(bound)
