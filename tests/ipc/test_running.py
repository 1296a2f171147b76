"""Starting a driver: every way it can fail is one typed error, and nothing is left behind."""

from __future__ import annotations

import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from logging.handlers import QueueHandler
from pathlib import Path
from typing import Literal

import pytest

from storagedriver.contract import (
    DriverCrashedError,
    DriverTimeoutError,
    IncompatibleVersionError,
    InvalidParametersError,
    InvalidStorageDriverError,
    ProtocolError,
    StorageDriverError,
)
from storagedriver.ipc.channel import ChannelLostError
from storagedriver.ipc.running import RunningDriver, StartSettings

FAKE = [sys.executable, str(Path(__file__).with_name("fake_driver.py"))]
ODD = [sys.executable, str(Path(__file__).with_name("odd_driver.py"))]

HELLO: dict[str, object] = {
    "version": "0.1",
    "name": "fake",
    "features": [],
    "max_channels": 1,
    "write_credit": 1 << 20,
    "max_chunk": 1 << 20,
}


def start(
    command: list[str],
    *,
    seconds: float = 30.0,
    transport: Literal["ipc", "tcp"] = "ipc",
    **parameters: object,
) -> RunningDriver:
    settings = StartSettings(start_timeout_seconds=seconds, transport=transport)
    return RunningDriver(command, parameters, name="odd", settings=settings)


def failure(command: list[str], *, seconds: float = 30.0) -> StorageDriverError:
    with pytest.raises(StorageDriverError) as caught:
        start(command, seconds=seconds)
    assert caught.value.driver == "odd"
    return caught.value


def test_missing_program() -> None:
    with pytest.raises(InvalidStorageDriverError, match="No such file"):
        start(["/nowhere/registry-storage-odd"])


def test_directory_in_the_place_of_a_program(tmp_path: Path) -> None:
    with pytest.raises(InvalidStorageDriverError, match="directory"):
        start([str(tmp_path)])


def test_program_without_permission(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(InvalidStorageDriverError, match=r"chmod \+x"):
        start([str(program)])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"#!/no/such/python\n", "the file is there, but the interpreter .* is not"),
        (b"import storagedriver\n", "first line"),
        (b"\x7fELF" + bytes(100), "this machine"),
    ],
    ids=["interpreter", "text", "machine"],
)
def test_program_that_cannot_be_executed(content: bytes, reason: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(content)
    program.chmod(0o755)
    with pytest.raises(InvalidStorageDriverError, match=reason):
        start([str(program)])


def test_environment_that_is_too_long() -> None:
    settings = StartSettings(environment={"LONG": "x" * 1_000_000})
    with pytest.raises(InvalidStorageDriverError, match="environment are too long"):
        RunningDriver(ODD, {}, name="odd", settings=settings)


def test_interpreter_that_env_does_not_find(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/usr/bin/env no-such-python\n")
    program.chmod(0o755)
    error = failure([str(program)])
    assert isinstance(error, DriverCrashedError)
    assert error.exit_status == 127
    assert "no-such-python" in error.stderr


@pytest.mark.parametrize("status", [0, 3])
def test_program_that_exits_at_once(status: int) -> None:
    error = failure([*FAKE, f"exit{status}"])
    assert isinstance(error, DriverCrashedError)
    assert error.exit_status == status
    assert "no storage today" in error.stderr


def test_program_that_is_killed_at_once() -> None:
    error = failure([*FAKE, "kill"])
    assert isinstance(error, DriverCrashedError)
    assert error.signal == 9


def test_program_that_is_no_driver() -> None:
    assert isinstance(failure(["/bin/true"]), DriverCrashedError)


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("sleep", "did not connect"),
        ("silent", "did not connect"),
        ("no-hello", "did not answer Hello"),
    ],
)
def test_program_that_does_not_go_on(way: str, what: str) -> None:
    error = failure([*FAKE, way], seconds=1.0)
    assert isinstance(error, DriverTimeoutError)
    assert what in error.message
    assert error.seconds == 1.0


def test_program_that_closes_its_input_is_not_waited_for_long() -> None:
    assert isinstance(failure([*FAKE, "deaf"], seconds=1.0), DriverTimeoutError | ProtocolError)


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("wrong-token", "does not know the token"),
        ("stranger", "does not know the token"),
        ("garbage", "header"),
        ("hello-first", "REQUEST"),
        ("version-nonsense", "version"),
        ("hello-{}", "version is missing"),
        ("hello-" + json.dumps({**HELLO, "write_credit": 5000}), "write_credit"),
        ("hello-" + json.dumps({**HELLO, "version": "x"}), "version"),
    ],
)
def test_program_that_breaks_the_protocol(way: str, what: str) -> None:
    error = failure([*FAKE, way])
    assert isinstance(error, ProtocolError)
    assert what in error.detail


@pytest.mark.parametrize(
    ("version", "upgrade"), [("0.0", "driver"), ("1.0", "host"), ("2.7", "host")]
)
@pytest.mark.parametrize("step", ["attach", "hello"])
def test_incompatible_version_says_which_side_to_upgrade(
    version: str, upgrade: str, step: str
) -> None:
    hello = "hello-" + json.dumps({**HELLO, "version": version})
    error = failure([*FAKE, f"version-{version}" if step == "attach" else hello])
    assert isinstance(error, IncompatibleVersionError)
    assert (error.host_version, error.driver_version) == ("0.1", version)
    assert f"upgrade the {upgrade}" in error.message


