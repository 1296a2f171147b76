"""One child process: started, watched by a thread of its own, and ended without leaving anything.

The watcher drains the output, and when the process ends it takes the last output, ends what is left
of the process group, and reaps; `exited` is then set. Nobody else waits for the process, so its pid
cannot be reused while anything here could signal it. Callers learn of the end by `handle`, a pidfd
that every wait includes. Another thread hands the output to log handlers, which may be slow.

The process's standard input is the lifeline: it ends when this host is gone. A forked child of the
host closes its copies, and must not touch anything else here (`is_forked`).
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import IO, TYPE_CHECKING, Final

from storagedriver.contract import DriverCrashedError
from storagedriver.ipc.driver_log import DriverLog
from storagedriver.ipc.exec_failure import explained
from storagedriver.ipc.output import OutputPipe

if TYPE_CHECKING:
    import psutil

# The end of a process and the news of it are two things: this is for a machine under heavy load.
_REAP_SECONDS: Final = 10.0

# The last words of a driver are in the log when it was closed, but for a handler that is stuck or
# very slow: that is not waited for.
_LOG_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Ladder:
    """How long each step of stopping a driver may take before the next one, in seconds."""

    calls: float = 5.0
    """For calls in flight to finish."""
    shutdown: float = 5.0
    """For the driver to answer Shutdown and to exit by itself once its input is closed."""
    terminate: float = 3.0
    """After SIGTERM, before SIGKILL."""


class PidFd:
    """A descriptor that becomes readable when the process ends.

    Closed with its last holder at the latest, so that nobody waits for a number that is another's.
    """

    _descriptor = -1

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        """Close it, for when nobody can be waiting any more. Closing twice is no error."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class DriverProcess:
    """A running child process. Every method may be called from any thread, at any time."""

    is_forked = False
    """Whether this is a copy in a forked child of the host, which only looks like a process."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        name: str,
        on_exit: Callable[[], None] | None = None,
    ) -> None:
        """Start `command`. When it has ended `on_exit` is called, by the watching thread.

        Raises OSError with a `strerror` that says what to do: no such file, no permission, not
        an executable. No process is left then, nor where descriptors or threads run out.
        """
        # A session of its own: Ctrl-C in a terminal reaches the host alone, which then ends the
        # driver in order, and the whole group can be signalled.
        _install_fork_hooks()
        with _starting:
            try:
                self._popen = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=dict(environment),
                    bufsize=0,
                    start_new_session=True,
                )
            except OSError as error:
                raise explained(error, command[0], environment) from error
            _started.add(self)
        self.pid = self._popen.pid
        self.exited = threading.Event()
        self._on_exit = on_exit
        self._stdin_lock = threading.Lock()
        try:
            self._take_over(name)
        except BaseException:
            self._discard()
            raise

    @property
    def exit_status(self) -> int | None:
        """What it exited with; None while it runs, or if a signal ended it."""
        code = self._popen.returncode
        return code if code is not None and code >= 0 else None

    @property
    def exit_signal(self) -> int | None:
        """The signal that ended it, if one did."""
        code = self._popen.returncode
        return -code if code is not None and code < 0 else None

    @property
    def output_tail(self) -> str:
        """The last of its standard output; complete once `exited` is set."""
        return self._stdout.tail

    def is_stopped(self) -> bool:
        """Whether it stands still, by SIGSTOP or in a debugger."""
        import psutil

        with suppress(psutil.Error):
            standing = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
            return psutil.Process(self.pid).status() in standing
        return False

    def crash(self, driver: str) -> DriverCrashedError:
        """Return the error for a process that has ended, once its last output is in."""
        self.exited.wait(_REAP_SECONDS)
        return DriverCrashedError(
            self.exit_status, self.exit_signal, self._stderr.tail, driver=driver
        )

    def write_line(self, line: bytes, *, timeout_seconds: float) -> None:
        """Write to the process's standard input.

        Raises TimeoutError if it does not take it in time, BrokenPipeError if it has closed it.
        """
        # Under the lock: the watcher closes the pipe when the process ends.
        with self._stdin_lock:
            stdin = self._popen.stdin
            if stdin is None or stdin.closed:
                raise BrokenPipeError("standard input is closed")
            _write(stdin.fileno(), line, monotonic() + timeout_seconds)

    def close_stdin(self) -> None:
        """End the lifeline: the driver is to exit now. Closing twice is no error."""
        with self._stdin_lock:
            if self._popen.stdin is not None:
                self._popen.stdin.close()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the end of the process; return whether it has ended and was reaped."""
        return self.exited.wait(max(0.0, timeout_seconds))

    def end(self, ladder: Ladder) -> None:
        """End the process: close its input, wait, SIGTERM, wait, SIGKILL, reap.

        Ends the whole process group, and descendants that left the group if it did not end by
        itself. Returns when the process is reaped. Without effect if it has ended already.
        """
        if self.is_forked:
            return
        self.close_stdin()
        if not self.wait(ladder.shutdown):
            self._end_by_signals(ladder)
        self._log.wait_until_logged(_LOG_SECONDS)

    def _end_by_signals(self, ladder: Ladder) -> None:
        descendants = self._descendants()
        self._signal_group(signal.SIGTERM)
        if not self.wait(ladder.terminate):
            self._signal_group(signal.SIGKILL)
            self.wait(_REAP_SECONDS)
        _kill(descendants)

    def become_forked(self) -> None:
        """In a forked child of the host: close its copy of the lifeline, touch nothing else."""
        self.is_forked = True
        # Not under the lock, which a thread that is not in this child may have held.
        if self._popen.stdin is not None:
            self._popen.stdin.close()

    def kill(self) -> None:
        """End the process and its descendants at once. Returns when the process is reaped."""
        if self.is_forked or self.exited.is_set():
            return
        descendants = self._descendants()
        self._signal_group(signal.SIGKILL)
        self.wait(_REAP_SECONDS)
        _kill(descendants)
        self.close_stdin()

    def _take_over(self, name: str) -> None:
        self.handle = PidFd(self.pid)
        self._log = DriverLog(name, self.pid)
        self._stdout = OutputPipe(_opened(self._popen.stdout), self._log.stdout)
        self._stderr = OutputPipe(_opened(self._popen.stderr), self._log.stderr)
        threading.Thread(
            target=self._watch, name=f"storagedriver-watch-{name}", daemon=True
        ).start()

    def _discard(self) -> None:
        """End a process that could not be taken over, so that nobody watches it."""
        self._signal_group(signal.SIGKILL)
        with self._popen:
            pass  # closes its pipes and reaps

    def _signal_group(self, number: int) -> None:
        # The pid cannot be another's: the process is reaped only under `exited`, by the watcher.
        if not self.exited.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _descendants(self) -> list[psutil.Process]:
        # Imported here: it takes longer than all the rest, and most drivers end by themselves.
        import psutil

        # psutil's processes are a pid and a creation time, so a reused pid is never signalled.
        with suppress(psutil.Error):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def _watch(self) -> None:
        poller = select.poll()
        pipes = {pipe.descriptor: pipe for pipe in (self._stdout, self._stderr)}
        ended = self.handle.fileno()
        for descriptor in (ended, *pipes):
            poller.register(descriptor, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poller.poll()]
            if ended in ready:
                break
            for descriptor in ready:
                if pipes[descriptor].read() == 0:
                    poller.unregister(descriptor)
        self._finish()

    def _finish(self) -> None:
        # The order: output before `exited`, so that a crash is reported with its last lines; the
        # group while the process is unreaped, so that its number is still ours.
        self._stdout.read_rest()
        self._stderr.read_rest()
        self._log.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self.close_stdin()
        self.exited.set()
        if self._on_exit is not None:
            self._on_exit()


def _write(descriptor: int, line: bytes, deadline: float) -> None:
    os.set_blocking(descriptor, False)
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    left = memoryview(line)
    while left:
        if not poller.poll(max(0.0, deadline - monotonic()) * 1000):
            raise TimeoutError("the driver does not read its standard input")
        left = left[os.write(descriptor, left[: select.PIPE_BUF]) :]


def _kill(processes: Sequence[psutil.Process]) -> None:
    import psutil

    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("the process was started without this pipe")
    return stream


# A fork waits for a start that is under way, so that the child knows all lifelines it has copied.
_starting = threading.Lock()
_started: weakref.WeakSet[DriverProcess] = weakref.WeakSet()
_hooks_wanted = threading.Lock()


def _install_fork_hooks() -> None:
    if _hooks_wanted.acquire(blocking=False):  # once in the life of this process
        os.register_at_fork(
            before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_after_fork
        )


def _after_fork() -> None:
    """Close the child's copies of the lifelines: with them a driver would outlive its host."""
    for process in list(_started):
        process.become_forked()
    _started.clear()
    _starting.release()
