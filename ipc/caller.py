"""Makes one call on a running driver: takes a channel, speaks, gives it back, names failures.

Every call ends in a result or in one error of the contract, whatever happens to the driver.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
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
from storagedriver.ipc.supervisor import Supervisor
from storagedriver.ipc.wire_errors import error_from_wire


class Caller:
    """Any thread may call it.

    Every method takes the path that the call is about, for errors, and raises the driver's error;
    DriverCrashedError, DriverTimeoutError, ProtocolError, ThrottledError for what happens to the
    call; ValueError once the driver is closed.
    """

    def __init__(self, supervisor: Supervisor, *, timeout_seconds: float | None) -> None:
        self._supervisor = supervisor
        self.timeout_seconds = timeout_seconds

    def call(
        self, method: str, params: Mapping[str, Wire], path: str, content: Content | None = None
    ) -> Mapping[str, Wire]:
        """Return the result of a call whose content, if any, is in the request."""
        running, channel = self._acquire(path)
        try:
            request = channel.session.request(method, params, content)
            channel.send(request, timeout_seconds=self.timeout_seconds)
            response = receive_response(channel, self.timeout_seconds)
        except BaseException as error:  # noqa: BLE001 - raised again, whatever it is
            self._fail(running, channel, error, method, path)
        return self._result(running, channel, response)

    def open_read(
        self, method: str, params: dict[str, Wire], path: str
    ) -> tuple[Incoming | None, Start | Response]:
        """Open a read; return the rest of its messages and the one that opened it.

        The rest is None if that one was all.
        """
        running, channel = self._acquire(path)
        session = channel.session
        try:
            params["credit"] = session.max_chunk_bytes * CREDIT_WINDOW_CHUNKS
            channel.send(session.request(method, params), timeout_seconds=self.timeout_seconds)
            opened = channel.receive(self.timeout_seconds)
        except BaseException as error:  # noqa: BLE001 - raised again, whatever it is
            self._fail(running, channel, error, method, path)
        if isinstance(opened, Response):
            self._result(running, channel, opened)
            return None, opened
        if not isinstance(opened, Start):
            refusal = session.refuse(f"{opened.kind.name} opens no read")
            self._fail(running, channel, refusal, method, path)
        incoming = Incoming(
            channel,
            running.pool,
            path=path,
            timeout_seconds=self.timeout_seconds,
            failure=partial(self._failure, running),
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
        max_chunk_bytes = self._supervisor.running.max_chunk_bytes
        first = source.next(max_chunk_bytes)
        if first is None or len(first) < max_chunk_bytes:
            source.look_ahead()
        running, channel = self._acquire(path)
        try:
            response = send_content(
                channel, method, params, source, first, timeout_seconds=self.timeout_seconds
            )
        except BaseException as error:
            if error is source.failure:
                running.pool.release(channel)
                raise
            self._fail(running, channel, error, method, path)
        return self._result(running, channel, response)

    def _acquire(self, path: str) -> tuple[RunningDriver, Channel]:
        try:
            running = self._supervisor.ready(self.timeout_seconds)
        except ClosedError:
            raise self._closed() from None
        if running.process.is_forked:
            raise running.of_parent()
        try:
            return running, running.pool.acquire(path, self.timeout_seconds)
        except ClosedError as error:
            if self._supervisor.is_closed:
                raise self._closed() from None
            # Another call has found this process dead, and put it away.
            raise self._supervisor.lost(running, error) from error
        except (ChannelLostError, NoProgressError, StorageDriverError) as error:
            raise self._failure(running, error, "OpenChannel", path) from error
        except OSError as error:
            message = f"A channel to the driver cannot be opened: {error}"
            raise StorageDriverError(message, driver=running.name, temporary=True) from error

    def _closed(self) -> ValueError:
        return ValueError(f"the driver {self._supervisor.running.name} is closed")

    def _failure(
        self, running: RunningDriver, error: Exception, method: str, path: str
    ) -> StorageDriverError:
        """Return the error of the contract for what a channel or the driver raised."""
        if isinstance(error, NoProgressError):
            return self._timed_out(running, method)
        if isinstance(error, ChannelLostError):
            lost = self._supervisor.lost(running, error)
            # Calls that outlast the grace of a stop end with the process, but that is no crash.
            return CancelledError(driver=running.name) if self._supervisor.is_closed else lost
        if isinstance(error, StorageDriverError):
            # The name that the caller knows it by, whatever it calls itself.
            error.driver = running.name
            running.hide_secrets(error)
            return error
        raise error

    def _timed_out(self, running: RunningDriver, method: str) -> DriverTimeoutError:
        seconds = self.timeout_seconds or 0.0
        why = self._supervisor.suspect(running, seconds)
        message = f"No progress for {seconds:g} seconds in {method}: {why}"
        return DriverTimeoutError(seconds, method, message=message, driver=running.name)

    def _fail(
        self,
        running: RunningDriver,
        channel: Channel,
        error: BaseException,
        method: str,
        path: str,
    ) -> NoReturn:
        """Drop a channel whose call did not end, and raise what that means to the caller."""
        running.pool.discard(channel)
        if isinstance(error, ChannelLostError | NoProgressError):
            raise self._failure(running, error, method, path) from error
        if isinstance(error, StorageDriverError):
            error.driver = running.name
        raise error

    def _result(
        self, running: RunningDriver, channel: Channel, response: Response
    ) -> Mapping[str, Wire]:
        if response.error is None:
            running.pool.release(channel)
            return response.result or {}
        error = error_from_wire(response.error)
        error.driver = running.name
        running.hide_secrets(error)
        if isinstance(error, ProtocolError):
            # The driver refused what it was sent, and closes the channel.
            running.pool.discard(channel)
        else:
            running.pool.release(channel)
        raise error
