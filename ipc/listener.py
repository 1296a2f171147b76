"""Waits at an endpoint for the one peer that a channel takes: the first that has something to say.

Who connects and says nothing, or what is no ZMTP, keeps nobody out. Once the peer is there, nobody
else can connect.
"""

from __future__ import annotations

import os
import select
import socket as sockets
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Final

from storagedriver.ipc.zmtp import HANDSHAKE, FrameError, Handshake

# The right peer greets as soon as it is connected. Of those who do not, so many may stay.
_MOST_CANDIDATES: Final = 64

# As many as the system allows: a Unix socket turns away whoever finds it full.
_BACKLOG: Final = 4096
_RECEIVE_BYTES: Final = 4096


class EndpointError(ValueError):
    """A text is no endpoint."""


def address_of(endpoint: str) -> tuple[sockets.AddressFamily, str | tuple[str, int]]:
    """Return the family and the address of an endpoint; `*` as a port is 0.

    Raises EndpointError if it is none of ipc or tcp.
    """
    transport, _, rest = endpoint.partition("://")
    if transport == "ipc" and rest:
        return sockets.AF_UNIX, rest
    host, _, port = rest.rpartition(":")
    if transport == "tcp" and host and (port == "*" or port.isdecimal()):
        return sockets.AF_INET, (host, 0 if port == "*" else int(port))
    raise EndpointError(f"{endpoint[:100]!r} is no endpoint of ipc or tcp")


class Listener:
    """A bound socket, and the connections to it of which none is the peer's yet.

    Attributes:
        endpoint: where it listens.
    """

    def __init__(self, endpoint: str) -> None:
        """Bind. Raises OSError if that cannot be done."""
        try:
            family, address = address_of(endpoint)
            self._socket = sockets.socket(family, sockets.SOCK_STREAM)
        except (EndpointError, OSError) as error:
            raise _named(error, endpoint) from error
        self._candidates: dict[sockets.socket, Handshake] = {}
        try:
            self._socket.setblocking(False)
            self._socket.bind(address)
            self._socket.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise _named(error, endpoint) from error
        self.endpoint = endpoint
        if family is sockets.AF_INET:
            host, port = self._socket.getsockname()
            self.endpoint = f"tcp://{host}:{port}"

    def accept(
        self, deadline: float | None, process: int | None
    ) -> tuple[sockets.socket, bytes] | None:
        """Wait for the peer; return its connection and what it has sent behind the handshake.

        None once the deadline has passed, or the process with that descriptor has ended and
        nothing of it is here. Raises OSError if no connection can be taken.
        """
        while True:
            ready = self._wait(deadline, process)
            for candidate in [one for one in self._candidates if one.fileno() in ready]:
                rest = self._hear(candidate)
                if rest:
                    del self._candidates[candidate]
                    return candidate, rest
            if self._socket.fileno() in ready:
                self._welcome()
            elif not ready or set(ready) == {process}:
                return None

    def close(self) -> None:
        """Close everything. A peer that was accepted is not a part of it any more."""
        self._socket.close()
        while self._candidates:
            self._candidates.popitem()[0].close()

    def _wait(self, deadline: float | None, process: int | None) -> Mapping[int, int]:
        poller = select.poll()
        for watched in (self._socket, *self._candidates):
            poller.register(watched, select.POLLIN)
        if process is not None:
            poller.register(process, select.POLLIN)
        return dict(poller.poll(milliseconds_until(deadline)))

    def _welcome(self) -> None:
        # Who has gone again was nobody.
        with suppress(BlockingIOError, ConnectionError):
            candidate = self._socket.accept()[0]
            try:
                candidate.setblocking(False)
                candidate.send(HANDSHAKE, sockets.MSG_NOSIGNAL)
            except OSError:
                candidate.close()
                return
            self._candidates[candidate] = Handshake()
        if len(self._candidates) > _MOST_CANDIDATES:
            self._dismiss(next(iter(self._candidates)))

    def _hear(self, candidate: sockets.socket) -> bytes | None:
        """Take what a candidate says; return what stands behind its handshake, if it is over."""
        try:
            received = candidate.recv(_RECEIVE_BYTES)
            if received:
                return self._candidates[candidate].feed(received)
        except BlockingIOError:
            return None
        except (OSError, FrameError):
            pass
        self._dismiss(candidate)
        return None

    def _dismiss(self, candidate: sockets.socket) -> None:
        del self._candidates[candidate]
        candidate.close()


def milliseconds_until(deadline: float | None) -> int | None:
    """Return how long a poll may wait; None for ever."""
    # Rounded up: rounded down, the last millisecond would be a busy loop.
    return None if deadline is None else max(0, int((deadline - monotonic()) * 1000) + 1)


def _named(error: Exception, endpoint: str) -> OSError:
    number = error.errno if isinstance(error, OSError) else None
    told = os.strerror(number) if number else str(error)
    return OSError(number, f"cannot listen at {endpoint}: {told}")
