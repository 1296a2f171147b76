"""serve: all that the `main` of a driver in Python needs.

The main thread answers the control channel; each worker channel has a thread of its own; one more
thread holds the lifeline. So a driver whose workers are all busy still answers Ping, and one whose
host is gone exits in the middle of any call.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final, NoReturn, cast

from storagedriver.contract import (
    CURRENT_VERSION,
    ProtocolError,
    StorageDriverError,
    StorageDriverFactory,
    TooManyChannelsError,
)
from storagedriver.contract.failures import as_driver_error
from storagedriver.contract.features import FEATURES, FILE_HANDOFF, PING
from storagedriver.ipc.channel import Channel, ChannelLostError
from storagedriver.ipc.fields import count, text
from storagedriver.ipc.lifeline import Lifeline, parse_object, remove_sockets
from storagedriver.ipc.limits import CREDIT_WINDOW_CHUNKS, MAX_CHANNELS, MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach, Close, Request, Response, Wire
from storagedriver.ipc.open_uploads import OpenUploads
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side
from storagedriver.ipc.wire_errors import error_to_wire
from storagedriver.ipc.worker import Served, Worker, refusal

if TYPE_CHECKING:
    import io

_EXIT_USAGE: Final = 64

# The host is in the same machine and waits: if it does not answer in this time it is not there.
_CONNECT_SECONDS: Final = 5.0

# For calls that are still running at Shutdown: the host has waited for them already.
_LAST_CALLS_SECONDS: Final = 0.5

# Exiting right after a send would lose what was sent; the host closes the lifeline when it has it.
_LAST_ANSWER_SECONDS: Final = 5.0


def serve(
    factory: StorageDriverFactory, *, name: str, features: frozenset[str] = frozenset()
) -> None:
    """Run this process as the driver that `factory` makes; return when the host has ended it.

    `factory` is called once, with the parameters that the host sends. InvalidParametersError that
    it raises reaches the host's caller. `name` and `features` are told by `--version`; the driver
    that is made tells its own features.

    To be called by the main thread, once, and by nothing but a program's `main`: it takes over
    standard input and exits the process when the host is gone, without unwinding. Exits with 64
    when a person has started the program.
    """
    if sys.argv[1:] == ["--version"]:
        _print_version(name, features)
        return
    endpoint = os.environ.pop("STORAGEDRIVER_ENDPOINT", "")
    if not endpoint or len(sys.argv) != 2:
        _explain(name)
    lifeline = Lifeline()
    try:
        first = lifeline.read_first_line()
        parameters = first.parameters
        if parameters is None:
            parameters = parse_object(sys.argv[1], "the first argument")
    except ValueError as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(_EXIT_USAGE)
    # What a driver prints is its log, and a log is read while the program runs.
    cast("io.TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)
    server = _Server(factory, name, parameters, first.token, lifeline, endpoint)
    lifeline.watch(server.on_host_gone)
    try:
        server.run()
    except ChannelLostError:
        server.on_host_gone()


def _print_version(name: str, features: frozenset[str]) -> None:
    about = {
        "name": name,
        "version": str(CURRENT_VERSION),
        "features": sorted(_told(features)),
        "transports": ["ipc", "tcp"],
    }
    print(json.dumps(about))


def _explain(name: str) -> NoReturn:
    program = os.path.basename(sys.argv[0])
    print(
        f"{program} is the storage driver {name!r}; a host program starts it and talks to it.\n"
        f"To use it from a terminal: storagedriver check {name}, or storagedriver --help.",
        file=sys.stderr,
    )
    sys.exit(_EXIT_USAGE)


def _exit_now() -> None:
    """End the process in the middle of whatever its threads do: the host is gone."""
    os._exit(0)


def _told(features: frozenset[str]) -> frozenset[str]:
    """What this server makes of a driver's features: it adds its own, and leaves what it lacks."""
    return ((features & FEATURES) | {PING}) - {FILE_HANDOFF}


@dataclass(slots=True)
class _Server:
    factory: StorageDriverFactory
    name: str
    parameters: Mapping[str, object]
    token: str
    lifeline: Lifeline
    endpoint: str
    served: Served | None = None
    is_ending: bool = False
    workers: dict[int, Worker] = field(default_factory=dict[int, Worker])
    threads: set[threading.Thread] = field(default_factory=set[threading.Thread])

    def run(self) -> None:
        """Attach, and answer the control channel until Shutdown or a failed Hello."""
        control = self._attach(self.endpoint, Session(Side.DRIVER, Role.NEW))
        try:
            self._answer_control(control)
        except ProtocolError as error:
            control.close(farewell=refusal(control, error))
        self.is_ending = True
        self.lifeline.wait(_LAST_ANSWER_SECONDS)
        control.close()
        # A thread that is still in a call holds its socket, and ZeroMQ would wait for it for ever.
        if self.threads:
            _exit_now()

    def on_host_gone(self) -> None:
        """Exit in the middle of anything, unless the end is orderly and under way."""
        if not self.is_ending:
            remove_sockets(self.endpoint)
            _exit_now()

    def _attach(self, endpoint: str, session: Session) -> Channel:
        channel = Channel.connect(endpoint, session, timeout_seconds=_CONNECT_SECONDS)
        channel.send(Attach(self.token, str(CURRENT_VERSION), os.getpid()))
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
            except Exception as error:  # noqa: BLE001 - whatever it is, the host is to hear of it
                failure = as_driver_error(error, self.name)
                response = Response(message.id, error_to_wire(failure), None)
            if message.method == "Shutdown":
                self._end_driver()
            control.send(response)
            if message.method == "Shutdown" or self.served is None:
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
        features: list[Wire] = [*sorted(_told(driver.features))]
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
        number = count(request.params, "channel")
        if number in self.workers:
            raise StorageDriverError(f"Channel {number} is open already")
        thread = threading.Thread(
            target=self._work,
            args=(number, text(request.params, "endpoint"), agreed),
            name=f"storagedriver-worker-{number}",
            daemon=True,
        )
        self.threads.add(thread)
        thread.start()

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
        finally:
            self.workers.pop(number, None)
            self.threads.discard(threading.current_thread())

    def _end_driver(self) -> None:
        # The host has closed the worker channels; a call that still runs must not hold this up.
        deadline = monotonic() + _LAST_CALLS_SECONDS
        for thread in list(self.threads):
            thread.join(max(0.0, deadline - monotonic()))
        if self.served is not None:
            self.served.uploads.close()
            self.served.driver.close()
