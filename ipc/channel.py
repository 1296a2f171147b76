"""One channel: one ZeroMQ socket with one peer, and the session that speaks over it.

The only module that knows ZeroMQ. What it adds to the socket, which hides all of it:

* A wait ends when a message comes, when the peer disconnects, when the peer's process ends, or when
  there was no progress for the time given. An answer that arrived before a death still counts.
* A PAIR socket that is bound takes a new peer once the first has gone, and would send to it. So a
  channel whose first peer has disconnected is lost for good, and the socket file is unlinked as
  soon as the right peer is there (unbinding would end the live connection).
* The monitor reports every connection to a bound socket, also a stranger's that is turned away.
  It does not say whose handshake has succeeded, and nothing of the handshakes of old versions of
  ZMTP. The peer's connection is the only one that was open then, or the last one left of those.
  Until that is known any of them that goes is taken for the peer; and once the peer has gone
  nothing is heard any more if somebody else is connected.

A channel belongs to one thread at a time.
"""

from __future__ import annotations

import os
import struct
import threading
import weakref
from contextlib import suppress
from time import monotonic
from typing import Final, Protocol, Self

import zmq

from storagedriver.contract import ProtocolError
from storagedriver.ipc.codec import decode, encode
from storagedriver.ipc.limits import MAX_HEADER_BYTES, SOCKET_HIGH_WATER_MARK
from storagedriver.ipc.messages import Close, Content, Message
from storagedriver.ipc.session import Session
from storagedriver.ipc.states import State

# Below, a copy costs less than the bookkeeping of sending from memory that Python owns.
_SEND_UNCOPIED_BYTES: Final = 256 * 1024

# What was sent last (CLOSE, a last response) has this long to leave after the socket is closed.
_LINGER_MILLISECONDS: Final = 500

# A peer that connects and does not greet holds the place of the real one for this long.
_HANDSHAKE_MILLISECONDS: Final = 2000

# The kernel closes the sockets of a process before it reports its end; this only covers the time
# that ZeroMQ's own thread needs to notice.
_AFTER_DEATH_SECONDS: Final = 1.0

# The same where it has not even been seen to connect: nearly always it never did.
_AFTER_UNSEEN_DEATH_SECONDS: Final = 0.05

