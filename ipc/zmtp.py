"""ZMTP 3 as two PAIR sockets speak it with the mechanism NULL: bytes to frames, frames to messages.

That is all of ZeroMQ that a channel needs: a PAIR socket that has one peer and never reconnects is
one connection. What a ZeroMQ library would hide is plain here: a lost peer is the end of the
connection, a stranger is another connection, and what the peer does not read stays unsent.

Pure: no socket. See spec/PROTOCOL.md, section 2; ZeroMQ's RFC 23 (ZMTP 3.0) and 31 (PAIR).
"""

from __future__ import annotations

import struct
from typing import Final

from storagedriver.ipc.messages import Content

_MORE: Final = 0x01
_LONG: Final = 0x02
_COMMAND: Final = 0x04
_FLAGS: Final = _MORE | _LONG | _COMMAND

_SHORT_BYTES: Final = 255
"""The longest frame whose length is one byte."""

_LONG_FORMAT: Final = struct.Struct(">BQ")

_SIGNATURE: Final = b"\xff" + bytes(8) + b"\x7f"
_MECHANISM: Final = b"NULL".ljust(20, b"\0")
_GREETING_BYTES: Final = 64

_READY: Final = b"\x05READY"
_SOCKET_TYPE: Final = "socket-type"
_PAIR: Final = b"PAIR"

HANDSHAKE: Final = (
    _SIGNATURE
    + bytes([3, 0])
    + _MECHANISM
    + bytes(32)
    + b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PAIR"
)
"""What each end sends first, without waiting for the other. Of 3.0, as 3.1 only adds heartbeats."""

_PING: Final = b"\x04PING"
_PONG: Final = b"\x04PONG"
_PING_CONTEXT_BYTES: Final = 16

_HANDSHAKE_LIMIT_BYTES: Final = 4096
"""A greeting and a READY with whatever properties."""


class FrameError(Exception):
    """The peer has sent what is no ZMTP, or no message of this protocol; the text says what."""


class Handshake:
    """The peer's part of the beginning of a connection."""

    def __init__(self) -> None:
        self._received = b""

    def feed(self, data: bytes) -> bytes | None:
        """Take what has come; return all that stands behind the handshake, None before its end.

        Raises FrameError as soon as it cannot be a handshake any more.
        """
        self._received += data
        _check_greeting(self._received)
        rest = self._received[_GREETING_BYTES:]
        if len(rest) < 2:
            return None
        flags, begin, size = rest[0], 2, rest[1]
        if flags == _COMMAND | _LONG:
            if len(rest) < _LONG_FORMAT.size:
                return None
            (_, size), begin = _LONG_FORMAT.unpack_from(rest), _LONG_FORMAT.size
        elif flags != _COMMAND:
            raise FrameError("the handshake has a message in it")
        if size > _HANDSHAKE_LIMIT_BYTES:
            raise FrameError(f"a handshake of {size} bytes")
        if len(rest) < begin + size:
            return None
        _check_ready(rest[begin : begin + size])
        return rest[begin + size :]


def _check_greeting(received: bytes) -> None:
    signature = received[:10]
    # The bytes between the first and the last of the signature are the peer's.
    if signature[:1] not in (b"", b"\xff") or signature[9:] not in (b"", b"\x7f"):
        raise FrameError("this is no ZMTP")
    if len(received) > 10 and received[10] < 3:
        raise FrameError(f"this is ZMTP {received[10]}, and not 3")
    mechanism = received[12:32]
    if not _MECHANISM.startswith(mechanism):
        raise FrameError("the mechanism is not NULL")


def _check_ready(command: bytes) -> None:
    if not command.startswith(_READY):
        raise FrameError("the handshake has another command than READY")
    at = len(_READY)
    while at < len(command):
        name, at = _sized(command, at, 1)
        value, at = _sized(command, at, 4)
        if name.decode("ascii", "replace").lower() == _SOCKET_TYPE and value != _PAIR:
            raise FrameError("the peer's socket is not of the type PAIR")


