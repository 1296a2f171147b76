"""Keeps one driver running: puts a new process in the place of one that has ended or hangs.

Nothing is started ahead of need: the first call that finds no living process waits for the new one,
and the others with it. Every process has a directory, a token and channels of its own, so nothing
of an old one can be taken for an answer of a new one.
"""

from __future__ import annotations

import copy
import random
import threading
import weakref
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final, Protocol

from storagedriver.contract import DriverCrashedError, DriverTimeoutError, StorageDriverError
from storagedriver.contract.features import VOLATILE
from storagedriver.ipc.events import EventKind, Events
from storagedriver.ipc.hang import examine
from storagedriver.ipc.pool import ClosedError
from storagedriver.ipc.process import DriverProcess
from storagedriver.ipc.restart_policy import RestartHistory, RestartPolicy
from storagedriver.ipc.running import RunningDriver

# For a start to see that its process was killed, and to clean up.
_LAST_START_SECONDS: Final = 15.0


class StartDriver(Protocol):
    """Starts the driver, as `RunningDriver` does."""

    def __call__(
        self, *, on_process: Callable[[DriverProcess], None], on_exit: Callable[[], None]
    ) -> RunningDriver: ...


class Supervisor:
    """Any thread may call it.

    Attributes:
        events: what has happened so far.
    """

    def __init__(self, start: StartDriver, *, policy: RestartPolicy | None, events: Events) -> None:
        """Start the driver. Without a `policy` it is never started again.

        Raises what `start` raises.
        """
        self.events = events
        self._start = start
        self._history = None if policy is None else RestartHistory(policy)
        self._replacing = threading.Lock()
        self._closing = threading.Event()
        self._starting: DriverProcess | None = None
        self._last_crash: StorageDriverError | None = None
        self._generation = 0
        self._pid = 0
        """Of the generation's process; 0 while it has none."""
        self._ready_at: float | None = None
        self._ends = threading.Lock()
        """For what follows, up to `_not_before`."""
        self._ended_generation = 0
        """The last one whose end was accounted for."""
        self._not_before: float | None = 0.0
        """When the next start may be made; None: never."""
        self._told_generation = 0
        """The last one whose crash a call has raised."""
        self._running: RunningDriver
        self._start_next()

    @property
    def running(self) -> RunningDriver:
        """The last process that was ready, which may have ended since."""
        return self._running

    @property
    def is_closed(self) -> bool:
        return self._closing.is_set()

    @property
    def may_repeat(self) -> bool:
        """Whether a call that a crash has ended may be made again with the next process."""
        return self._history is not None and VOLATILE not in self._running.features

    def ready(self, timeout_seconds: float | None) -> RunningDriver:
        """Return the driver's process, which was started again if it had ended.

        The time is for waiting; a start that has begun is finished. What a volatile driver held is
        lost with its process, so one call at least raises its crash before it is started again.

        Raises DriverCrashedError if it may not be started again, or not in time; ClosedError; and
        what the start raises.
        """
        running = self._running
        # A forked child goes no further: a thread that it does not have may hold a lock.
        if running.process.is_forked or not running.has_ended:
            return running
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        is_mine = False
        try:
            # Within, as an interrupt may come right behind it.
            is_mine = self._replacing.acquire(
                timeout=-1 if timeout_seconds is None else timeout_seconds
            )
            if not is_mine:
                raise running.crash()
            return self._replaced(deadline)
        finally:
            if is_mine:
                self._replacing.release()

    def lost(self, running: RunningDriver, error: Exception) -> StorageDriverError:
        """Return what it means that a channel of `running` was lost; see `RunningDriver.lost`."""
        failure = running.lost(error)
        if isinstance(failure, DriverCrashedError) and running is self._running:
            self._told_generation = self._generation
        return failure

    def suspect(self, running: RunningDriver, timeout_seconds: float) -> str:
        """A call has made no progress for so long: return why, and end a driver that hangs.

        The next call starts it again. Where nothing is started again nothing is ended.
        """
        finding = examine(running, timeout_seconds)
        if finding.is_hang and self._history is not None and running is self._running:
            self._account_for_end(self._generation, EventKind.HUNG, finding.value)
            running.process.kill()
        return finding.value

    def close(self, *, calls_seconds: float | None = None) -> None:
        """End the driver for good, also in the middle of a start. See `RunningDriver.stop`."""
        if self._running.process.is_forked:
            return
        self._closing.set()
        starting = self._starting
        if starting is not None:
            starting.kill()
        # Not for ever: an interrupt may have come between the end of a start and its release.
        is_mine = self._replacing.acquire(timeout=_LAST_START_SECONDS)
        try:
            self._running.stop(calls_seconds=calls_seconds)
            # Also where it had ended by itself. A restart does not wait for that: it may take long.
            self._running.process.wait_for_strays()
        finally:
            if is_mine:
                self._replacing.release()

    def tell(self, kind: EventKind, *, method: str = "", path: str = "", detail: str = "") -> None:
        """Tell of an event of the process that runs now."""
        generation, pid = self._generation, self._pid
        self.events.tell(
            kind, generation=generation, pid=pid, method=method, path=path, detail=detail
        )

    def _replaced(self, deadline: float | None) -> RunningDriver:
        """Start again what has ended, unless another thread just did. Holds `_replacing`."""
        running = self._running
        if self.is_closed:
            raise ClosedError
        if not running.has_ended:
            return running
        if self._last_crash is None:
            self._last_crash = running.crash()
        self._account_for_end(self._generation, EventKind.CRASHED, self._last_crash.message)
        if VOLATILE in running.features and self._told_generation < self._generation:
            self._told_generation = self._generation
            raise running.crash()
        if self._history is None:
            raise running.crash()
        running.stop(calls_seconds=0)
        while True:
            self._wait_for_turn(self._last_crash, deadline)
            try:
                self._start_next()
            except (DriverCrashedError, DriverTimeoutError) as error:
                self._last_crash = error
            else:
                self._last_crash = None
                self.tell(EventKind.RESTARTED)
                return self._running

    def _wait_for_turn(self, crash: StorageDriverError, deadline: float | None) -> None:
        """Return when the next start may be made; raises `crash` if it may not, or not in time."""
        turn = self._not_before
        if turn is None or (deadline is not None and deadline < max(monotonic(), turn)):
            # A copy: several threads may raise it at once.
            raise copy.copy(crash)
        if self._closing.wait(max(0.0, turn - monotonic())):
            raise ClosedError

    def _start_next(self) -> None:
        self._generation += 1
        self._pid = 0
        self._ready_at = None
        # Weakly: a driver that its program has forgotten is not to be kept by its own watcher.
        on_exit = partial(_on_exit, weakref.ref(self), self._generation)
        try:
            running = self._start(on_process=self._on_process, on_exit=on_exit)
        except BaseException as error:
            # What the driver refuses, such as its parameters, is no crash.
            is_crash = isinstance(error, DriverCrashedError | DriverTimeoutError)
            kind = EventKind.CRASHED if is_crash else None
            self._account_for_end(self._generation, kind, str(error))
            if self.is_closed:
                raise ClosedError from error
            raise
        finally:
            self._starting = None
        self._running = running
        self._ready_at = monotonic()
        self.tell(EventKind.READY)

    def _on_process(self, process: DriverProcess) -> None:
        self._pid = process.pid
        self._starting = process
        self.tell(EventKind.STARTED)
        # Looked at after it was set: `close` does it the other way round.
        if self.is_closed:
            process.kill()

    def on_exit(self, generation: int) -> None:
        """The process of this generation has ended; called by the thread that watched it."""
        # While it starts, whoever starts it knows better why.
        if generation == self._generation and self._ready_at is not None:
            self._account_for_end(generation, EventKind.CRASHED, self._running.crash().message)

    def _account_for_end(self, generation: int, kind: EventKind | None, detail: str) -> None:
        """Tell of an end that nobody asked for, once, and decide when to start again."""
        with self._ends:
            if self.is_closed or generation <= self._ended_generation:
                return
            self._ended_generation = generation
            if self._history is not None:
                self._not_before = self._next_start(self._history)
            is_given_up = self._not_before is None
        if kind is not None:
            self.tell(kind, detail=detail)
        if is_given_up:
            self.tell(EventKind.GAVE_UP, detail=detail)

    def _next_start(self, history: RestartHistory) -> float | None:
        now, ready_at = monotonic(), self._ready_at
        delay = history.end(
            was_of_use=ready_at is not None and self._running.pool.has_answered,
            ready_seconds=0.0 if ready_at is None else now - ready_at,
            chance=random.random(),
        )
        return None if delay is None else now + delay


def _on_exit(supervisor: weakref.ref[Supervisor], generation: int) -> None:
    there = supervisor()
    if there is not None:
        there.on_exit(generation)
