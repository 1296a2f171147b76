"""One started driver process: from the start, through the handshake, to its end.

    start -> connected -> Hello -> ready -> draining -> gone

Whatever goes wrong before `ready` is a typed error that says at which step, and leaves nothing
behind: no process, no socket, no directory.
"""

from __future__ import annotations

import errno
import hmac
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Literal

from storagedriver.contract import (
    CURRENT_VERSION,
    DriverCrashedError,
    DriverTimeoutError,
    InvalidStorageDriverError,
    ProtocolError,
    StorageDriverError,
    Version,
)
from storagedriver.contract.features import PING
from storagedriver.contract.redaction import Redaction
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.control import ControlChannel
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.fields import count, text, texts
from storagedriver.ipc.launch import environment, prepare
from storagedriver.ipc.limits import MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach, Wire
from storagedriver.ipc.negotiation import negotiate
from storagedriver.ipc.pool import ChannelPool
from storagedriver.ipc.process import DriverProcess, Ladder
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side, State

# For a driver to connect a further channel; it frees the slot itself after the same time.
_OPEN_CHANNEL_SECONDS: Final = 5.0

# The same where the driver answers on control only when no call runs: some take minutes.
_AFTER_A_CALL_SECONDS: Final = 600.0

# Of descriptors, processes and memory: another time there may be enough.
_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})

# The sockets of a process close before its end is reported. On a machine with ten times as much to
# do as it can, more than a second was seen to lie between the two.
_DEATH_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class StartSettings:
    """How a driver is started and stopped. See `client.StartOptions` for the meaning of each."""

    start_timeout_seconds: float = 30.0
    ladder: Ladder = field(default_factory=Ladder)
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    pass_environment: Sequence[str] = ()
    transport: Literal["ipc", "tcp"] = "ipc"
    max_chunk_bytes: int = MAX_CHUNK_BYTES


