"""Endpoints, and who is let in where a channel listens."""

from __future__ import annotations

import socket as sockets
from contextlib import ExitStack, closing
from time import monotonic

import pytest

from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.listener import EndpointError, Listener, address_of
from storagedriver.ipc.zmtp import HANDSHAKE

PATIENCE_SECONDS = 10.0


@pytest.mark.parametrize(
    ("endpoint", "family", "address"),
    [
        ("ipc:///run/x/0", sockets.AF_UNIX, "/run/x/0"),
        ("tcp://127.0.0.1:4000", sockets.AF_INET, ("127.0.0.1", 4000)),
        ("tcp://127.0.0.1:*", sockets.AF_INET, ("127.0.0.1", 0)),
    ],
)
def test_an_endpoint_is_an_address(endpoint: str, family: int, address: object) -> None:
    assert address_of(endpoint) == (family, address)


@pytest.mark.parametrize(
    "endpoint",
    ["", "nonsense", "ipc://", "ipc:/x", "tcp://", "tcp://:1", "tcp://a", "tcp://a:b", "udp://a:1"],
)
def test_what_is_none_is_refused(endpoint: str) -> None:
    with pytest.raises(EndpointError, match="is no endpoint of ipc or tcp"):
        address_of(endpoint)


@pytest.mark.parametrize("endpoint", ["nonsense", "ipc:///nowhere/at/all", "tcp://127.0.0.1:99999"])
def test_a_place_where_nobody_can_listen_is_an_os_error_with_its_name(endpoint: str) -> None:
    with pytest.raises(OSError, match=f"cannot listen at {endpoint}"):
        Listener(endpoint)


def test_the_port_that_was_found_is_told() -> None:
    with closing(Listener("tcp://127.0.0.1:*")) as listener:
        assert not listener.endpoint.endswith((":*", ":0"))


@pytest.fixture
def listener(socket_directory: SocketDirectory) -> Listener:
    return Listener(socket_directory.endpoint(0))


def connected(listener: Listener) -> sockets.socket:
    connection = sockets.socket(sockets.AF_UNIX)
    connection.connect(listener.endpoint.removeprefix("ipc://"))
    return connection


def test_the_first_that_says_something_is_let_in_with_that(listener: Listener) -> None:
    with closing(listener), closing(connected(listener)), closing(connected(listener)) as second:
        second.sendall(HANDSHAKE)
        assert listener.accept(monotonic() + 0.01, None) is None
        second.sendall(b"more")
        met = listener.accept(monotonic() + PATIENCE_SECONDS, None)
        assert met is not None
        connection, rest = met
        with closing(connection):
            assert rest == b"more"
            assert second.recv(1000) == HANDSHAKE


def test_nobody_in_time_is_none(listener: Listener) -> None:
    with closing(listener), closing(connected(listener)):
        assert listener.accept(monotonic() + 0.01, None) is None


def test_a_process_that_has_ended_ends_the_wait(listener: Listener) -> None:
    ended, other = sockets.socketpair()
    other.close()
    with closing(listener), closing(ended):
        assert listener.accept(None, ended.fileno()) is None


def test_of_those_who_say_nothing_the_longest_there_are_sent_away(listener: Listener) -> None:
    with closing(listener), ExitStack() as silent:
        waiting = [silent.enter_context(closing(connected(listener))) for _ in range(70)]
        assert listener.accept(monotonic() + 0.5, None) is None
        assert waiting[0].recv(1000) == HANDSHAKE
        assert waiting[0].recv(1000) == b""
        waiting[-1].sendall(HANDSHAKE + b"more")
        met = listener.accept(monotonic() + PATIENCE_SECONDS, None)
        assert met is not None
        met[0].close()
