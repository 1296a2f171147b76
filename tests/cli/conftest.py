"""The command line in this process, with its output caught."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storagedriver.cli.main import run


@dataclass(frozen=True)
class Answer:
    status: int
    stdout: str
    stderr: str

    @property
    def objects(self) -> list[dict[str, object]]:
        """What a command with --json has written."""
        return [json.loads(line) for line in self.stdout.splitlines()]


Command = Callable[..., Answer]

PATIENCE_SECONDS = 60.0

STALLING_PROGRAM = """#!{python}
import sys
import threading

sys.path.insert(0, {examples!r})
from dictionary_driver import DictionaryDriver
from storagedriver.contract import ReadStream
from storagedriver.ipc.server import serve


class StallingStream(ReadStream):
    def __init__(self, fifo):
        self._fifo = fifo
        self._begun = False

    def readinto1(self, buffer):
        if self._begun:
            open(self._fifo, "w").close()
            threading.Event().wait()
        self._begun = True
        return len(buffer)


class StallingDriver(DictionaryDriver):
    name = "stalling"

    def __init__(self, parameters):
        super().__init__(dict())
        self._fifo = parameters["fifo"]

    def read_stream(self, path, offset=0):
        return StallingStream(self._fifo)


serve(StallingDriver, name="stalling", features=StallingDriver.features)
"""


@dataclass(frozen=True)
class StallingDriver:
    """A driver whose read streams give a piece and then nothing more."""

    directory: Path
    fifo: Path

    def wait_until_it_stalls(self) -> None:
        descriptor = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        try:
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            # It opens the other end and closes it again.
            assert poller.poll(PATIENCE_SECONDS * 1000), "the driver has not come so far"
        finally:
            os.close(descriptor)


@pytest.fixture
def stalling(drivers_directory: Path, checkout: Path, tmp_path: Path) -> StallingDriver:
    program = drivers_directory / "registry-storage-stalling"
    examples = str(checkout / "examples" / "python")
    program.write_text(STALLING_PROGRAM.format(python=sys.executable, examples=examples))
    program.chmod(0o755)
    os.mkfifo(tmp_path / "fifo")
    return StallingDriver(drivers_directory, tmp_path / "fifo")


@pytest.fixture
def storagedriver(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line."""

    def run_caught(*arguments: str | Path) -> Answer:
        capfd.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Answer(status, captured.out, captured.err)

    return run_caught


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The root of a filesystem driver."""
    return tmp_path / "store"


@pytest.fixture
def filesystem(storagedriver: Command, store: Path) -> Command:
    """Runs a command with the filesystem driver, in this process unless told otherwise."""

    def run_with_driver(command: str, *arguments: str | Path, in_process: bool = True) -> Answer:
        way = ["--in-process"] if in_process else []
        driver = ["filesystem", "-p", f"rootdirectory={store}", *way]
        return storagedriver(command, *driver, *arguments)

    return run_with_driver
