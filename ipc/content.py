"""The streams of content on a channel, as the driver sees them.

`send_stream` and `send_listing` answer reads; `IncomingContent` is the reader that a driver is
given for a write. All keep to the credit, and stop when the host cancels or closes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Final

from storagedriver.contract import CancelledError, ContentChangedError, Piece, ReadStream
from storagedriver.ipc.channel import Channel
from storagedriver.ipc.codec import encode_listing
from storagedriver.ipc.fields import text
from storagedriver.ipc.limits import MIN_CHUNK_BYTES
from storagedriver.ipc.messages import (
    Cancel,
    Chunk,
    Close,
    Content,
    End,
    Message,
    Request,
    Response,
    Start,
    Wire,
)

# A listing is sent on when this much of it is there, or this long after its last part: large enough
# that messages cost little, soon enough that a slow backend shows progress.
_LISTING_BYTES: Final = 64 * 1024
_LISTING_SECONDS: Final = 0.5


class HungUpError(Exception):
    """The host has closed the channel: nothing is to be answered."""


def check_stop(message: Message | None) -> None:
    """Raise what a message means to a call that is running; credit, or none, means nothing."""
    if isinstance(message, Cancel):
        raise CancelledError
    if isinstance(message, Close):
        raise HungUpError


class IncomingContent:
    """The content of a write, as a reader for the driver: pieces as they came, b"" at the end."""

    def __init__(self, channel: Channel, request: Request, *, is_complete: bool) -> None:
        self._channel = channel
        self._rest: Content = b"" if request.content is None else request.content
        self.at_end = is_complete
        self._stopped: Exception | None = None

    def read(self, size: int = -1, /) -> Piece:
        """Return up to `size` bytes, at least one except at the end; below 0: all there is.

        Raises CancelledError and HungUpError when the host stops the call, and the same again from
        then on: nothing more comes, even for a driver that goes on.
        """
        if size == 0:
            return b""
        if not self._rest and not self._fill():
            return b""
        if size < 0:
            return self._read_all()
        piece, self._rest = self._rest[:size], self._rest[size:]
        self._grant(len(piece))
        return piece

    def _read_all(self) -> bytes:
        pieces: list[Content] = []
        while self._rest or self._fill():
            pieces.append(self._rest)
            self._grant(len(self._rest))
            self._rest = b""
        return b"".join(pieces)

    def _fill(self) -> bool:
        while not self.at_end and not self._rest:
            message = self._receive()
            if isinstance(message, Chunk):
                self._rest = message.content
            elif isinstance(message, End):
                self._rest = b"" if message.content is None else message.content
                self.at_end = True
        return bool(self._rest)

    def _receive(self) -> Message:
        if self._stopped is not None:
            raise self._stopped
        try:
            message = self._channel.receive(None)
            check_stop(message)
        except Exception as error:
            self._stopped = error
            raise
        return message

    def _grant(self, size_bytes: int) -> None:
        credit = self._channel.session.consume(size_bytes)
        if credit is not None:
            self._channel.send(credit)


def send_bytes(channel: Channel, request: Request, content: bytes) -> Response:
    """As `send_stream`, for a content that is here as a whole."""
    result: dict[str, Wire] = {"size": len(content), "version": b""}
    session = channel.session
    opening = _Opening(channel, request, result)
    left = memoryview(content)
    while len(left) > session.sendable_bytes:
        opening.send()
        wait_for_credit(channel)
        limit = session.sendable_bytes
        channel.send(Chunk(request.id, left[:limit]))
        left = left[limit:]
        check_stop(channel.receive_now())
    return Response(request.id, None, result, left if left.nbytes else None)


def send_stream(channel: Channel, request: Request, stream: ReadStream, offset: int) -> Response:
    """Send the content of `stream` as far as credit goes; return the response that ends the call.

    What fits one message is left to the response alone. Raises ContentChangedError if the content
    ends before the size that it had at the opening.
    """
    session = channel.session
    opening = _Opening(channel, request, {"size": stream.size, "version": stream.version})
    left = None if stream.size is None else max(0, stream.size - offset)
    piece = b""
    while left != 0:
        if session.credit_bytes == 0:
            opening.send()
            wait_for_credit(channel)
        piece, left = _next_piece(stream, session.sendable_bytes, left)
        if left == 0 or not piece:
            break
        opening.send()
        channel.send(Chunk(request.id, piece))
        check_stop(channel.receive_now())
    if left:
        path = text(request.params, "path")
        raise ContentChangedError(path, reason=f"it ends {left} bytes before the size it had")
    sent = session.moved_bytes + len(piece)
    size = offset + sent if sent or stream.size is None else stream.size
    result: dict[str, Wire] = {"size": size, "version": stream.version}
    return Response(request.id, None, result, piece or None)


class _Opening:
    """The START of a read: sent before the first chunk, and not at all if there is no chunk."""

    def __init__(self, channel: Channel, request: Request, info: Mapping[str, Wire]) -> None:
        self._channel = channel
        self._start: Start | None = Start(request.id, info)

    def send(self) -> None:
        if self._start is not None:
            self._channel.send(self._start)
            self._start = None


def wait_for_credit(channel: Channel) -> None:
    """Return when content may be sent; raise if the host has stopped the call meanwhile."""
    while channel.session.credit_bytes == 0:
        check_stop(channel.receive(None))


def _next_piece(stream: ReadStream, limit: int, left: int | None) -> tuple[bytes, int | None]:
    """Read the next piece of at most `limit` bytes; return it and what is left, 0 at the end."""
    if left is not None:
        limit = min(limit, left)
    piece = stream.read1(limit) if limit else b""
    while 0 < len(piece) < min(limit, MIN_CHUNK_BYTES):
        more = stream.read1(limit - len(piece))
        if not more:
            return piece, 0 if left is None else left - len(piece)
        piece += more
    return piece, None if left is None else left - len(piece)


def send_listing(channel: Channel, request: Request, entries: Iterator[list[Wire]]) -> Response:
    """Send the entries in batches of whole entries; return the response that ends the call."""
    batch = _Batch(channel, request)
    count = 0
    for entry in entries:
        batch.add(encode_listing([entry]))
        count += 1
    return Response(request.id, None, {"count": count}, batch.rest())


class _Batch:
    """Encoded entries on their way into chunks."""

    def __init__(self, channel: Channel, request: Request) -> None:
        self._channel = channel
        self._request = request
        self._opening = _Opening(channel, request, {})
        self._entries: list[bytes] = []
        self._size_bytes = 0
        self._sent_at = monotonic()

    def add(self, entry: bytes) -> None:
        limit = min(_LISTING_BYTES, self._channel.session.sendable_bytes)
        if self._entries and self._size_bytes + len(entry) > limit:
            self._send()
        self._entries.append(entry)
        self._size_bytes += len(entry)
        if monotonic() - self._sent_at > _LISTING_SECONDS:
            self._send()

    def rest(self) -> bytes | None:
        """Return what the response carries."""
        self._wait_for_room()
        return b"".join(self._entries) or None

    def _send(self) -> None:
        self._wait_for_room()
        self._opening.send()
        self._channel.send(Chunk(self._request.id, b"".join(self._entries)))
        self._entries.clear()
        self._size_bytes = 0
        self._sent_at = monotonic()

    def _wait_for_room(self) -> None:
        check_stop(self._channel.receive_now())
        while self._channel.session.sendable_bytes < self._size_bytes:
            # The host grants more for what it has been sent, not for what it does not know of.
            self._opening.send()
            check_stop(self._channel.receive(None))
