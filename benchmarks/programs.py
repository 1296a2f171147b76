"""Programs that a benchmark runs as a user would: started, timed, ended at once if need be."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Final, cast

_LOOK_SECONDS: Final = 0.02

# Of the output of a program that has failed: its end says why.
_MOST_TOLD: Final = 2000


class ProgramError(Exception):
    """A program failed, took too long, or is not there."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended by itself with status 0."""

    seconds: float
    stdout: str


class Running:
    """A program under way, by `running`."""

    def __init__(
        self, command: Sequence[str], process: subprocess.Popen[bytes], output: IO[bytes]
    ) -> None:
        self._command = command
        self._process = process
        self._output = output

    def has_ended(self) -> bool:
        """Whether it has come to its end. Raises ProgramError if it has failed."""
        status = self._process.poll()
        if status:
            self._output.seek(0)
            raise _failure(self._command, status, self._output.read().decode(errors="replace"))
        return status is not None

    def kill(self) -> bool:
        """Kill it, as kill -9 does, and return whether that is what ended it."""
        self._process.kill()
        return self._process.wait() < 0


def find(name: str) -> str:
    """Return where a program of this installation is, else of PATH. Raises ProgramError."""
    places = [sysconfig.get_path("scripts"), *os.environ.get("PATH", "").split(os.pathsep)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise ProgramError(f"there is no program {name}")
    return found


def run(command: Sequence[str], *, limit_seconds: float) -> Ended:
    """Run a program to its end. Raises ProgramError if it fails or takes longer than the limit."""
    began = monotonic()
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit_seconds
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{' '.join(command)} took more than {limit_seconds:g} s") from None
    if done.returncode != 0:
        raise _failure(command, done.returncode, done.stderr or done.stdout)
    return Ended(monotonic() - began, done.stdout)


def seconds_to_first_line(command: Sequence[str], *, limit_seconds: float) -> float:
    """Return how long a program takes until it writes a line, and wait for its end.

    Raises ProgramError if it fails, or writes nothing within the limit.
    """
    began = monotonic()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            output = cast("IO[bytes]", process.stdout)
            poller = select.poll()
            poller.register(output, select.POLLIN)
            if not poller.poll(limit_seconds * 1000) or not output.readline():
                raise _failure(command, process.poll() or 0, "wrote nothing")
            return monotonic() - began
        finally:
            process.kill()


@contextmanager
def running(command: Sequence[str]) -> Generator[Running, None, None]:
    """Start a program, and have it ended when the block is left."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield Running(command, process, output)
        finally:
            process.kill()


def _failure(command: Sequence[str], status: int, told: str) -> ProgramError:
    return ProgramError(f"{' '.join(command)} ended with {status}: {told.strip()[-_MOST_TOLD:]}")


def wait_until_no_process_names(text: str, *, limit_seconds: float) -> None:
    """Wait for the end of all programs that have `text` in an argument. Raises ProgramError."""
    deadline = monotonic() + limit_seconds
    while _named(text.encode()):
        if monotonic() > deadline:
            raise ProgramError(f"a process with {text} among its arguments goes on")
        sleep(_LOOK_SECONDS)


def _named(text: bytes) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if text in (entry / "cmdline").read_bytes():
                    return True
            except OSError:
                # It has ended meanwhile.
                continue
    return False