class RunningDriver:
    """A driver process that is ready, and its channels. Any thread may call it.

    Attributes:
        name: what it was started as, which errors mention.
        version: the version that both sides speak.
        max_channels: how many calls it takes at once.
        features: what the driver says it can do.
        pool: the channels for calls.
        process: the child process.
    """

    def __init__(
        self,
        command: Sequence[str],
        parameters: Mapping[str, object],
        *,
        name: str,
        settings: StartSettings,
        on_process: Callable[[DriverProcess], None] | None = None,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        """Start `command` as the driver `name` and wait until it is ready.

        `on_process` is given the process as soon as there is one, so that another thread can end
        it; `on_exit` is called when it has ended, by a thread of its own.

        Raises InvalidStorageDriverError if it cannot be executed, DriverCrashedError if it ends,
        DriverTimeoutError if it is not ready in time, IncompatibleVersionError, ProtocolError if
        something else answers, what the driver itself raises, such as InvalidParametersError, and
        StorageDriverError if this host has no descriptors, processes or memory left.
        """
        self.name = name
        self._settings = settings
        self._token = os.urandom(16).hex()
        self._deadline = monotonic() + settings.start_timeout_seconds
        self._channel_numbers = 0
        self._stop_lock = threading.Lock()
        self._redaction = Redaction(parameters)
        launch = prepare(name, parameters, self._token)
        try:
            self._directory = SocketDirectory()
        except OSError as error:
            raise self._not_started(error) from error
        channel: Channel | None = None
        process: DriverProcess | None = None
        try:
            session = Session(Side.HOST, Role.NEW, max_chunk_bytes=settings.max_chunk_bytes)
            channel = Channel.listen(self._endpoint(), session)
            self.process = process = self._start(
                (*command, launch.argument), channel.endpoint, on_exit
            )
            if on_process is not None:
                on_process(process)
            channel.watch_process(process.handle)
            self._handshake(channel, launch.first_line)
        except BaseException as error:
            self._abandon(channel, process)
            if isinstance(error, OSError):
                raise self._not_started(error) from error
            raise

    def _start(
        self, command: Sequence[str], endpoint: str, on_exit: Callable[[], None] | None
    ) -> DriverProcess:
        settings = self._settings
        variables = environment(
            endpoint, passed=settings.pass_environment, added=settings.environment
        )
        try:
            return DriverProcess(
                command,
                environment=variables,
                name=self.name,
                on_exit=on_exit,
                hide=self._redaction.text,
            )
        except OSError as error:
            if error.errno in _SHORTAGES:
                raise
            raise InvalidStorageDriverError(
                self.name, reason=f"cannot start {command[0]}: {error.strerror}"
            ) from error

    def _not_started(self, error: OSError) -> StorageDriverError:
        """Return the error for what this host lacks, and not the driver."""
        message = f"The driver cannot be started: {error.strerror or error}"
        return StorageDriverError(message, driver=self.name, temporary=error.errno in _SHORTAGES)

    def _handshake(self, channel: Channel, first_line: memoryview) -> None:
        seconds = self._settings.start_timeout_seconds
        step = "did not read its standard input"
        try:
            self.process.write_line(first_line, timeout_seconds=self._left())
            step = "did not connect, or connected and said nothing; is it a storage driver?"
            self._attached(channel, self._left())
            step = "connected, but did not answer Hello"
            self._hello(channel)
        except (ChannelLostError, BrokenPipeError) as error:
            raise self.lost(error) from error
        except (NoProgressError, TimeoutError) as error:
            message = f"The driver {step} (waited {seconds:g} seconds)"
            raise DriverTimeoutError(seconds, "start", message=message, driver=self.name) from error
        except StorageDriverError as error:
            error.driver = error.driver or self.name
            self._redaction.hide_in(error)
            # Without the frames that it has come through, which hold the driver's own words.
            raise error.with_traceback(None) from None

    def _hello(self, channel: Channel) -> None:
        self._control = ControlChannel(channel)
        params: dict[str, Wire] = {
            "version": str(CURRENT_VERSION),
            "features": [],
            "max_chunk": self._settings.max_chunk_bytes,
        }
        result = self._control.call("Hello", params, timeout_seconds=self._left())
        self.version = negotiate(_parse_version(text(result, "version")))
        self.features = texts(result, "features")
        limit = count(result, "max_channels")
        # Without worker channels the control channel takes the calls.
        self.max_channels = max(1, limit)
        self.pool = ChannelPool(self._open_channel, limit=self.max_channels)
        if limit == 0:
            self.pool.adopt(channel)

    def _attached(self, channel: Channel, timeout_seconds: float) -> None:
        """Wait for the ATTACH of the right process, and let nobody else connect after it."""
        message = channel.receive(timeout_seconds)
        if not isinstance(message, Attach):
            raise ProtocolError(f"{message.kind.name} where ATTACH is due")
        if not hmac.compare_digest(message.token.encode(), self._token.encode()):
            raise ProtocolError("a process that does not know the token has connected")
        negotiate(_parse_version(message.version))
        channel.forget_endpoint()

    def _open_channel(self, timeout_seconds: float | None) -> Channel:
        """Open one more channel.

        Raises ChannelLostError, NoProgressError after the time given, what OpenChannel answers.
        """
        longest = _OPEN_CHANNEL_SECONDS if PING in self.features else _AFTER_A_CALL_SECONDS
        seconds = min(longest, timeout_seconds or longest)
        agreed = self._control.channel.session
        if agreed.role is Role.ONLY or agreed.state is State.CLOSED:
            # What it would take to open another one is lost: such a driver is of no more use.
            self.process.kill()
            raise ChannelLostError(process_ended=True)
        session = Session(
            Side.HOST,
            Role.WORKER,
            max_chunk_bytes=agreed.max_chunk_bytes,
            write_credit_bytes=agreed.write_credit_bytes,
        )
        try:
            channel = Channel.listen(self._endpoint(), session)
        except FileNotFoundError as error:
            # The directory goes with the process, which another thread may have seen to.
            if self.pool.is_closed or self.process.wait_for_end(_DEATH_SECONDS):
                raise ChannelLostError(process_ended=True) from error
            raise
        channel.watch_process(self.process.handle)
        params: dict[str, Wire] = {"channel": self._channel_numbers, "endpoint": channel.endpoint}
        try:
            self._control.call("OpenChannel", params, timeout_seconds=seconds)
            self._attached(channel, seconds)
        except BaseException:
            channel.close()
            raise
        return channel

    @property
    def max_chunk_bytes(self) -> int:
        """The largest content of one message that both sides take."""
        return self._control.channel.session.max_chunk_bytes

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended and was reaped."""
        return self.process.exited.is_set()

    @property
    def has_workers(self) -> bool:
        """Whether calls have channels of their own, beside the control channel."""
        return self._control.channel.session.role is not Role.ONLY

    def ping(self, timeout_seconds: float) -> None:
        """Have the driver answer something. Raises NoProgressError, ChannelLostError.

        Only for a driver that has the feature `ping`, and workers.
        """
        self._control.call("Ping", {}, timeout_seconds=timeout_seconds)

    def crash(self) -> DriverCrashedError:
        """Return the error for a process that has ended."""
        crash = self.process.crash(self.name)
        self._redaction.hide_in(crash)
        return crash

    def hide_secrets(self, error: StorageDriverError) -> None:
        """Take out of an error what the driver was given as secret and has repeated."""
        self._redaction.hide_in(error)

    def of_parent(self) -> StorageDriverError:
        """Return the error for whoever uses this in a forked child of the host."""
        message = "This driver belongs to the parent process; a forked child starts one of its own"
        return StorageDriverError(message, driver=self.name)

    def lost(self, error: Exception) -> StorageDriverError:
        """Return what it means that a channel was lost: a crash, or else a breach of protocol."""
        if self.process.is_forked:
            return self.of_parent()
        known = isinstance(error, ChannelLostError) and error.process_ended
        if known or self.process.wait_for_end(_DEATH_SECONDS):
            return self.crash()
        return ProtocolError("the driver has closed the channel", driver=self.name)

    def stop(self, *, calls_seconds: float | None = None) -> None:
        """End the driver: no new calls, wait, Shutdown, close its input, SIGTERM, SIGKILL, reap.

        Every step has a limit. Any number of threads may call it, at any time; each returns when
        the process is gone. In a forked child it does nothing. `calls_seconds` is how long to wait
        for calls in flight if that is not what the ladder says.
        """
        if self.process.is_forked:
            return
        with self._stop_lock:
            ladder = self._settings.ladder
            held = self.pool.close(ladder.calls if calls_seconds is None else calls_seconds)
            # With one channel for all, a call that outlasts the grace has it: it is not ours then.
            is_free = not held or self.has_workers
            if not self.process.exited.is_set():
                if is_free:
                    self._shut_down(ladder.shutdown)
                self.process.end(ladder)
            if is_free:
                self._control.close()
            self._directory.remove()
            if not held:
                # Else a wait may still look at it, and its last holder closes it.
                self.process.handle.close()

    def _shut_down(self, timeout_seconds: float) -> None:
        # If it does not answer it is ended in the next step.
        with suppress(ChannelLostError, NoProgressError, StorageDriverError):
            self._control.call("Shutdown", {}, timeout_seconds=timeout_seconds)

    def _abandon(self, channel: Channel | None, process: DriverProcess | None) -> None:
        if channel is not None:
            channel.close()
        if process is not None:
            process.kill()
            process.handle.close()
        self._directory.remove()

    def _endpoint(self) -> str:
        self._channel_numbers += 1
        if self._settings.transport == "tcp":
            return "tcp://127.0.0.1:*"
        return self._directory.endpoint(self._channel_numbers)

    def _left(self) -> float:
        return max(0.0, self._deadline - monotonic())


def _parse_version(version: str) -> Version:
    try:
        return Version.parse(version)
    except ValueError as error:
        raise ProtocolError(f"the driver's version: {error}") from error
