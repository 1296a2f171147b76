"""The checks of a driver's life: its starts and its ends, each as the protocol wants it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Final, cast

from storagedriver.conformance.checking import CaseFailedError, require
from storagedriver.conformance.faults.subject import Subject
from storagedriver.conformance.faults.unwatched import unwatched
from storagedriver.conformance.faults.zeromq import speaks_to_zeromq
from storagedriver.conformance.together import run_together
from storagedriver.contract import (
    CURRENT_VERSION,
    InvalidParametersError,
    PathNotFoundError,
    StorageDriverError,
    Version,
)
from storagedriver.contract.features import VOLATILE
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.control import ControlChannel
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.launch import ENDPOINT_VARIABLE, environment, prepare
from storagedriver.ipc.limits import MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach, Start, Wire
from storagedriver.ipc.process import DriverProcess
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side

_EXIT_USAGE: Final = 64
_PARALLEL_STARTS: Final = 4
_HELLO: Final[Mapping[str, Wire]] = {
    "version": str(CURRENT_VERSION),
    "features": [],
    "max_chunk": MAX_CHUNK_BYTES,
}
_UNKNOWN_PARAMETER: Final = "no-such-parameter"


def tells_its_version(subject: Subject) -> None:
    """`--version` prints one line of JSON: name, version, features, transports."""
    with subject.program("--version") as process:
        process.close_stdin()
        _require_exit(subject, process, "--version")
        require(process.exit_status == 0, f"--version exits with {_ended(process)}, not with 0")
        lines = process.output_tail.splitlines()
    require(len(lines) == 1, f"--version prints {len(lines)} lines, not one")
    try:
        told: object = json.loads(lines[0])
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise CaseFailedError(f"--version prints no JSON object: {lines[0][:100]}")
    for key in ("name", "version", "features", "transports"):
        require(key in told, f'--version does not tell "{key}"')
    version = cast("dict[str, object]", told)["version"]
    try:
        Version.parse(str(version))
    except ValueError as error:
        raise CaseFailedError(f"the version that --version tells: {error}") from error


def explains_itself_to_people(subject: Subject) -> None:
    """Started by hand it says on standard error what it is, and exits with 64."""
    with subject.program() as process:
        _require_exit(subject, process, "started by hand")
        stderr = process.crash(subject.name).stderr
        require(
            process.exit_status == _EXIT_USAGE,
            f"started by hand it ends with {_ended(process)}, not with status {_EXIT_USAGE}",
        )
    require(bool(stderr.strip()), "started by hand it explains nothing on standard error")


def refuses_a_first_line_that_is_none(subject: Subject) -> None:
    """Standard input that does not begin with a JSON object ends it, and not with 0."""
    with _alone(subject) as (process, _):
        # One that has ended already is looked at below.
        with suppress(BrokenPipeError):
            line = memoryview(b"this is no JSON\n")
            process.write_line(line, timeout_seconds=subject.life_seconds)
        _require_exit(subject, process, "given a first line that is no JSON")
        require(process.exit_status != 0, "given a first line that is no JSON it exits with 0")


def exits_without_a_first_line(subject: Subject) -> None:
    """If its standard input ends before the first line, it exits."""
    with _alone(subject) as (process, _):
        process.close_stdin()
        _require_exit(subject, process, "if its standard input ends before the first line")


def exits_where_nobody_listens(subject: Subject) -> None:
    """If there is nobody at its endpoint, it exits."""
    with _alone(subject) as (process, channel):
        channel.close()
        _write_first_line(subject, process)
        _require_exit(subject, process, "where nobody listens at its endpoint")


def exits_before_the_handshake(subject: Subject) -> None:
    """If its host is gone before Hello, it exits."""
    with _alone(subject) as (process, channel):
        token = _write_first_line(subject, process)
        try:
            attach = channel.receive(subject.life_seconds)
        except (ChannelLostError, NoProgressError) as error:
            raise CaseFailedError(
                f"it does not attach within {subject.life_seconds:g} seconds"
            ) from error
        require(
            isinstance(attach, Attach) and attach.token == token,
            "it does not attach with the token that it was given",
        )
        process.close_stdin()
        _require_exit(subject, process, "if its host is gone before Hello")


def exits_when_idle(subject: Subject) -> None:
    """If its host is gone while no call runs, it exits."""
    with subject.running() as running:
        running.pool.release(running.pool.acquire("/", subject.life_seconds))
        running.process.close_stdin()
        _require_exit(subject, running.process, "if its host is gone while no call runs")


def exits_in_a_call(subject: Subject) -> None:
    """If its host is gone in the middle of a read, it exits."""
    path = "/check-in-a-call"
    with (
        subject.running() as running,
        closing(running.pool.acquire(path, subject.life_seconds)) as channel,
    ):
        session = channel.session
        channel.send(session.request("PutContent", {"path": path, "end": True}, bytes(100_000)))
        channel.receive(subject.life_seconds)
        # No more credit comes: the call does not end, and its START says that it has begun.
        params: dict[str, Wire] = {"path": path, "offset": 0, "credit": 1000}
        channel.send(session.request("ReadStream", params))
        begun = channel.receive(subject.life_seconds)
        require(isinstance(begun, Start), f"a read of 100,000 bytes begins with {begun.kind.name}")
        running.process.close_stdin()
        _require_exit(subject, running.process, "if its host is gone in the middle of a read")
    with suppress(PathNotFoundError), subject.start() as driver:
        driver.delete(path)


def exits_after_shutdown(subject: Subject) -> None:
    """After Shutdown and the end of its input it exits by itself."""
    with subject.running() as running:
        process = running.process
        running.stop(calls_seconds=0)
        require(
            process.exit_signal is None,
            f"it does not exit within {subject.life_seconds:g} seconds of Shutdown, and had to be"
            " ended by a signal",
        )


def ends_at_sigterm(subject: Subject) -> None:
    """SIGTERM ends it."""
    with subject.running() as running:
        os.kill(running.process.pid, signal.SIGTERM)
        _require_exit(subject, running.process, "after SIGTERM")


def refuses_unknown_parameters(subject: Subject) -> None:
    """A parameter that it does not know is answered by InvalidParameters."""
    try:
        with subject.running(**{_UNKNOWN_PARAMETER: True}):
            pass
    except InvalidParametersError:
        return
    except StorageDriverError as error:
        text = f"wrong parameters are answered by {error.code}, not by InvalidParameters: {error}"
        raise CaseFailedError(text) from error
    raise CaseFailedError(f"it takes a parameter {_UNKNOWN_PARAMETER!r} without a word")


def starts_many_at_once(subject: Subject) -> None:
    """Several start at once on one store, and see each other's objects."""
    paths = [f"/check-parallel/{number}" for number in range(_PARALLEL_STARTS)]
    with ExitStack() as stack:

        def start() -> IPCStorageDriver:
            return stack.enter_context(subject.start())

        drivers = run_together([start] * _PARALLEL_STARTS)
        for driver, path in zip(drivers, paths, strict=True):
            driver.put_content(path, path.encode())
        if VOLATILE in drivers[0].features:
            return
        for driver in drivers:
            found = driver.list("/check-parallel")
            require(
                found == paths,
                f"of {_PARALLEL_STARTS} that run at once on one store, each has put an object, and"
                f" one sees {found}; a driver that keeps all to its process says so by the feature"
                f" {VOLATILE!r}",
            )
        drivers[0].delete("/check-parallel")