def test_newer_minor_is_spoken_as_ours() -> None:
    running = start([*FAKE, "hello-" + json.dumps({**HELLO, "version": "0.9"})])
    assert str(running.version) == "0.1"
    running.process.kill()
    running.stop()


def test_parameters_that_the_driver_refuses_reach_the_caller() -> None:
    with pytest.raises(InvalidParametersError) as caught:
        start(ODD, oddity="refuse")
    assert (caught.value.parameter, caught.value.reason) == ("oddity", "refused")


def test_a_bug_where_the_driver_is_made_is_told_and_where_it_is_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logged: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    logger = logging.getLogger("storagedriver.driver.odd")
    caplog.set_level(logging.INFO, logger=logger.name)
    handler = QueueHandler(logged)
    logger.addHandler(handler)
    try:
        with pytest.raises(StorageDriverError, match="RuntimeError: an odd start"):
            start(ODD, oddity="fail")
        # Lines are logged when the log has time for them; the error itself is the last one.
        lines = list(
            iter(lambda: logged.get(timeout=30).getMessage(), "RuntimeError: an odd start")
        )
    finally:
        logger.removeHandler(handler)
    assert any('odd_driver.py", line' in line for line in lines)


def test_driver_that_dies_in_hello() -> None:
    with pytest.raises(DriverCrashedError) as caught:
        start(ODD, oddity="exit-in-hello")
    assert caught.value.exit_status == 4


def test_driver_that_hangs_in_hello() -> None:
    with pytest.raises(DriverTimeoutError, match="Hello"):
        start(ODD, seconds=2.0, oddity="hang-in-hello")


def test_parameters_longer_than_an_argument_may_be_arrive() -> None:
    with pytest.raises(InvalidParametersError, match=r"x{300}"):
        start(ODD, oddity="x" * 1_000_000)


def test_program_that_floods_its_output_is_ended_in_time() -> None:
    error = failure([*FAKE, "flood"], seconds=1.0)
    assert isinstance(error, DriverTimeoutError)


@pytest.mark.parametrize("oddity", ["noisy", "flood"])
def test_noise_on_both_outputs_does_not_disturb_a_start(oddity: str) -> None:
    start(ODD, oddity=oddity).stop()


def test_temporary_directory_whose_name_is_too_long_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("d" * 120)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    start(ODD).stop()


# Read-only not by its mode: root writes everywhere else.
@pytest.mark.parametrize("directory", ["/nowhere", "/proc"])
def test_temporary_directory_that_is_not_there_or_read_only(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", directory)
    start(ODD).stop()


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_many_at_once_from_threads(transport: Literal["ipc", "tcp"]) -> None:
    with ThreadPoolExecutor(32) as threads:
        started = [threads.submit(start, ODD, transport=transport) for _ in range(32)]
        running = [future.result() for future in started]
        assert len({driver.process.pid for driver in running}) == 32
        for stopped in [threads.submit(driver.stop) for driver in running]:
            stopped.result()


# 32 take ten seconds where there are two cores.
@pytest.mark.parametrize("count", [8, pytest.param(32, marks=pytest.mark.full)])
def test_many_at_once_from_processes(count: int) -> None:
    program = (
        "import sys\n"
        "from storagedriver.ipc import IPCStorageDriver\n"
        f"with IPCStorageDriver.start({ODD!r}, {{}}, name='odd') as driver:\n"
        "    driver.put_content('/a', b'a')\n"
        "    print(driver.get_content('/a').decode())\n"
    )
    hosts = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    assert [host.communicate()[0] for host in hosts] == ["a\n"] * count


def test_a_channel_that_is_opened_as_the_process_goes_is_lost() -> None:
    running = start(ODD)
    try:
        os.kill(running.process.pid, signal.SIGKILL)
        # As the thread does that puts the next process in its place.
        shutil.rmtree(running._directory.path)  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(ChannelLostError) as caught:
            running.pool.acquire("/", 30.0)
        assert caught.value.process_ended
    finally:
        running.stop()


# Prints an error for each number of free descriptors that is too few for a start.
WITH_FEW_DESCRIPTORS = """
import gc, os, resource, sys, time
from storagedriver.contract import StorageDriverError
from storagedriver.ipc.running import RunningDriver, StartSettings

def start():
    RunningDriver(sys.argv[1:], {}, name="odd", settings=StartSettings()).stop()

def owned():
    gc.collect()
    with open(f"/proc/self/task/{os.getpid()}/children") as children:
        return os.listdir(os.environ["TMPDIR"]), children.read(), len(os.listdir("/proc/self/fd"))

start()
before = owned()
_, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
# From below, as a socket of the start before may be counted that is closed by now.
for more in range(-5, 100):
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[2] + more, limit))
    try:
        start()
        sys.exit()
    except StorageDriverError as error:
        print(error.temporary, error)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    while not owned() <= before:
        time.sleep(0.01)
"""


def test_too_few_descriptors_are_an_error_at_every_step_of_a_start() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITH_FEW_DESCRIPTORS, *ODD],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    errors = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(errors) > 5
    assert all(error.startswith("True ") for error in errors)
    assert all("Too many open files" in error for error in errors)
