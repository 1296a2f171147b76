"""A driver served to one host: the control channel, and a thread for each worker channel.

So a driver whose workers are all busy still answers Ping.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from storagedriver.contract import (
    CURRENT_VERSION,
    InvalidParametersError,
    ProtocolError,
    StorageDriverError,
    StorageDriverFactory,
    TooManyChannelsError,
)
from storagedriver.contract.failures import as_driver_error
from storagedriver.contract.features import FEATURES, FILE_HANDOFF, PING, WALK
from storagedriver.ipc.channel import Channel, ChannelLostError
from storagedriver.ipc.fields import count, text
from storagedriver.ipc.limits import CREDIT_WINDOW_CHUNKS, MAX_CHANNELS, MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach, Close, Request, Response, Wire
from storagedriver.ipc.open_uploads import OpenUploads
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side
from storagedriver.ipc.wire_errors import error_to_wire
from storagedriver.ipc.worker import Served, Worker, refusal

_logger = logging.getLogger(__name__)

# The host is in the same machine and waits: if it does not answer in this time it is not there.
CONNECT_SECONDS: Final = 5.0

# For calls that are still running at Shutdown: the host has waited for them already.
_LAST_CALLS_SECONDS: Final = 0.5

# Exiting right after a send would lose what was sent; the host lets go when it has it.
_LAST_ANSWER_SECONDS: Final = 5.0


@dataclass(slots=True)
class Serving:
    """One driver, served to one host. `run` belongs to one thread.

    Attributes:
        factory: makes the driver, when the host says Hello.
        name: what the driver is called where it has no name itself.
        parameters: for the factory.
        token: what the host told to know its driver by.
        endpoint: of the host's control channel.
        wait_for_host: waits until the host has let go, for so many seconds; returns whether it has.
        closes_driver: whether the driver ends with this.
        is_ending: whether the end is orderly and under way.
        workers: those that have connected, by the numbers of their channels.
        numbers: of all channels that are open, or about to be.
        threads: those of the same channels.
    """

    factory: StorageDriverFactory
    name: str
    parameters: Mapping[str, object] = field(repr=False)
    token: str = field(repr=False)
    endpoint: str
    wait_for_host: Callable[[float], bool]
    closes_driver: bool = True
    served: Served | None = None
    is_ending: bool = False
    workers: dict[int, Worker] = field(default_factory=dict[int, Worker])
    numbers: set[int] = field(default_factory=set[int])
    threads: set[threading.Thread] = field(default_factory=set[threading.Thread])

    def run(self) -> None:
        """Attach, and answer the control channel until Shutdown or a failed Hello.

        Raises ChannelLostError if the host is not there, or goes.
        """
        control = self._attach(self.endpoint, Session(Side.DRIVER, Role.NEW))
        try:
            self._answer_control(control)
        except ProtocolError as error:
            self.is_ending = True
            control.close(farewell=refusal(control, error))
        self.is_ending = True
        self.wait_for_host(_LAST_ANSWER_SECONDS)
        control.close()

    def connect(self, endpoint: str, session: Session) -> Channel:
        """Make every channel of the driver. Raises ChannelLostError if the host is not there.

        A class that lets a driver misbehave makes other ones.
        """
        return Channel.connect(endpoint, session, timeout_seconds=CONNECT_SECONDS)

    def _attach(self, endpoint: str, session: Session) -> Channel:
        channel = self.connect(endpoint, session)
        try:
            channel.send(Attach(self.token, str(CURRENT_VERSION), os.getpid()))
        except ChannelLostError:
            channel.close()
            raise
        return channel

    def _answer_control(self, control: Channel) -> None:
        while True:
            message = control.receive(None)
            if isinstance(message, Close):
                return
            if not isinstance(message, Request):
                continue
            try:
                response = Response(message.id, None, self._answer(control, message))
            except Exception as error:
                # Whatever it is, the host is to hear of it; where a bug is, only this log tells.
                if not isinstance(error, StorageDriverError):
                    _logger.exception("%s failed", message.method)
                failure = as_driver_error(error, self.name)
                response = Response(message.id, error_to_wire(failure), None)
            if message.method == "Shutdown":
                self._end_driver()
            is_last = message.method == "Shutdown" or self.served is None
            # Before it is sent: the host ends the lifeline as soon as it has the last answer.
            self.is_ending |= is_last
            control.send(response)
            if is_last:
                return

    def _answer(self, control: Channel, request: Request) -> dict[str, Wire]:
        match request.method:
            case "Hello":
                return self._hello(request)
            case "OpenChannel":
                self._open_channel(control.session, request)
            case "Ping":
                reports = [worker.report() for worker in list(self.workers.values())]
                return {"workers": [report for report in reports if report is not None]}
            case _:
                pass
        return {}

    def _hello(self, request: Request) -> dict[str, Wire]:
        max_chunk = min(MAX_CHUNK_BYTES, count(request.params, "max_chunk"))
        driver = self.factory(self.parameters)
        self.served = Served(driver, OpenUploads(driver))
        features: list[Wire] = [*sorted(told_features(driver.features))]
        return {
            "version": str(CURRENT_VERSION),
            "name": driver.name or self.name,
            "features": features,
            "max_channels": MAX_CHANNELS,
            "write_credit": max_chunk * CREDIT_WINDOW_CHUNKS,
            "max_chunk": max_chunk,
        }

    def _open_channel(self, agreed: Session, request: Request) -> None:
        if len(self.threads) >= MAX_CHANNELS:
            raise TooManyChannelsError(MAX_CHANNELS)
        number, endpoint = count(request.params, "channel"), text(request.params, "endpoint")
        if number in self.numbers:
            raise self._refused("channel", f"{number} is in use")
        if _machine(endpoint) != _machine(self.endpoint):
            # Whoever listens there would be shown the token, and to look for a name holds up all.
            raise self._refused("endpoint", "it is not on the machine of the control channel")
        thread = threading.Thread(
            target=self._work,
            args=(number, endpoint, agreed),
            name=f"storagedriver-worker-{number}",
            daemon=True,
        )
        self.numbers.add(number)
        self.threads.add(thread)
        try:
            thread.start()
        except RuntimeError:
            self._free(number, thread)
            raise

    def _refused(self, parameter: str, reason: str) -> InvalidParametersError:
        return InvalidParametersError(self.name, parameter, reason)

    def _free(self, number: int, thread: threading.Thread) -> None:
        self.workers.pop(number, None)
        self.numbers.discard(number)
        self.threads.discard(thread)

    def _work(self, number: int, endpoint: str, agreed: Session) -> None:
        session = Session(
            Side.DRIVER,
            Role.WORKER,
            max_chunk_bytes=agreed.max_chunk_bytes,
            write_credit_bytes=agreed.write_credit_bytes,
        )
        try:
            channel = self._attach(endpoint, session)
            if self.served is None:
                raise RuntimeError("a channel was opened before Hello")
            worker = self.workers[number] = Worker(number, channel, self.served)
            worker.run()
        except ChannelLostError:
            pass  # the host was not there: the slot is free again
        except OSError as error:
            _logger.warning("channel %d cannot be opened: %s", number, error)
        finally:
            self._free(number, threading.current_thread())

    def _end_driver(self) -> None:
        # The host has closed the worker channels; a call that still runs must not hold this up.
        deadline = monotonic() + _LAST_CALLS_SECONDS
        for thread in list(self.threads):
            thread.join(max(0.0, deadline - monotonic()))
        if self.served is not None:
            self.served.uploads.close()
            if self.closes_driver:
                self.served.driver.close()


def _machine(endpoint: str) -> str:
    """Return the transport of an endpoint, and of tcp the host."""
    return "ipc" if endpoint.startswith("ipc://") else endpoint.rpartition(":")[0]


def told_features(features: frozenset[str]) -> frozenset[str]:
    """What this server makes of a driver's features: it adds its own, and leaves what it lacks.

    It answers Walk for every driver, with the default if need be: in the driver's process that
    costs less than a call for each entry.
    """
    return ((features & FEATURES) | {PING, WALK}) - {FILE_HANDOFF}
