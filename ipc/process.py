"""One child process: started, watched by a thread of its own, and ended without leaving anything.

The watcher drains the output, and when the process ends it takes the last output, ends what is left
of the process group and what has left it, and reaps; `exited` is then set. Callers learn of the end
by `handle`, a pidfd that every wait includes. Another thread hands the output to log handlers,
which may be slow.

The process's standard input is the lifeline: it ends when this host is gone. So is the leash, by
which the kernel kills a driver that does not heed the lifeline. A forked child of the host closes
its copies, and must not touch anything else here (`is_forked`).
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
from typing import IO, Final, Literal, cast

from storagedriver.contract import DriverCrashedError
from storagedriver.ipc.driver_log import DriverLog
from storagedriver.ipc.exec_failure import explained
from storagedriver.ipc.leash import Leash
from storagedriver.ipc.output import OutputPipe
from storagedriver.ipc.pidfd import PidFd
from storagedriver.ipc.strays import MARK_VARIABLE, descendants, kill, kill_marked, new_mark

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


class DriverProcess:
    """A running child process. Every method may be called from any thread, at any time.

    One that is dropped without having ended is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        name: str,
        on_exit: Callable[[], None] | None = None,
        hide: Callable[[str], str] = str,
    ) -> None:
        """Start `command`. When it has ended `on_exit` is called, by the watching thread. `hide`
        takes what is secret out of what is logged of its output.

        Raises OSError with a `strerror` that says what to do: no such file, no permission, not
        an executable. No process is left then, nor where descriptors or threads run out, nor where
        an exception comes from outside in the middle of this, such as KeyboardInterrupt.
        """
        _install_fork_hooks()
        self._child = child = _Child(command, environment, name, on_exit, hide)
        try:
            child.start()
        except BaseException:
            child.drop()
            raise
        self.pid = child.pid
        self.handle = child.handle
        self.exited = child.exited

    def __del__(self) -> None:
        # Not made if the constructor was interrupted before.
        if hasattr(self, "_child"):
            self._child.drop()

    @property
    def is_forked(self) -> bool:
        """Whether this is a copy in a forked child of the host, which only looks like a process."""
        return self._child.is_forked

    @property
    def exit_status(self) -> int | None:
        """What it exited with; None while it runs, if a signal ended it, or if that is not known.

        It is not known in a program that ignores SIGCHLD or waits for any child that there is.
        """
        code = self._child.exit_code
        return code if code is not None and code >= 0 else None

    @property
    def exit_signal(self) -> int | None:
        """The signal that ended it, if one did."""
        code = self._child.exit_code
        return -code if code is not None and code < 0 else None

    @property
    def output_tail(self) -> str:
        """The last of its standard output; complete once `exited` is set."""
        return self._child.stdout.tail

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
        stderr = self._child.stderr.tail
        return DriverCrashedError(
            self.exit_status, self.exit_signal, stderr, pid=self.pid, driver=driver
        )

    def write_line(self, line: memoryview, *, timeout_seconds: float) -> None:
        """Write to the process's standard input.

        Raises TimeoutError if it does not take it in time, BrokenPipeError if it has closed it or
        has ended.
        """
        self._child.write_line(line, monotonic() + timeout_seconds)

    def close_stdin(self) -> None:
        """End the lifeline: the driver is to exit now. Closing twice is no error."""
        self._child.close_stdin(timeout_seconds=_REAP_SECONDS)

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the end of the process; return whether it has ended and was reaped."""
        return self.exited.wait(max(0.0, timeout_seconds))

    def wait_for_end(self, timeout_seconds: float) -> bool:
        """As `wait`, but return as soon as it has ended, whenever it is reaped."""
        # Closed by now, if it was reaped and put away.
        with suppress(ValueError):
            if not self.exited.is_set() and self.handle.has_ended(max(0.0, timeout_seconds)):
                return True
        return self.exited.is_set()

    def wait_for_strays(self) -> None:
        """Wait until all that the process has started, and that was not in its group, has ended."""
        self._child.is_swept.wait(_REAP_SECONDS)

    def end(self, ladder: Ladder) -> None:
        """End the process: close its input, wait, SIGTERM, wait, SIGKILL, reap.

        Ends the whole process group, and descendants that have left it. Returns when the process
        is reaped. Without effect if it has ended already.
        """
        if self.is_forked:
            return
        # While the process is there to be their parent.
        family = self._child.descendants()
        deadline = monotonic() + ladder.shutdown
        # Another thread may be writing to a process that does not read.
        is_told = self._child.close_stdin(timeout_seconds=ladder.shutdown)
        if not is_told or not self.wait(deadline - monotonic()):
            self._end_by_signals(ladder)
        kill(family)
        self.wait_for_strays()
        self._child.log.wait_until_logged(_LOG_SECONDS)

    def _end_by_signals(self, ladder: Ladder) -> None:
        self._child.signal_group(signal.SIGTERM)
        # One that is stopped takes no other signal, but for SIGKILL.
        self._child.signal_group(signal.SIGCONT)
        if not self.wait(ladder.terminate):
            self._child.signal_group(signal.SIGKILL)
            self.wait(_REAP_SECONDS)

    def kill(self) -> None:
        """End the process and its descendants at once. Returns when the process is reaped."""
        if self.is_forked or self.exited.is_set():
            return
        family = self._child.descendants()
        self._child.signal_group(signal.SIGKILL)
        self.wait(_REAP_SECONDS)
        kill(family)
        self.wait_for_strays()


class _Child:
    """What the thread has that starts, watches and reaps the process.

    A thread of its own starts it, as an exception that comes from outside (KeyboardInterrupt) comes
    to the thread that wants it: so it never falls between the start of the process and its watch.
    The thread does not know the DriverProcess, so this can be dropped while it watches.

    Attributes:
        pid, handle, log, stdout, stderr: once `start` has returned.
        exited: the process has ended and was reaped, or could not be started.
        is_swept: after that, what it has left behind has ended too.
        exit_code: as of `subprocess`; None until `exited`, and if somebody else has reaped it.
    """

    pid: int
    handle: PidFd
    log: DriverLog
    stdout: OutputPipe
    stderr: OutputPipe

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        name: str,
        on_exit: Callable[[], None] | None,
        hide: Callable[[str], str],
    ) -> None:
        self.exited = threading.Event()
        self.is_swept = threading.Event()
        self.exit_code: int | None = None
        self.is_forked = False
        self._command = list(command)
        self._mark = new_mark()
        self._environment = {**environment, MARK_VARIABLE: self._mark}
        self._name = name
        self._on_exit = on_exit
        self._hide = hide
        self._is_wanted = True
        self._leash: Leash | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._stdin_lock = threading.Lock()
        # Its number is its own until it is reaped: who signals by number holds this.
        self._reaping = threading.Lock()
        self._is_reaped = False
        self._thread = threading.Thread(
            target=self._run, name=f"storagedriver-watch-{name}", daemon=True
        )

    def start(self) -> None:
        """Return once the process runs. Raises what starting it raises."""
        self._thread.start()
        self._started.wait()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def drop(self) -> None:
        """Kill it, from now on or once it has been started. A finalizer may call this."""
        self._is_wanted = False
        if self._leash is not None:
            self._leash.let_go()

    def write_line(self, line: memoryview, deadline: float) -> None:
        # Under the lock: the watcher closes the pipe when the process ends.
        with self._stdin_lock:
            stdin = self._pipe("stdin")
            if stdin.closed:
                raise BrokenPipeError("standard input is closed")
            _write(stdin.fileno(), line, deadline, self._process)

    def close_stdin(self, *, timeout_seconds: float) -> bool:
        """End the lifeline. Return False if somebody is still writing to it after this time."""
        if not self._stdin_lock.acquire(timeout=timeout_seconds):
            return False
        try:
            self._pipe("stdin").close()
        finally:
            self._stdin_lock.release()
        return True

    def descendants(self) -> list[PidFd]:
        with self._reaping:
            return [] if self._is_reaped else descendants(self.pid)

    def signal_group(self, number: int) -> None:
        with self._reaping:
            if self._is_reaped or self._process.signal_group(number) or not self._is_ours():
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def become_forked(self) -> None:
        """In a forked child of the host: close its copies of what the driver lives by."""
        self.is_forked = True
        # Not under the lock, which a thread that is not in this child may have held.
        self._pipe("stdin").close()
        if self._leash is not None:
            self._leash.let_go()

    def _run(self) -> None:
        try:
            self._start()
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits for it
            self._failure = error
            self._discard()
            self.exited.set()
            self._started.set()
            return
        self._started.set()
        self._watch()
        self._finish()

    def _start(self) -> None:
        with _starting:
            self._leash = leash = Leash()
            self._popen = self._execute(leash.driver_end)
            self.pid = self._popen.pid
            leash.fasten(self.pid)
            _children.add(self)
        self._process = PidFd(self.pid)
        # Another one, as it may be closed while this thread still waits.
        self.handle = PidFd(self.pid)
        self.log = DriverLog(self._name, self.pid, hide=self._hide)
        self.stdout = OutputPipe(self._pipe("stdout"), self.log.stdout)
        self.stderr = OutputPipe(self._pipe("stderr"), self.log.stderr)
        # Dropped before there was a leash.
        if not self._is_wanted:
            self.signal_group(signal.SIGKILL)

    def _execute(self, leash_end: int) -> subprocess.Popen[bytes]:
        try:
            # A session of its own: Ctrl-C in a terminal reaches the host alone, which then ends
            # the driver in order, and the whole group can be signalled.
            return subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                bufsize=0,
                pass_fds=(leash_end,),
                start_new_session=True,
            )
        except OSError as error:
            raise explained(error, self._command[0], self._environment) from error

    def _discard(self) -> None:
        """End a process that could not be taken over, so that nobody watches it."""
        if self._popen is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            with self._popen:
                pass  # closes its pipes and reaps
        if self._leash is not None:
            self._leash.let_go()

    def _watch(self) -> None:
        poller = select.poll()
        pipes = {pipe.descriptor: pipe for pipe in (self.stdout, self.stderr)}
        ended = self._process.fileno()
        for descriptor in (ended, *pipes):
            poller.register(descriptor, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poller.poll()]
            if ended in ready:
                break
            for descriptor in ready:
                if pipes[descriptor].read() == 0:
                    poller.unregister(descriptor)

    def _finish(self) -> None:
        # The order: output before `exited`, so that a crash is reported with its last lines; the
        # group while the process is unreaped, so that its number is still ours.
        self.stdout.read_rest()
        self.stderr.read_rest()
        self.log.close()
        self.signal_group(signal.SIGKILL)
        # Who is writing has seen the end of the process by now.
        self.close_stdin(timeout_seconds=_REAP_SECONDS)
        self._reap()
        if self._leash is not None:
            self._leash.let_go()
        self.exited.set()
        # Calls wait for the news of the end, and this looks at every process of the machine: in a
        # host whose threads are busy that takes seconds, as each look has to wait its turn.
        kill_marked(self._mark)
        self.is_swept.set()
        if self._on_exit is not None:
            self._on_exit()

    def _reap(self) -> None:
        with self._reaping:
            if self._popen is not None:
                if self._is_ours():
                    self.exit_code = self._popen.wait()
                else:
                    # So that it does not look for the process, whose number may be another's.
                    self._popen.returncode = 0
            self._is_reaped = True
            self._process.close()

    def _is_ours(self) -> bool:
        """Whether nobody else has reaped it: a handler of SIGCHLD, or the kernel if none is."""
        try:
            os.waitid(os.P_PIDFD, self._process.fileno(), os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    def _pipe(self, name: Literal["stdin", "stdout", "stderr"]) -> IO[bytes]:
        stream = None if self._popen is None else getattr(self._popen, name)
        if stream is None:
            raise RuntimeError("the process was started without this pipe")
        return cast("IO[bytes]", stream)


def _write(descriptor: int, line: memoryview, deadline: float, process: PidFd) -> None:
    os.set_blocking(descriptor, False)
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    poller.register(process.fileno(), select.POLLIN)
    left = line
    while left:
        ready = poller.poll(max(0.0, deadline - monotonic()) * 1000)
        if not ready:
            raise TimeoutError("the driver does not read its standard input")
        if any(found == process.fileno() for found, _ in ready):
            raise BrokenPipeError("the process has ended")
        left = left[os.write(descriptor, left[: select.PIPE_BUF]) :]


# A fork waits for a start that is under way, so that the child knows all lifelines it has copied.
_starting = threading.Lock()
_children: weakref.WeakSet[_Child] = weakref.WeakSet()
_hooks_wanted = threading.Lock()


def _install_fork_hooks() -> None:
    if _hooks_wanted.acquire(blocking=False):  # once in the life of this process
        os.register_at_fork(
            before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_after_fork
        )


def _after_fork() -> None:
    """Close the child's copies of the lifelines: with them a driver would outlive its host."""
    for child in list(_children):
        child.become_forked()
    _children.clear()
    _starting.release()
