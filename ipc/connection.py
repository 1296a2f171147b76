"""One connection with one peer: messages as frames, over a Unix socket or TCP.

A wait ends when a message comes, when the peer has closed its end, when its process has ended, or
when the time is over. What arrived before counts before anything else is said.

One thread at a time.
"""

from __future__ import annotations

import select
import socket as sockets
from collections.abc import Sequence
from time import monotonic
from typing import Final

from storagedriver.ipc.listener import EndpointError, address_of, milliseconds_until
from storagedriver.ipc.messages import Content
from storagedriver.ipc.zmtp import HANDSHAKE, FrameError, Frames, Handshake, Inbox, frame_head

_RECEIVE_BYTES: Final = 4096

# What does not fit must not wait, and a peer that has gone is an error and no signal.
_NOW: Final = sockets.MSG_DONTWAIT | sockets.MSG_NOSIGNAL


class GoneError(Exception):
    """The peer has closed the connection, or its process has ended."""


class LateError(Exception):
    """The time is over."""


class Connection:
    """A socket on which the handshake is over. Made by `connect`, and of what a Listener accepts.

    Attributes:
        process: a descriptor that becomes readable when the peer's process ends; None if that is
            not known. Every wait ends with it.
    """

    def __init__(self, socket: sockets.socket, limit_bytes: int, received: bytes = b"") -> None:
        """No frame that comes may be longer than the limit. `received` came with the handshake."""
        socket.setblocking(True)
        if socket.family is sockets.AF_INET:
            socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        self.process: int | None = None
        self._socket = socket
        self._inbox = Inbox(limit_bytes, received)
        self._unsent: list[memoryview] = []
        """Of the last message: it goes before the next one."""
        self._readable = select.poll()
        self._readable.register(socket, select.POLLIN)

    @classmethod
    def connect(cls, endpoint: str, limit_bytes: int, deadline: float) -> Connection:
        """Connect and shake hands. Raises GoneError if nobody is there, or not in time."""
        try:
            family, address = address_of(endpoint)
            socket = sockets.socket(family, sockets.SOCK_STREAM)
        except (EndpointError, OSError) as error:
            raise GoneError from error
        handshake = Handshake()
        try:
            socket.settimeout(max(0.001, deadline - monotonic()))
            socket.connect(address)
            socket.sendall(HANDSHAKE)
            rest = None
            while rest is None:
                socket.settimeout(max(0.001, deadline - monotonic()))
                received = socket.recv(_RECEIVE_BYTES)
                if not received:
                    raise ConnectionResetError("it was closed in the handshake")
                rest = handshake.feed(received)
        except (OSError, OverflowError, FrameError) as error:
            socket.close()
            raise GoneError from error
        except BaseException:
            socket.close()
            raise
        return cls(socket, limit_bytes, rest)

    def watch(self, process: int) -> None:
        """From now on, end every wait when this process ends."""
        self.process = process
        self._readable.register(process, select.POLLIN)

    def receive(self, deadline: float | None) -> Frames:
        """Wait for the next message. Its header is valid until the next call.

        Raises FrameError for what is none, GoneError, LateError.
        """
        inbox = self._inbox
        while True:
            message = inbox.next()
            if message is not None:
                return message
            if inbox.pongs:
                self._answer_pings(deadline)
            if self.process is None and deadline is None:
                self._fill(0)
            else:
                self._fill_in_time(deadline)

    def receive_now(self) -> Frames | None:
        """Return the next message if it is here, else None. Raises FrameError, GoneError."""
        inbox = self._inbox
        while (message := inbox.next()) is None:
            try:
                self._fill(_NOW)
            except BlockingIOError:
                return None
        return message

    def send(self, header: bytes, content: Content | None, deadline: float | None) -> None:
        """Send a message.

        Raises GoneError and LateError; after the latter the message is on its way, and what is left
        of it goes before the next one. Where the peer has gone, and what it has sent before is
        still to be received, nothing is raised: its answer may be there.
        """
        if content is None:
            self.send_bytes([frame_head(len(header)) + header], deadline)
            return
        before = frame_head(len(header), more=True) + header + frame_head(len(content))
        self.send_bytes([before, content], deadline)

    def send_bytes(self, parts: Sequence[Content], deadline: float | None) -> None:
        """Send what is made of frames already. As `send`."""
        if self._unsent:
            self._send_all([*self._unsent, *_views(parts)], deadline)
            return
        try:
            sent = self._socket.sendmsg(parts, (), _NOW)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._check_answer(error)
            return
        if sent < sum(map(len, parts)):
            self._send_all(_without(_views(parts), sent), deadline)

    def send_now(self, header: bytes, content: Content | None) -> None:
        """Send as much of a message as fits, if there is nothing before it. Never raises."""
        if self._unsent:
            return
        try:
            self.send(header, content, 0)
        except (GoneError, LateError):
            return

    def close(self) -> None:
        """Close it. Closing twice is no error."""
        self._socket.close()

    def process_has_ended(self) -> bool:
        """Whether the process that is watched has ended."""
        return any(descriptor == self.process for descriptor, _ in self._readable.poll(0))

    def _fill_in_time(self, deadline: float | None) -> None:
        ready = self._readable.poll(milliseconds_until(deadline))
        if not ready:
            raise LateError
        try:
            self._fill(_NOW)
        except BlockingIOError:
            # Its process has ended. Its socket may live on in another that has inherited it.
            raise GoneError from None

    def _fill(self, flags: int) -> None:
        try:
            received = self._socket.recv_into(self._inbox.space, 0, flags)
        except ConnectionError as error:
            raise GoneError from error
        if not received:
            raise GoneError
        self._inbox.fill(received)

    def _send_all(self, parts: list[memoryview], deadline: float | None) -> None:
        sendable = select.poll()
        sendable.register(self._socket, select.POLLOUT)
        if self.process is not None:
            sendable.register(self.process, select.POLLIN)
        self._unsent = parts
        while self._unsent:
            ready = sendable.poll(milliseconds_until(deadline))
            if not ready:
                raise LateError
            if len(ready) == 1 and ready[0][0] == self.process:
                self._check_answer(None)
                return
            try:
                sent = self._socket.sendmsg(self._unsent, (), _NOW)
            except BlockingIOError:
                continue
            except OSError as error:
                self._check_answer(error)
                return
            self._unsent = _without(self._unsent, sent)

    def _check_answer(self, error: OSError | None) -> None:
        """The peer takes nothing more: raise GoneError unless something of it is here."""
        try:
            self._fill(_NOW)
        except BlockingIOError:
            raise GoneError from error

    def _answer_pings(self, deadline: float | None) -> None:
        pongs, self._inbox.pongs = self._inbox.pongs, []
        self._send_all([*self._unsent, *_views(pongs)], deadline)


def _views(parts: Sequence[Content]) -> list[memoryview]:
    return [memoryview(part) for part in parts]


def _without(parts: list[memoryview], size_bytes: int) -> list[memoryview]:
    """Return what is left of parts behind so many bytes."""
    left: list[memoryview] = []
    for part in parts:
        if size_bytes < len(part):
            left.append(part[size_bytes:])
        size_bytes = max(0, size_bytes - len(part))
    return left
