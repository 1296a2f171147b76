"""Somebody connects to the control channel before the driver does: one error, nothing left.

Only a process of the same user can, as the directory of the sockets is private.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

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
    """The start of a driver whose program waits for `let_go` before it does anything."""

    def __init__(self, threads: ThreadPoolExecutor, directory: Path) -> None:
        self._gate = directory / "gate"
        os.mkfifo(self._gate)
        # The shell cannot open the pipe for reading until somebody opens it for writing.
        command = ["/bin/sh", "-c", f': <{self._gate}; exec "$@"', "sh", *ODD]
        self.seconds = 2.0
        settings = StartSettings(start_timeout_seconds=self.seconds)
        self.result: Future[RunningDriver] = threads.submit(
            RunningDriver, command, {}, name="odd", settings=settings
        )

    def connect(self) -> Channel:
        """Connect in the driver's place."""
        endpoint = f"ipc://{_when_there(Path(os.environ['TMPDIR']), 'sd-*/*')}"
        session = Session(Side.DRIVER, Role.NEW)
        return Channel.connect(endpoint, session, timeout_seconds=PATIENCE_SECONDS)

    def let_go(self) -> None:
        # For reading too, as it would otherwise wait for a driver that has been ended.
        os.close(os.open(self._gate, os.O_RDWR))


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldStart]:
    with ThreadPoolExecutor(1) as threads:
        yield HeldStart(threads, tmp_path)


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_one_that_does_not_know_the_token_ends_the_start(held: HeldStart, token: str) -> None:
    with closing(held.connect()) as stranger:
        stranger.send(Attach(token, "0.1", os.getpid()))
        error = held.result.exception(PATIENCE_SECONDS)
    assert isinstance(error, ProtocolError)
    assert "does not know the token" in error.message


def test_one_that_goes_again_ends_the_start(held: HeldStart) -> None:
    held.connect().close()
    error = held.result.exception(PATIENCE_SECONDS)
    assert isinstance(error, ProtocolError)
    assert "closed the channel" in error.message


def test_one_that_stays_silent_ends_the_start_when_its_time_is_over(held: HeldStart) -> None:
    with closing(held.connect()):
        held.let_go()
        error = held.result.exception(PATIENCE_SECONDS)
    assert isinstance(error, DriverTimeoutError)
    assert error.seconds == held.seconds


def _when_there(directory: Path, pattern: str) -> Path:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for path in directory.glob(pattern):
            return path
        time.sleep(0.01)
    raise AssertionError(f"there is no {pattern} in {directory}")