_EVENTS: Final = (
    zmq.EVENT_ACCEPTED
    | zmq.EVENT_CONNECTED
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_CLOSED
)
_EVENT_FORMAT: Final = struct.Struct("=Hi")


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
    """A socket and its session. Made by `listen` in the host and by `connect` in the driver.

    Attributes:
        session: the protocol's state.
        holder: the thread that has the channel for a call, 0 if none; the pool's to set.
    """

    def __init__(
        self,
        socket: zmq.Socket[bytes],
        endpoint: str,
        session: Session,
    ) -> None:
        self.session = session
        self.endpoint = endpoint
        self.holder = 0
        self._pid = os.getpid()
        self._socket = socket
        self._is_bound = False
        self._may_be_taken_over = False
        self._process: ProcessHandle | None = None
        try:
            self._monitor = socket.get_monitor_socket(_EVENTS)
        except zmq.ZMQError as error:
            socket.close()
            raise _os_error(error, "cannot watch a socket") from error
        # For a channel that nobody has closed. Not at exit: then the context is left as it is.
        self._dropped = weakref.finalize(self, _close_dropped, socket, self._monitor, self._pid)
        self._dropped.atexit = False
        # Without a limit: at the limit ZeroMQ's thread, which serves all channels, would wait until
        # this one reads its events. Whoever can connect could bring it there.
        self._monitor.setsockopt(zmq.RCVHWM, 0)
        self._connections: set[int] = set()
        self._has_peer = False
        self._peer: int | None = None
        self._disconnected = False
        self._handshake_failed = False
        self._taken_over = False
        self._receivable: list[tuple[zmq.Socket[bytes] | int, int]] = [
            (socket, zmq.POLLIN),
            (self._monitor, zmq.POLLIN),
        ]

    @classmethod
    def listen(cls, endpoint: str, session: Session) -> Channel:
        """Bind a channel that the driver is then told to connect to; `endpoint` may end in `:*`.

        Raises OSError if the endpoint cannot be bound, or there are no descriptors left.
        """
        channel = cls(_new_socket(session), endpoint, session)
        socket = channel._socket
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as error:
            channel.close()
            raise _os_error(error, f"cannot listen at {endpoint}") from error
        channel._is_bound = channel._may_be_taken_over = True
        channel.endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT)
        return channel

    @classmethod
    def connect(cls, endpoint: str, session: Session, *, timeout_seconds: float) -> Self:
        """Connect to a bound channel. Raises ChannelLostError if nobody is there in time."""
        socket = _new_socket(session)
        channel = cls(socket, endpoint, session)
        try:
            socket.connect(endpoint)
            channel._wait_for_peer(monotonic() + timeout_seconds)
        except zmq.ZMQError as error:
            channel.close()
            raise ChannelLostError(process_ended=False) from error
        except ChannelLostError:
            channel.close()
            raise
        return channel

    def watch_process(self, process: ProcessHandle) -> None:
        """From now on, end every wait when this process ends. Keeps `process` alive."""
        self._process = process
        self._receivable.append((process.fileno(), zmq.POLLIN))

    def send(self, message: Message, *, timeout_seconds: float | None = None) -> None:
        """Send one message.

        Raises ProtocolError if the session does not allow it or it cannot be encoded,
        ChannelLostError, NoProgressError if the peer takes nothing for so long.
        """
        self._check_process()
        header, content = encode(message)
        if self._may_be_taken_over:
            self._read_monitor()
        if self._disconnected:
            raise ChannelLostError(process_ended=False)
        self.session.send(message, monotonic())
        try:
            self._send_frames(header, content)
        except zmq.Again:
            self._wait_sendable(header, content, timeout_seconds)

    def receive(self, timeout_seconds: float | None) -> Message:
        """Wait for the next message that is to be acted on.

        Raises ProtocolError for what the peer may not send, ChannelLostError, NoProgressError.
        After the first two the channel is of no more use. What is not to be acted on is no
        progress: a peer that sends it for ever would hold up whoever has cancelled a call.
        """
        self._check_process()
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        while True:
            self._wait_receivable(deadline)
            message = self._take()
            if message is not None:
                return message
            if deadline is not None and monotonic() > deadline:
                raise NoProgressError

    def receive_now(self) -> Message | None:
        """Return the next message that is to be acted on if it is here already, else None.

        Raises ProtocolError as `receive` does. That the peer is gone is left to the next `receive`
        or `send`.
        """
        while _is_readable(self._socket):
            message = self._take()
            if message is not None:
                return message
        return None

    def forget_endpoint(self) -> None:
        """Let nobody else connect: the right peer is here. Without effect on tcp."""
        # Who connects does not own the file.
        if self._is_bound and self.endpoint.startswith("ipc://"):
            with suppress(FileNotFoundError):
                os.unlink(self.endpoint.removeprefix("ipc://"))
            # One that has connected before may still greet when the peer has gone.
            self._may_be_taken_over = len(self._connections) > 1

    def close(self, *, farewell: Message | None = None) -> None:
        """Close the socket, after one last message if the peer still listens. Never blocks.

        Closing twice is no error. In a forked child it does nothing: the socket is the parent's.
        """
        if self._socket.closed or self._pid != os.getpid():
            return
        if farewell is not None and not self._disconnected:
            with suppress(zmq.ZMQError, ProtocolError, ChannelLostError):
                self._send_frames(*encode(farewell))
        self.session.state = State.CLOSED
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=_LINGER_MILLISECONDS if farewell is not None else 0)
        self._dropped.detach()
        self.forget_endpoint()

    def hang_up(self) -> None:
        """Close as a host does: with CLOSE, so that the driver ends its call and frees the slot."""
        self.close(farewell=Close())

    def _check_process(self) -> None:
        # The threads that move messages are the parent's: a forked child would wait for ever.
        if self._pid != os.getpid():
            raise ChannelLostError(process_ended=False)

    def _send_frames(self, header: bytes, content: Content | None) -> None:
        if content is None:
            self._socket.send(header, zmq.NOBLOCK)
            return
        self._socket.send(header, zmq.NOBLOCK | zmq.SNDMORE)
        # Only bytes cannot change until ZeroMQ has sent them.
        owner = content.obj if isinstance(content, memoryview) else content
        copied = len(content) < _SEND_UNCOPIED_BYTES or not isinstance(owner, bytes)
        try:
            self._socket.send(content, zmq.NOBLOCK, copied)
        except zmq.Again:
            # There was room for the whole message, so what is missing now is the peer. Waiting for
            # room would be waiting for another peer, which would be given this as a message.
            self._disconnected = True
            raise ChannelLostError(process_ended=False) from None

    def _wait_sendable(
        self, header: bytes, content: Content | None, timeout_seconds: float | None
    ) -> None:
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        sendable = [(self._socket, zmq.POLLOUT), *self._receivable[1:]]
        while not self._disconnected:
            ready = zmq.zmq_poll(sendable, _milliseconds_until(deadline))
            if not ready:
                raise NoProgressError
            sources: list[object] = [source for source, _ in ready]
            for source in sources:
                if source is self._socket:
                    with suppress(zmq.Again):
                        self._send_frames(header, content)
                        return
                elif source is self._monitor:
                    self._read_monitor()
                else:
                    # An answer that came before the end counts: then this message needs no peer.
                    self._wait_after_death()
                    return
        raise ChannelLostError(process_ended=False)

    def _wait_receivable(self, deadline: float | None) -> None:
        """Return when a message is here. See `receive` for what it raises."""
        while True:
            if self._disconnected and not _is_readable(self._socket):
                raise ChannelLostError(process_ended=False)
            ready = zmq.zmq_poll(self._receivable, _milliseconds_until(deadline))
            if not ready:
                raise NoProgressError
            first: object = ready[0][0]
            # What has arrived comes before any bad news.
            if first is self._socket:
                return
            if first is self._monitor:
                self._read_monitor()
            else:
                self._wait_after_death()
                return

    def _wait_after_death(self) -> None:
        """The process has ended: return if a last message is here, else raise ChannelLostError."""
        self._read_monitor()
        seconds = _AFTER_DEATH_SECONDS if self._connections else _AFTER_UNSEEN_DEATH_SECONDS
        deadline = monotonic() + seconds
        while not _is_readable(self._socket):
            waited = zmq.zmq_poll(self._receivable[:2], _milliseconds_until(deadline))
            self._read_monitor()
            if (self._disconnected or not waited) and not _is_readable(self._socket):
                raise ChannelLostError(process_ended=True)

    def _take(self) -> Message | None:
        """Receive what is here; None if it is of no more interest."""
        header = self._socket.recv(zmq.NOBLOCK)
        content: Content | None = None
        if self._socket.getsockopt(zmq.RCVMORE):
            frame = self._socket.recv(copy=False)
            content = frame.buffer
            if frame.more:
                self._drop_frames()
                raise self.session.refuse("a message has more than two frames")
        if self._may_be_taken_over:
            # ZeroMQ reports a connection before it gives what came over it.
            self._read_monitor()
            if self._taken_over:
                raise ChannelLostError(process_ended=False)
            self._has_peer = True
        try:
            message = decode(header, content)
        except ProtocolError as error:
            raise self.session.refuse(error.detail) from None
        return self.session.receive(message, monotonic())

    def _drop_frames(self) -> None:
        while self._socket.recv(copy=False).more:
            pass

    def _wait_for_peer(self, deadline: float) -> None:
        while not self._has_peer:
            if not zmq.zmq_poll(self._receivable[1:2], _milliseconds_until(deadline)):
                raise ChannelLostError(process_ended=False)
            self._read_monitor()
            if self._disconnected:
                raise ChannelLostError(process_ended=False)

    def _read_monitor(self) -> None:
        while _is_readable(self._monitor):
            event, descriptor = _EVENT_FORMAT.unpack(self._monitor.recv_multipart()[0])
            match event:
                case zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    self._has_peer = True
                case zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
                    self._handshake_failed = True  # the DISCONNECTED of it comes next
                case zmq.EVENT_DISCONNECTED:
                    self._on_disconnected(descriptor)
                case zmq.EVENT_CLOSED:
                    # Of the end that connects: nobody was there, and it is not tried again.
                    self._disconnected = True
                case _:
                    self._connections.add(descriptor)
            if self._has_peer and self._peer is None and len(self._connections) == 1:
                (self._peer,) = self._connections
            self._taken_over |= self._disconnected and bool(self._connections)

    def _on_disconnected(self, descriptor: int) -> None:
        self._connections.discard(descriptor)
        # One that never greeted was nobody's.
        had_greeted, self._handshake_failed = not self._handshake_failed, False
        if self._has_peer and had_greeted:
            self._disconnected |= self._peer in (None, descriptor)


