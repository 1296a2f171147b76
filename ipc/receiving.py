"""The host's side of a read: a stream of content, and a stream of entries, from a channel."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn, Protocol

from storagedriver.contract import (
    CancelledError,
    DriverCrashedError,
    ProtocolError,
    ReadStream,
    StorageDriverError,
)
from storagedriver.ipc.calls import check_entries
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.codec import ListingDecoder
from storagedriver.ipc.fields import blob, count
from storagedriver.ipc.messages import Chunk, Content, Response, Start, Wire
from storagedriver.ipc.pool import ChannelPool
from storagedriver.ipc.sending import cancel
from storagedriver.ipc.wire_errors import error_from_wire

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Failure = Callable[[Exception, str, str], StorageDriverError]
"""Turns what a channel raised into the error to raise, given the method and the path."""


class Incoming:
    """The messages of a read that was opened with START; holds the channel until the read ends.

    For one thread at a time.
    """

    def __init__(
        self,
        channel: Channel,
        pool: ChannelPool,
        *,
        path: str,
        timeout_seconds: float | None,
        failure: Failure,
    ) -> None:
        self.response: Response | None = None
        self._channel = channel
        self._pool = pool
        self._path = path
        self._method = channel.session.method
        self._timeout_seconds = timeout_seconds
        self._failure = failure
        self._error: StorageDriverError | None = None
        self._is_held = True

    def next(self) -> Content | None:
        """Return the next content, or None when the read has ended well.

        Raises the driver's error, DriverCrashedError, DriverTimeoutError or ProtocolError, and the
        same again from then on.
        """
        if self._error is not None:
            raise self._error
        if not self._is_held:
            return None
        try:
            message = self._receive()
        except (ChannelLostError, NoProgressError, ProtocolError) as error:
            self._drop()
            self._error = self._failure(error, self._method, self._path)
            raise self._error from error
        except BaseException:
            # An interrupt: what the channel is in the middle of is not known any more. Whoever
            # reads on all the same must not take it for the end.
            self._drop()
            self._error = self._failure(CancelledError(), self._method, self._path)
            raise
        if isinstance(message, Chunk):
            return message.content
        return self._finish(message)

    def close(self) -> None:
        """End the read; if it has not ended by itself the driver is told to stop."""
        if self._is_held:
            try:
                cancel(self._channel)
            except BaseException:
                self._drop()
                raise
            self._is_held = False
            self._pool.release(self._channel)

    def refuse(self, error: ProtocolError) -> StorageDriverError:
        """End the read for what came, and return the error to raise, now and from then on."""
        self._drop()
        self._error = self._failure(error, self._method, self._path)
        return self._error

    def abandon(self) -> None:
        """End the read without waiting for anything: for finalizers."""
        if self._is_held:
            self._is_held = False
            self._pool.abandon(self._channel)

    def _receive(self) -> Chunk | Response:
        while True:
            message = self._channel.receive(self._timeout_seconds)
            if isinstance(message, Chunk):
                credit = self._channel.session.consume(len(message.content))
                if credit is not None:
                    self._channel.send(credit, timeout_seconds=self._timeout_seconds)
                return message
            if isinstance(message, Response):
                return message

    def _finish(self, response: Response) -> Content | None:
        self._is_held = False
        self._pool.release(self._channel)
        if response.error is not None:
            self._error = self._failure(error_from_wire(response.error), self._method, self._path)
            raise self._error
        self.response = response
        return response.content

    def _drop(self) -> None:
        if self._is_held:
            self._is_held = False
            self._pool.discard(self._channel)


class ContentSource(Protocol):
    """What a content stream reads from: `Incoming`, or what stands in for it."""

    def next(self) -> Content | None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...


class ContentStream(ReadStream):
    """A read of an object in another process; `incoming` is None if all came with the opening."""

    def __init__(self, incoming: ContentSource | None, opened: Start | Response) -> None:
        info = (opened.info if isinstance(opened, Start) else opened.result) or {}
        first = opened.content if isinstance(opened, Response) else None
        size = info.get("size")
        self.size = size if isinstance(size, int) else None
        self.version = blob(info, "version")
        self._incoming = incoming
        self._rest = memoryview(first or b"")

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        self.check_open()
        target = memoryview(buffer).cast("B")
        if not target.nbytes or not self._fill():
            return 0
        length = min(len(target), len(self._rest))
        target[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length

    def read1(self, size: int = -1, /) -> bytes:
        self.check_open()
        if size == 0 or not self._fill():
            return b""
        length = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:length], self._rest[length:]
        return bytes(piece)

    def __next__(self) -> bytes | memoryview:  # type: ignore[override]  # as in ReadStream
        self.check_open()
        if not self._fill():
            raise StopIteration
        piece, self._rest = self._rest, memoryview(b"")
        return piece

    def close(self) -> None:
        """Close the stream; if content is left the driver is told to stop sending."""
        if not self.closed:
            super().close()
            self._rest = memoryview(b"")
            if self._incoming is not None:
                self._incoming.close()

    def __del__(self) -> None:
        # Not the base's way, which closes, and so would wait for the driver, in any thread.
        if not self.closed:
            io.IOBase.close(self)
            if self._incoming is not None:
                self._incoming.abandon()

    def _fill(self) -> bool:
        """Have something in `_rest`; return False at the end."""
        while not self._rest:
            content = None if self._incoming is None else self._incoming.next()
            if content is None:
                return False
            self._rest = memoryview(content)
        return True


ResumeListing = Callable[[DriverCrashedError, str], tuple["Incoming | None", Start | Response]]
"""Opens a listing again after a crash, behind the entry that is named; raises what that raises."""


def not_resumed(crash: DriverCrashedError, last: str) -> NoReturn:
    """For a listing that ends with its process."""
    raise crash


class EntryStream:
    """The entries of a listing in another process, checked, in the order that they came.

    An iterator; closing it early tells the driver to stop.
    """

    def __init__(
        self,
        method: str,
        incoming: Incoming | None,
        opened: Start | Response,
        *,
        driver: str = "",
        resume: ResumeListing = not_resumed,
    ) -> None:
        """`driver` is the name for errors of a listing that came in one piece."""
        self._method = method
        self._driver = driver
        self._resume = resume
        self._is_of_uploads = method == "ListUploads"
        self._entries: Iterator[list[Wire]] = iter(())
        self._place = ("", "")
        self._given: tuple[str, str] | None = None
        """Up to here all was given before a crash, after which the listing was begun again."""
        self._begin(incoming, opened)

    def __iter__(self) -> EntryStream:
        return self

    def __next__(self) -> list[Wire]:
        while True:
            try:
                for entry in self._entries:
                    self._count += 1
                    if self._is_news(entry):
                        return entry
                content = self._next_content()
                if content is not None:
                    self._feed(content)
                    continue
                self._check_count()
            except ProtocolError as error:
                if self._incoming is None:
                    error.driver = self._driver
                    raise
                raise self._incoming.refuse(error) from None
            raise StopIteration

    def close(self) -> None:
        self._entries = iter(())
        if self._incoming is not None:
            self._incoming.close()

    def __del__(self) -> None:
        if self._incoming is not None:
            self._incoming.abandon()

    def _begin(self, incoming: Incoming | None, opened: Start | Response) -> None:
        self._incoming = incoming
        self._decoder = ListingDecoder()
        self._response = opened if isinstance(opened, Response) else None
        self._only = None if self._response is None else self._response.content
        self._count = 0

    def _next_content(self) -> Content | None:
        """Return the next content; None where the listing ends, or has begun again in one piece."""
        if self._incoming is None:
            content, self._only = self._only, None
            return content
        try:
            return self._incoming.next()
        except DriverCrashedError as crash:
            self._given = self._place
            self._begin(*self._resume(crash, self._place[0]))
            return b""

    def _feed(self, content: Content | None) -> None:
        if content:
            entries = self._decoder.feed(content)
            self._entries = iter(check_entries(self._method, entries))

    def _is_news(self, entry: list[Wire]) -> bool:
        """Whether an entry was not given before a crash. Raises ProtocolError out of order."""
        # Whoever compares two listings relies on it, and an entry twice would be work done twice.
        place = (str(entry[1]), str(entry[0])) if self._is_of_uploads else (str(entry[0]), "")
        if place <= self._place:
            if self._place == self._given:
                return False
            raise ProtocolError(f"{self._method}: {place[0][:300]!r} is out of order")
        self._place = place
        return True

    def _check_count(self) -> None:
        response = self._response if self._incoming is None else self._incoming.response
        told = count(response.result or {}, "count") if response is not None else self._count
        if told != self._count:
            raise ProtocolError(f"{self._method} speaks of {told} entries, {self._count} came")
