"""A driver's process that nobody cleans up after, to see what it leaves when it ends.

The host's own way of starting a driver (`ipc.process`) ends all that a driver leaves; here that is
what is looked for. It is started with less: no output is read, and nothing but a pipe is held.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from storagedriver.ipc.pidfd import PidFd


class UnwatchedProcess:
    """A process of a session of its own, with a pipe as standard input and no output."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises OSError if it cannot be started."""
        reading, self._lifeline = os.pipe()
        try:
            self.pid = os.posix_spawnp(
                command[0],
                list(command),
                dict(environment),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, reading, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setsid=True,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(reading)
        self._process = PidFd(self.pid)

    def write(self, line: bytes | memoryview) -> None:
        """Write to its standard input. Raises BrokenPipeError if it has ended."""
        os.write(self._lifeline, line)

    def close_stdin(self) -> None:
        """End its standard input. Closing twice is no error."""
        descriptor, self._lifeline = self._lifeline, -1
        if descriptor >= 0:
            os.close(descriptor)

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for its end; return whether it has ended."""
        return self._process.has_ended(timeout_seconds)

    def close(self) -> None:
        """Kill it if it still runs, and reap it."""
        self.close_stdin()
        self._process.signal(signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._process.close()


@contextmanager
def unwatched(
    command: Sequence[str], environment: Mapping[str, str]
) -> Generator[UnwatchedProcess, None, None]:
    """Start a process, and kill it at the end."""
    process = UnwatchedProcess(command, environment)
    try:
        yield process
    finally:
        process.close()