def _new_socket(session: Session) -> zmq.Socket[bytes]:
    try:
        socket = _context().socket(zmq.PAIR)
    except zmq.ZMQError as error:
        raise _os_error(error, "cannot make a socket") from error
    socket.setsockopt(zmq.LINGER, 0)
    # A connect that finds nobody then fails for good, and a lost peer is not looked for again.
    socket.setsockopt(zmq.RECONNECT_IVL, -1)
    socket.setsockopt(zmq.SNDHWM, SOCKET_HIGH_WATER_MARK)
    socket.setsockopt(zmq.RCVHWM, SOCKET_HIGH_WATER_MARK)
    socket.setsockopt(zmq.MAXMSGSIZE, max(session.max_chunk_bytes, MAX_HEADER_BYTES))
    socket.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MILLISECONDS)
    return socket


def _close_dropped(socket: zmq.Socket[bytes], monitor: zmq.Socket[bytes], pid: int) -> None:
    """Close the sockets of a channel that is garbage: the monitor is switched off first.

    The collector may close it before. Then ZeroMQ's thread, which serves all channels, waits for
    ever for somebody to take the next event.
    """
    if pid == os.getpid():
        with suppress(zmq.ZMQError):
            socket.disable_monitor()
        monitor.close(linger=0)
        socket.close(linger=0)


def _os_error(error: zmq.ZMQError, what: str) -> OSError:
    return OSError(error.errno, f"{what}: {error}")


def _is_readable(socket: zmq.Socket[bytes]) -> bool:
    events = socket.getsockopt(zmq.EVENTS)
    return isinstance(events, int) and bool(events & zmq.POLLIN)


def _milliseconds_until(deadline: float | None) -> int:
    # Rounded up: rounded down, the last millisecond would be a busy loop.
    return -1 if deadline is None else max(0, int((deadline - monotonic()) * 1000) + 1)


_context_lock = threading.Lock()
_contexts: dict[int, zmq.Context[zmq.Socket[bytes]]] = {}


def _context() -> zmq.Context[zmq.Socket[bytes]]:
    """Return the context of this process: one for all channels, as each costs two threads.

    It is not `Context.instance()`, which the program around us may terminate. A forked child gets
    one of its own and keeps its parent's, untouched, so that nothing of it is ever finalized there.
    """
    pid = os.getpid()
    context = _contexts.get(pid)
    if context is None:
        with _context_lock:
            context = _contexts.setdefault(pid, zmq.Context())
    return context
