"""One channel: one connection with one peer, and the session that speaks over it.

What ends a wait is in `connection`. A channel that has lost its peer is lost for good, and an
answer that arrived before that still counts.

A channel belongs to one thread at a time.
"""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from time import monotonic
from typing import Protocol, Self

from storagedriver.contract import ProtocolError
from storagedriver.ipc.codec import decode, encode
from storagedriver.ipc.connection import Connection, GoneError, LateError
from storagedriver.ipc.limits import MAX_HEADER_BYTES
from storagedriver.ipc.listener import Listener
from storagedriver.ipc.messages import Close, Message
from storagedriver.ipc.session import Session
from storagedriver.ipc.states import State
from storagedriver.ipc.zmtp import FrameError, Frames


class ChannelLostError(Exception):
    """The peer is gone. `process_ended` says whether its process was seen to have ended."""

    def __init__(self, *, process_ended: bool) -> None:
        super().__init__("the peer has disconnected")
        self.process_ended = process_ended


class NoProgressError(Exception):
    """Nothing came for the time that was given."""


class ProcessHandle(Protocol):
    """A descriptor that becomes readable when a process ends, open for as long as this lives."""

    def fileno(self) -> int: ...


class Channel:
    """A connection and its session. Made by `listen` in the host and by `connect` in the driver.

    Attributes:
        session: the protocol's state.
        endpoint: where its peer connects to, or was found.
        holder: the thread that has the channel for a call, 0 if none; the pool's to set.
    """

    def __init__(self, ends: _Ends, endpoint: str, session: Session) -> None:
        self.session = session
        self.endpoint = endpoint
        self.holder = 0
        self._pid = os.getpid()
        self._ends = ends
        self._process: ProcessHandle | None = None
        # For a channel that nobody has closed.
        self._dropped = weakref.finalize(self, ends.close)
        self._dropped.atexit = False

    @classmethod
    def listen(cls, endpoint: str, session: Session) -> Channel:
        """Bind a channel that the driver is then told to connect to; `endpoint` may end in `:*`.

        Raises OSError if the endpoint cannot be bound, or there are no descriptors left.
        """
        listener = Listener(endpoint)
        return cls(_Ends(listener=listener), listener.endpoint, session)

    @classmethod
    def connect(cls, endpoint: str, session: Session, *, timeout_seconds: float) -> Self:
        """Connect to a bound channel. Raises ChannelLostError if nobody is there in time."""
        deadline = monotonic() + timeout_seconds
        try:
            connection = Connection.connect(endpoint, _limit_bytes(session), deadline)
        except GoneError as error:
            raise ChannelLostError(process_ended=False) from error
        return cls(_Ends(connection=connection), endpoint, session)

    def watch_process(self, process: ProcessHandle) -> None:
        """From now on, end every wait when this process ends. Keeps `process` alive."""
        self._process = process
        if self._ends.connection is not None:
            self._ends.connection.watch(process.fileno())

    def send(self, message: Message, *, timeout_seconds: float | None = None) -> None:
        """Send one message.

        Raises ProtocolError if the session does not allow it or it cannot be encoded,
        ChannelLostError, NoProgressError if the peer takes nothing for so long.
        """
        self._check_process()
        header, content = encode(message)
        now = monotonic()
        self.session.send(message, now)
        connection = self._ends.connection
        if connection is None:
            raise ChannelLostError(process_ended=False)
        try:
            connection.send(
                header, content, None if timeout_seconds is None else now + timeout_seconds
            )
        except GoneError as error:
            raise self._lost(connection) from error
        except LateError:
            raise NoProgressError from None

    def receive(self, timeout_seconds: float | None) -> Message:
        """Wait for the next message that is to be acted on.

        Raises ProtocolError for what the peer may not send, ChannelLostError, NoProgressError.
        After the first two the channel is of no more use. What is not to be acted on is no
        progress: a peer that sends it for ever would hold up whoever has cancelled a call.
        """
        self._check_process()
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        connection = self._ends.connection
        if connection is None:
            connection = self._meet(deadline)
        while True:
            try:
                frames = connection.receive(deadline)
            except GoneError as error:
                raise self._lost(connection) from error
            except LateError:
                raise NoProgressError from None
            except FrameError as error:
                raise self.session.refuse(str(error)) from None
            message = self._told(frames)
            if message is not None:
                return message
            if deadline is not None and monotonic() > deadline:
                raise NoProgressError

    def receive_now(self) -> Message | None:
        """Return the next message that is to be acted on if it is here already, else None.

        Raises ProtocolError as `receive` does. That the peer is gone is left to the next `receive`
        or `send`.
        """
        connection = self._ends.connection
        if connection is None:
            return None
        while True:
            try:
                frames = connection.receive_now()
            except GoneError:
                return None
            except FrameError as error:
                raise self.session.refuse(str(error)) from None
            if frames is None:
                return None
            message = self._told(frames)
            if message is not None:
                return message

    def forget_endpoint(self) -> None:
        """Remove the socket file: the right peer is here. Without effect on tcp."""
        file, self._ends.file = self._ends.file, None
        if file is not None:
            with suppress(FileNotFoundError):
                os.unlink(file)

    def close(self, *, farewell: Message | None = None) -> None:
        """Close the socket, after one last message if the peer still listens. Never blocks.

        Closing twice is no error. In a forked child it does nothing: the socket is the parent's.
        """
        if not self._dropped.alive or self._pid != os.getpid():
            return
        connection = self._ends.connection
        if farewell is not None and connection is not None:
            with suppress(ProtocolError):
                connection.send_now(*encode(farewell))
        self.session.state = State.CLOSED
        self._dropped()
        self.forget_endpoint()

    def hang_up(self) -> None:
        """Close as a host does: with CLOSE, so that the driver ends its call and frees the slot."""
        self.close(farewell=Close())

    def _check_process(self) -> None:
        # What is received in a forked child is not received by its parent.
        if self._pid != os.getpid():
            raise ChannelLostError(process_ended=False)

    def _meet(self, deadline: float | None) -> Connection:
        """Wait for the peer of a channel that listens."""
        listener = self._ends.listener
        if listener is None:
            raise ChannelLostError(process_ended=False)
        process = None if self._process is None else self._process.fileno()
        met = listener.accept(deadline, process)
        if met is None:
            if deadline is not None and monotonic() > deadline:
                raise NoProgressError
            raise ChannelLostError(process_ended=True)
        connection = Connection(met[0], _limit_bytes(self.session), met[1])
        if process is not None:
            connection.watch(process)
        # Nobody else can come from now on.
        listener.close()
        self._ends.listener, self._ends.connection = None, connection
        return connection

    def _told(self, frames: Frames) -> Message | None:
        """Return what frames mean; None if it is of no more interest."""
        try:
            message = decode(*frames)
        except ProtocolError as error:
            raise self.session.refuse(error.detail) from None
        return self.session.receive(message, monotonic())

    def _lost(self, connection: Connection) -> ChannelLostError:
        return ChannelLostError(process_ended=connection.process_has_ended())


class _Ends:
    """What is open of a channel: first what listens, then the connection; and the socket file."""

    def __init__(
        self, *, listener: Listener | None = None, connection: Connection | None = None
    ) -> None:
        self.listener = listener
        self.connection = connection
        self.file: str | None = None
        if listener is not None and listener.endpoint.startswith("ipc://"):
            self.file = listener.endpoint.removeprefix("ipc://")

    def close(self) -> None:
        if self.listener is not None:
            self.listener.close()
        if self.connection is not None:
            self.connection.close()
        self.listener = self.connection = None


def _limit_bytes(session: Session) -> int:
    return max(session.max_chunk_bytes, MAX_HEADER_BYTES)
