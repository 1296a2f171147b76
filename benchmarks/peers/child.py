"""The processes of peers: started, known to be ready, and ended with all that they have made.

Each has a pipe for its standard input, which is never written to and which ends with this process:
they end then.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, Final, cast

from storagedriver.contract import StorageDriverError

# A loaded machine may take long to start a process, and none takes this long.
_START_SECONDS: Final = 60.0

# For a child to see that its input has ended; it has nothing else to do then.
_STOP_SECONDS: Final = 10.0


class PeerError(StorageDriverError):
    """A peer cannot be built or started, or has failed."""


class Child:
    """A program of `children` in a process of its own. It may be started and stopped repeatedly."""

    def __init__(self, program: str) -> None:
        """`program` is the module of `children` that has the program's `main`."""
        self._program = program
        self._stopping = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it is started."""
        return None if self._process is None else self._process.pid

    def start(self) -> str:
        """Start it, wait until it listens, and return the path of its socket. Raises PeerError."""
        directory = self._stopping.enter_context(private_directory())
        path = os.path.join(directory, "socket")
        # Not by -m, which loads a few modules more.
        text = f"from {__package__}.children.{self._program} import main; main()"
        command = sys.executable, "-c", text, path
        self._process, errors = self._stopping.enter_context(_started(command, directory))
        if not _says_something(_output(self._process)):
            raise PeerError(f"the child of {self._program} has not started: {_told(errors)}")
        return path

    def stop(self) -> None:
        """End it. Without effect if it is not started."""
        self._process = None
        self._stopping.close()


def run_to_end(command: Sequence[str], *, limit_seconds: float) -> bytes:
    """Run a program, and return what it prints. Raises PeerError if it fails or takes longer."""
    with (
        private_directory() as directory,
        _started(command, directory) as (process, errors),
    ):
        limit = threading.Timer(limit_seconds, process.kill)
        limit.start()
        try:
            printed = _output(process).read()
            status = process.wait()
        finally:
            limit.cancel()
            limit.join()
        if status != 0:
            raise PeerError(f"{command[0]} ended with {status}: {_told(errors)}")
        return printed


def private_directory() -> tempfile.TemporaryDirectory[str]:
    """Return a directory that only this user sees, and that is removed at the end of its block."""
    return tempfile.TemporaryDirectory(prefix="peer-")


@contextmanager
def _started(
    command: Sequence[str], directory: str
) -> Generator[tuple[subprocess.Popen[bytes], IO[bytes]], None, None]:
    """Have a program run, and give it with what it writes to standard error."""
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            # What it makes there goes with the directory.
            env={**os.environ, "TMPDIR": directory},
        ) as process,
    ):
        try:
            yield process, errors
        finally:
            cast("IO[bytes]", process.stdin).close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _output(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", process.stdout)


def _says_something(output: IO[bytes]) -> bool:
    poller = select.poll()
    poller.register(output, select.POLLIN)
    return bool(poller.poll(_START_SECONDS * 1000)) and output.read(1) != b""


def _told(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()
