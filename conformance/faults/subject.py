"""Subject: the driver under test, started in every way a check needs, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Unpack

from storagedriver.ipc import IPCStorageDriver, Ladder, StartOptions
from storagedriver.ipc.launch import ALLOWED_VARIABLES
from storagedriver.ipc.pidfd import PidFd
from storagedriver.ipc.process import DriverProcess
from storagedriver.ipc.running import RunningDriver, StartSettings

LIFE_SECONDS: Final = 10.0
"""How long a driver may take for what the protocol wants at once, to exit or to answer. On a loaded
machine an interpreter takes seconds to start, and no correct driver takes longer."""

_MARK: Final = "STORAGEDRIVER_CHECK"
"""The variable by which everything that a driver has started is known."""

_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Subject:
    """A driver by its command, and the parameters of a store that the checks may fill and empty."""

    name: str
    command: Sequence[str]
    parameters: Mapping[str, object]
    life_seconds: float = LIFE_SECONDS
    mark: str = field(default_factory=lambda: os.urandom(8).hex())

    @property
    def ladder(self) -> Ladder:
        """How the driver is stopped: with all the time that it may take to end by itself."""
        return Ladder(calls=1.0, shutdown=self.life_seconds)

    def start(self, **options: Unpack[StartOptions]) -> IPCStorageDriver:
        """Start the driver as programs use it; without options it is never started again."""
        options.setdefault("restart", None)
        options.setdefault("ladder", self.ladder)
        options.setdefault("environment", self.environment())
        return IPCStorageDriver.start(self.command, self.parameters, name=self.name, **options)

    @contextmanager
    def running(self, **added: object) -> Generator[RunningDriver, None, None]:
        """Start the driver, with parameters added, and give the host's inner side of it."""
        settings = StartSettings(ladder=self.ladder, environment=self.environment())
        parameters = {**self.parameters, **added}
        running = RunningDriver(self.command, parameters, name=self.name, settings=settings)
        try:
            yield running
        finally:
            running.process.kill()
            running.stop(calls_seconds=0)

    @contextmanager
    def program(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Generator[DriverProcess, None, None]:
        """Run the program with other arguments than a host would give it."""
        inherited = {name: os.environ[name] for name in ALLOWED_VARIABLES if name in os.environ}
        process = DriverProcess(
            [*self.command, *arguments],
            environment={**inherited, **self.environment(), **(environment or {})},
            name=self.name,
        )
        try:
            yield process
        finally:
            process.kill()
            process.handle.close()

    def environment(self) -> dict[str, str]:
        """Return the variable that marks a process as the subject's."""
        return {_MARK: self.mark}

    def left(self, timeout_seconds: float, *, besides: int = 0) -> list[str]:
        """Wait until nothing of the driver runs; return what does all the same.

        `besides` is a process that does not count, and those that have ended do not.
        """
        wait_until(lambda: not self._pids(besides), timeout_seconds)
        return [f"{_command_line(pid)} (process {pid})" for pid in self._pids(besides)]

    def end_all(self, *, besides: int = 0) -> None:
        """Kill whatever the driver has left."""
        for pid in self._pids(besides):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _pids(self, besides: int = 0) -> list[int]:
        wanted = f"{_MARK}={self.mark}".encode()
        found: list[int] = []
        for entry in os.listdir("/proc"):
            # It may have ended meanwhile, and not all are ours to look at.
            with suppress(OSError, ValueError):
                if wanted in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                    found.append(int(entry))
        return [pid for pid in found if pid != besides]


def wait_until(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Wait until the condition holds; return whether it does."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def kill_and_wait(pid: int) -> None:
    """Kill a process and return when it has ended. One that has is no error."""
    with suppress(ProcessLookupError), closing(PidFd(pid)) as process:
        process.signal(signal.SIGKILL)
        process.has_ended(LIFE_SECONDS)


def _command_line(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace").strip()
    return "ended"