def leaves_no_processes(subject: Subject) -> None:
    """When it ends, so does all that it has started."""
    with _listening() as channel:
        launch = prepare(subject.name, subject.parameters, "token")
        variables = environment(channel.endpoint, passed=(), added=subject.environment())
        with unwatched([*subject.command, launch.argument], variables) as process:
            process.write(launch.first_line)
            channel.receive(subject.life_seconds)
            # Now it makes itself ready, and starts whatever helps it.
            ControlChannel(channel).call("Hello", _HELLO, timeout_seconds=subject.life_seconds)
            process.close_stdin()
            require(
                process.wait(subject.life_seconds),
                f"without its host it does not exit within {subject.life_seconds:g} seconds",
            )
            left = subject.left(subject.life_seconds, besides=process.pid)
            subject.end_all(besides=process.pid)
    require(not left, f"it has ended, and leaves running: {', '.join(left)}")


LIFE_CHECKS: Final[Sequence[Callable[[Subject], None]]] = (
    tells_its_version,
    explains_itself_to_people,
    speaks_to_zeromq,
    refuses_a_first_line_that_is_none,
    exits_without_a_first_line,
    exits_where_nobody_listens,
    exits_before_the_handshake,
    exits_when_idle,
    exits_in_a_call,
    exits_after_shutdown,
    ends_at_sigterm,
    refuses_unknown_parameters,
    starts_many_at_once,
    leaves_no_processes,
)
"""Each raises CaseFailedError, or what the driver raised, if the driver does something else."""


@contextmanager
def _alone(subject: Subject) -> Generator[tuple[DriverProcess, Channel], None, None]:
    """Start the program as a host does, with a channel that nobody has spoken on yet."""
    argument = prepare(subject.name, subject.parameters, "").argument
    with _listening() as channel:
        endpoint = {ENDPOINT_VARIABLE: channel.endpoint}
        with subject.program(argument, environment=endpoint) as process:
            yield process, channel


@contextmanager
def _listening() -> Generator[Channel, None, None]:
    directory = SocketDirectory()
    channel = Channel.listen(directory.endpoint(1), Session(Side.HOST, Role.NEW))
    try:
        yield channel
    finally:
        channel.close()
        directory.remove()


def _write_first_line(subject: Subject, process: DriverProcess) -> str:
    token = os.urandom(16).hex()
    line = prepare(subject.name, subject.parameters, token).first_line
    process.write_line(line, timeout_seconds=subject.life_seconds)
    return token


def _require_exit(subject: Subject, process: DriverProcess, when: str) -> None:
    seconds = subject.life_seconds
    require(process.wait(seconds), f"{when} it does not exit within {seconds:g} seconds")


def _ended(process: DriverProcess) -> str:
    if process.exit_signal is not None:
        return f"signal {process.exit_signal}"
    return f"status {process.exit_status}"
