"""Somebody connects to the control channel before the driver does: no matter, or one error.

Over Unix sockets only a process of the same user can, as their directory is private; over tcp any
on the machine.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from storagedriver.contract import DriverTimeoutError, ProtocolError
from storagedriver.ipc.channel import Channel
from storagedriver.ipc.messages import Attach
from storagedriver.ipc.running import RunningDriver, StartSettings
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side

PATIENCE_SECONDS = 30.0

ODD = [sys.executable, str(Path(__file__).with_name("odd_driver.py"))]


class HeldStart:
    """The start of a driver whose program tells its endpoint and waits for `let_go`."""

    def __init__(
        self,
        threads: ThreadPoolExecutor,
        directory: Path,
        transport: Literal["ipc", "tcp"],
        *,
        seconds: float = PATIENCE_SECONDS,
    ) -> None:
        told, self._gate = directory / "told", directory / "gate"
        os.mkfifo(told)
        os.mkfifo(self._gate)
        self._told = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
        self._open = [self._told]
        # The shell cannot open the gate for reading until somebody opens it for writing.
        script = f'echo "$STORAGEDRIVER_ENDPOINT" >{told}; : <{self._gate}; exec "$@"'
        settings = StartSettings(start_timeout_seconds=seconds, transport=transport)
        command = ["/bin/sh", "-c", script, "sh", *ODD]
        self.result: Future[RunningDriver] = threads.submit(
            RunningDriver, command, {}, name="odd", settings=settings
        )

    def connect(self) -> Channel:
        """Connect in the driver's place."""
        assert select.select([self._told], [], [], PATIENCE_SECONDS)[0]
        endpoint = os.read(self._told, 1000).decode().strip()
        session = Session(Side.DRIVER, Role.NEW)
        return Channel.connect(endpoint, session, timeout_seconds=PATIENCE_SECONDS)

    def let_go(self) -> None:
        # For reading too, as it would otherwise wait for a driver that has been ended. It stays
        # open, as the shell may not have come there yet.
        self._open.append(os.open(self._gate, os.O_RDWR))

    def close(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)


@pytest.fixture(params=["ipc", "tcp"])
def transport(request: pytest.FixtureRequest) -> Literal["ipc", "tcp"]:
    return request.param  # type: ignore[no-any-return]  # one of the two above


@pytest.fixture
def held(tmp_path: Path, transport: Literal["ipc", "tcp"]) -> Iterator[HeldStart]:
    with (
        ThreadPoolExecutor(1) as threads,
        closing(HeldStart(threads, tmp_path, transport)) as held,
    ):
        yield held


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_one_that_does_not_know_the_token_ends_the_start(held: HeldStart, token: str) -> None:
    with closing(held.connect()) as stranger:
        stranger.send(Attach(token, "0.1", os.getpid()))
        error = held.result.exception(PATIENCE_SECONDS)
    assert isinstance(error, ProtocolError)
    assert "does not know the token" in error.message


def test_one_that_goes_again_is_no_obstacle(held: HeldStart) -> None:
    held.connect().close()
    held.let_go()
    held.result.result(PATIENCE_SECONDS).stop()


def test_one_that_stays_silent_is_no_obstacle(held: HeldStart) -> None:
    with closing(held.connect()):
        held.let_go()
        held.result.result(PATIENCE_SECONDS).stop()


def test_nobody_but_one_that_stays_silent_ends_the_start_when_its_time_is_over(
    tmp_path: Path, transport: Literal["ipc", "tcp"]
) -> None:
    with (
        ThreadPoolExecutor(1) as threads,
        closing(HeldStart(threads, tmp_path, transport, seconds=2.0)) as held,
        closing(held.connect()),
    ):
        error = held.result.exception(PATIENCE_SECONDS)
    assert isinstance(error, DriverTimeoutError)
    assert error.seconds == 2.0
