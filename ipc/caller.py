"""Runs calls on a running driver: takes a channel, speaks, gives it back, and names failures.

Every call ends in a result or in one error of the contract, whatever happens to the driver.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from storagedriver.contract import (
    CancelledError,
    DriverTimeoutError,
    ProtocolError,
    Reader,
    StorageDriverError,
)
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.limits import CREDIT_WINDOW_CHUNKS
from storagedriver.ipc.messages import Content, Response, Start, Wire
from storagedriver.ipc.pool import ClosedError
from storagedriver.ipc.receiving import Incoming
from storagedriver.ipc.running import RunningDriver
from storagedriver.ipc.sending import PieceSource, receive_response, send_content
from storagedriver.ipc.wire_errors import error_from_wire


class Caller:
    """Any thread may call it.

    Every method takes the path that the call is about, for errors, and raises the driver's error;
    DriverCrashedError, DriverTimeoutError, ProtocolError, ThrottledError for what happens to the
    call; ValueError once the driver is closed.
    """

    def __init__(self, running: RunningDriver, *, timeout_seconds: float | None) -> None:
        self._running = running
        self._pool = running.pool
        self._timeout_seconds = timeout_seconds

    @property
    def name(self) -> str:
        """What the caller knows the driver by."""
        return self._running.name

    @property
    def is_closed(self) -> bool:
        """Whether every further call is ValueError."""
        return self._pool.is_closed

    def call(
        self, method: str, params: Mapping[str, Wire], path: str, content: Content | None = None
    ) -> Mapping[str, Wire]:
        """Return the result of a call whose content, if any, is in the request."""
        channel = self._acquire(path)
        try:
            request = channel.session.request(method, params, content)
            channel.send(request, timeout_seconds=self._timeout_seconds)
            response = receive_response(channel, self._timeout_seconds)
        except BaseException as error:  # noqa: BLE001 - raised again, whatever it is
            self._fail(channel, error, method, path)
        return self._result(channel, response)

    def open_read(
        self, method: str, params: dict[str, Wire], path: str
    ) -> tuple[Incoming | None, Start | Response]:
        """Open a read; return the rest of its messages and the one that opened it.

        The rest is None if that one was all.
        """
        channel = self._acquire(path)
        session = channel.session
        try:
            params["credit"] = session.max_chunk_bytes * CREDIT_WINDOW_CHUNKS
            channel.send(session.request(method, params), timeout_seconds=self._timeout_seconds)
            opened = channel.receive(self._timeout_seconds)
        except BaseException as error:  # noqa: BLE001 - raised again, whatever it is
            self._fail(channel, error, method, path)
        if isinstance(opened, Response):
            self._result(channel, opened)
            return None, opened
        if not isinstance(opened, Start):
            self._fail(channel, session.refuse(f"{opened.kind.name} opens no read"), method, path)
        incoming = Incoming(
            channel,
            self._pool,
            path=path,
            timeout_seconds=self._timeout_seconds,
            failure=self.failure,
        )
        return incoming, opened

    def write(
        self, method: str, params: Mapping[str, Wire], path: str, reader: Reader
    ) -> Mapping[str, Wire]:
        """Return the result of a call that sends all that `reader` gives.

        What the reader raises is raised unchanged, once the driver has stopped.
        """
        source = PieceSource(reader)
        # No channel is held while the reader has nothing yet, and what is small is one message.
        first = source.next(self._running.max_chunk_bytes)
        if first is None or len(first) < self._running.max_chunk_bytes:
            source.look_ahead()
        channel = self._acquire(path)
        try:
            response = send_content(
                channel, method, params, source, first, timeout_seconds=self._timeout_seconds
            )
        except BaseException as error:
            if error is source.failure:
                self._pool.release(channel)
                raise
            self._fail(channel, error, method, path)
        return self._result(channel, response)

    def failure(self, error: Exception, method: str, path: str) -> StorageDriverError:
        """Return the error of the contract for what a channel or the driver raised."""
        if isinstance(error, NoProgressError):
            return DriverTimeoutError(self._timeout_seconds or 0.0, method, driver=self.name)
        if isinstance(error, ChannelLostError):
            lost = self._running.lost(error)
            # Calls that outlast the grace of a stop end with the process, but that is no crash.
            return CancelledError(driver=self.name) if self._pool.is_closed else lost
        if isinstance(error, StorageDriverError):
            # The name that the caller knows it by, whatever it calls itself.
            error.driver = self.name
            return error
        raise error

    def _acquire(self, path: str) -> Channel:
        if self._running.process.is_forked:
            raise StorageDriverError(
                "This driver belongs to the parent process; a forked child starts one of its own",
                driver=self.name,
            )
        try:
            return self._pool.acquire(path, self._timeout_seconds)
        except ClosedError:
            raise ValueError(f"the driver {self.name} is closed") from None
        except (ChannelLostError, NoProgressError, StorageDriverError) as error:
            raise self.failure(error, "OpenChannel", path) from error
        except OSError as error:
            message = f"A channel to the driver cannot be opened: {error}"
            raise StorageDriverError(message, driver=self.name, temporary=True) from error

    def _fail(self, channel: Channel, error: BaseException, method: str, path: str) -> NoReturn:
        """Drop a channel whose call did not end, and raise what that means to the caller."""
        self._pool.discard(channel)
        if isinstance(error, ChannelLostError | NoProgressError):
            raise self.failure(error, method, path) from error
        if isinstance(error, StorageDriverError):
            error.driver = self.name
        raise error

    def _result(self, channel: Channel, response: Response) -> Mapping[str, Wire]:
        if response.error is None:
            self._pool.release(channel)
            return response.result or {}
        error = self.failure(error_from_wire(response.error), "", "")
        if isinstance(error, ProtocolError):
            # The driver refused what it was sent, and closes the channel.
            self._pool.discard(channel)
        else:
            self._pool.release(channel)
        raise error
