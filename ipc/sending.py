"""The host's side of a write: a reader's bytes into chunks, as far as credit goes."""

from __future__ import annotations

from collections.abc import Mapping

from storagedriver.contract import ProtocolError, Reader
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.limits import INLINE_CONTENT_BYTES, MIN_CHUNK_BYTES
from storagedriver.ipc.messages import Cancel, Chunk, Content, End, Response, Wire

# The driver answers a CANCEL as soon as it looks at its channel; if it does not, the channel goes.
CANCEL_SECONDS = 5.0


class PieceSource:
    """Cuts what a reader gives into pieces of the size that may be sent. For one thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._rest = memoryview(b"")
        self.at_end = False
        self.failure: BaseException | None = None
        """What the reader has raised, or the fault of what it gave."""

    def next(self, limit: int) -> Content | None:
        """Return the next piece, of at most `limit` bytes, or None at the end.

        Short pieces are put together, so that a reader of single bytes does not cost a message
        for each. Raises what the reader raises, and TypeError if it gives no bytes.
        """
        piece = self._take(limit)
        least = min(limit, MIN_CHUNK_BYTES)
        if len(piece) >= least or not piece:
            return piece or None
        pieces = [bytes(piece)]
        gathered = len(piece)
        while gathered < least and (piece := self._take(limit - gathered)):
            pieces.append(bytes(piece))
            gathered += len(piece)
        return b"".join(pieces)

    def look_ahead(self) -> None:
        """Find out whether the end has come."""
        if not self._rest and not self.at_end:
            self._rest = memoryview(self._read(INLINE_CONTENT_BYTES))

    def _take(self, limit: int) -> Content:
        if self._rest:
            piece, self._rest = self._rest[:limit], self._rest[limit:]
            return piece
        given = self._read(limit)
        if len(given) <= limit:
            return given
        # More than it was asked for, but nothing is lost.
        self._rest = memoryview(given)
        return self._take(limit)

    def _read(self, limit: int) -> Content:
        if self.at_end:
            return b""
        try:
            given: object = self._reader.read(limit)
            if not isinstance(given, bytes | bytearray | memoryview):
                raise TypeError(f"a reader gives bytes, not {type(given).__name__}")
        except BaseException as error:
            self.failure = error
            raise
        self.at_end = len(given) == 0
        # A piece may wait here while the reader is asked for more, and it may use its memory again.
        if isinstance(given, bytes):
            return given
        if isinstance(given, memoryview) and isinstance(given.obj, bytes) and given.itemsize == 1:
            return given
        return bytes(given)


class ViewReader:
    """Reads from memory without copying."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._position = 0

    def read(self, size: int, /) -> memoryview:
        piece = self._view[self._position : self._position + size]
        self._position += len(piece)
        return piece

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, /) -> int:
        self._position = position
        return position


def send_content(
    channel: Channel,
    method: str,
    params: Mapping[str, Wire],
    source: PieceSource,
    first: Content | None,
    *,
    timeout_seconds: float | None,
) -> Response:
    """Run a call that writes; `first` has been read already. Return the response.

    What the reader raises is raised when the call has been cancelled and answered.

    Raises ChannelLostError, NoProgressError, ProtocolError: the channel is then of no more use.
    """
    is_complete = source.at_end
    channel.send(
        channel.session.request(method, {**params, "end": is_complete}, first),
        timeout_seconds=timeout_seconds,
    )
    while not is_complete:
        response = _wait_for_credit(channel, timeout_seconds)
        if response is not None:
            return response  # an error, before the end: the rest is not sent
        try:
            piece = source.next(channel.session.sendable_bytes)
        except BaseException:
            cancel(channel)
            raise
        id = channel.session.id
        is_complete = source.at_end
        message = End(id, piece) if is_complete or piece is None else Chunk(id, piece)
        channel.send(message, timeout_seconds=timeout_seconds)
    return receive_response(channel, timeout_seconds)


def receive_response(channel: Channel, timeout_seconds: float | None) -> Response:
    """Wait for the end of a call; what else comes is of no more interest."""
    while True:
        message = channel.receive(timeout_seconds)
        if isinstance(message, Response):
            return message


def cancel(channel: Channel) -> None:
    """Cancel the call and wait for its response. If none comes the channel is not idle after it."""
    try:
        channel.send(Cancel(channel.session.id), timeout_seconds=CANCEL_SECONDS)
        receive_response(channel, CANCEL_SECONDS)
    except (ChannelLostError, NoProgressError, ProtocolError):
        return


def _wait_for_credit(channel: Channel, timeout_seconds: float | None) -> Response | None:
    """Return None when content may be sent, or the response if the call has ended already."""
    message = channel.receive_now()
    while not isinstance(message, Response):
        if channel.session.credit_bytes > 0:
            return None
        message = channel.receive(timeout_seconds)
    return message