def _sized(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    begin = at + width
    end = begin + int.from_bytes(data[at:begin], "big")
    if end > len(data):
        raise FrameError("a READY that is cut short")
    return data[begin:end], end


def frame_head(size_bytes: int, *, more: bool = False) -> bytes:
    """Return what stands before a frame of so many bytes; `more`: another one follows."""
    if size_bytes <= _SHORT_BYTES:
        return bytes((more, size_bytes))
    return _LONG_FORMAT.pack(more | _LONG, size_bytes)


def _command(body: bytes) -> bytes:
    return bytes((_COMMAND, len(body))) + body


Frames = tuple["bytes | memoryview", "Content | None"]
"""Of a message: its header, and its content if that has a frame of its own."""

# What small messages are received into: the longest header that is usual, with content in it. Of a
# longer frame no more than this is copied.
_BUFFER_BYTES: Final = 32 * 1024


class Inbox:
    """Makes messages of what is received, in place. For one thread.

    Receive into `space`, say how much it was with `fill`, and take what is complete with `next`.
    """

    def __init__(self, limit_bytes: int, received: bytes = b"") -> None:
        """No frame may be longer than the limit. `received` stood behind the handshake."""
        self._limit_bytes = limit_bytes
        self._buffer = bytearray(max(_BUFFER_BYTES, len(received)))
        self._view = memoryview(self._buffer)
        self._view[: len(received)] = received
        self._begin, self._end = 0, len(received)
        self._header: bytes | None = None
        """The first frame of a message whose second one has not come."""
        self._large: memoryview | None = None
        """A frame that is under way and too long for the buffer."""
        self._large_flags = 0
        self._filled = 0
        self.pongs: list[bytes] = []
        """What is to be sent in answer to heartbeats."""

    @property
    def space(self) -> memoryview:
        """Where what comes next belongs, at least one byte."""
        if self._large is not None:
            return self._large[self._filled :]
        if self._begin:
            # What is left is the beginning of a message, which is short or goes on elsewhere.
            left = self._end - self._begin
            self._buffer[:left] = self._buffer[self._begin : self._end]
            self._begin, self._end = 0, left
        return self._view[self._end :]

    def fill(self, size_bytes: int) -> None:
        """Say how many bytes were received into `space`."""
        if self._large is not None:
            self._filled += size_bytes
        else:
            self._end += size_bytes

    def next(self) -> Frames | None:
        """Return the header and the content of the next message that is complete, None if none is.

        The header is valid until the next call; the content is the caller's. Raises FrameError for
        what the peer may not send; nothing more is to be received then.
        """
        while True:
            flags, body = self._next_frame()
            if body is None:
                return None
            if flags & _COMMAND:
                self._on_command(bytes(body))
            elif self._header is not None:
                return self._of_two(self._header, flags, body)
            elif flags & _MORE:
                self._header = bytes(body)
            else:
                return body, None

    def _next_frame(self) -> tuple[int, memoryview | None]:
        if self._large is not None:
            return self._next_large(self._large)
        begin, end, buffer = self._begin, self._end, self._buffer
        if end - begin < 2:
            return 0, None
        flags, size = buffer[begin], buffer[begin + 1]
        begin += 2
        if flags & ~_FLAGS or (flags & _COMMAND and flags & _MORE):
            raise FrameError(f"a frame with the flags 0x{flags:02x}")
        if flags & _LONG:
            begin = self._begin + _LONG_FORMAT.size
            if end < begin:
                return 0, None
            size = _LONG_FORMAT.unpack_from(buffer, self._begin)[1]
        if size > self._limit_bytes:
            raise FrameError(f"a frame of {size} bytes, the limit is {self._limit_bytes}")
        if begin + size <= end:
            self._begin = begin + size
            return flags, self._view[begin : begin + size]
        if size > _BUFFER_BYTES - _LONG_FORMAT.size:
            self._go_on_elsewhere(flags, begin, size)
        return 0, None

    def _go_on_elsewhere(self, flags: int, begin: int, size: int) -> None:
        """Give a frame that has begun in the buffer, and is too long for it, memory of its own."""
        here = self._end - begin
        large = memoryview(bytearray(size))
        large[:here] = self._view[begin : self._end]
        self._large, self._large_flags, self._filled = large, flags, here
        self._begin = self._end = 0

    def _next_large(self, large: memoryview) -> tuple[int, memoryview | None]:
        if self._filled < len(large):
            return 0, None
        self._large = None
        return self._large_flags, large

    def _of_two(self, header: bytes, flags: int, body: memoryview) -> Frames:
        if flags & _MORE:
            raise FrameError("a message has more than two frames")
        self._header = None
        # What is in the buffer is overwritten by what comes next.
        return header, bytes(body) if body.obj is self._buffer else body

    def _on_command(self, command: bytes) -> None:
        if command.startswith(_PING):
            # Behind the name stands how long the peer waits, which is of no interest here.
            self.pongs.append(_command(_PONG + command[len(_PING) + 2 :][:_PING_CONTEXT_BYTES]))
        elif not command.startswith(_PONG):
            raise FrameError(f"the command {command[1:40]!r}")
