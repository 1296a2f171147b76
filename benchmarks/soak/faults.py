"""Kills a driver's processes, one after another, at times and by signals that chance chooses."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from random import Random
from time import monotonic
from typing import Final

from storagedriver.benchmarks.soak.gate import Gate
from storagedriver.benchmarks.soak.stories import ViolationError
from storagedriver.contract import StorageDriver, StorageDriverError
from storagedriver.ipc.events import DriverEvent, EventKind


class Fault(Enum):
    """What is done to a process."""

    KILL = "SIGKILL"
    TERMINATE = "SIGTERM"
    SEGMENTATION = "SIGSEGV"
    ABORT = "SIGABRT"
    STOP = "SIGSTOP for good"
    PAUSE = "SIGSTOP, then SIGCONT"


_SIGNALS: Final = {
    Fault.KILL: signal.SIGKILL,
    Fault.TERMINATE: signal.SIGTERM,
    Fault.SEGMENTATION: signal.SIGSEGV,
    Fault.ABORT: signal.SIGABRT,
    Fault.STOP: signal.SIGSTOP,
    Fault.PAUSE: signal.SIGSTOP,
}
_WEIGHTS: Final = {
    Fault.KILL: 72,
    Fault.TERMINATE: 7,
    Fault.SEGMENTATION: 6,
    Fault.ABORT: 6,
    Fault.PAUSE: 7,
    Fault.STOP: 2,
}

# Also a short run is to have one process that stands still for good.
_FIRST_STOP: Final = 8

# Before it is ready; a driver must not be given up for that, so it is not done often.
_EARLY: Final = 0.1

_PAUSE_SECONDS: Final = 0.3
_LOOK_SECONDS: Final = 0.05
_POLL_SECONDS: Final = 0.005

# A process that stands still is found out after the timeout of a call and that of a Ping.
_REPLACED_SECONDS: Final = 60.0


class DriverProcesses:
    """What the host tells of the driver's processes. Any thread may call it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._descriptor = -1
        self._generation = 0
        self._is_ready = False

    def on_event(self, event: DriverEvent) -> None:
        """Take note of an event."""
        with self._changed:
            if event.kind is EventKind.STARTED:
                self._hold(event.pid)
                self._generation, self._is_ready = event.generation, False
            elif event.kind is EventKind.READY:
                self._is_ready = True
            self._changed.notify_all()

    @property
    def generation(self) -> int:
        """The number of the process that was started last."""
        return self._generation

    def wait_for_next(self, after: int, *, is_ready: bool, timeout_seconds: float) -> int:
        """Return the number of a process that is later than `after`, or `after` if none comes."""
        with self._changed:
            has_come = self._changed.wait_for(
                lambda: self._generation > after and (self._is_ready or not is_ready),
                timeout_seconds,
            )
            return self._generation if has_come else after

    def signal(self, number: signal.Signals) -> None:
        """Signal the process that was started last. Without effect if it has ended."""
        with self._changed, suppress(ProcessLookupError):
            if self._descriptor >= 0:
                signal.pidfd_send_signal(self._descriptor, number)

    def has_ended(self) -> bool:
        """Whether the process that was started last has ended."""
        with self._changed:
            poller = select.poll()
            poller.register(self._descriptor, select.POLLIN)
            return bool(poller.poll(0))

    def close(self) -> None:
        with self._changed:
            self._hold(None)

    def _hold(self, pid: int | None) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        # Reaped already where it has ended at once.
        with suppress(ProcessLookupError):
            if pid is not None:
                self._descriptor = os.pidfd_open(pid)


class Killer:
    """For one thread, which calls `run`; any thread may `end` it."""

    def __init__(
        self,
        driver: StorageDriver,
        processes: DriverProcesses,
        gate: Gate,
        *,
        seed: int,
        interval_seconds: float,
        answers: Callable[[], int],
    ) -> None:
        """A process lives for `interval_seconds` after its first answer, on average.

        `answers` tells how many calls were answered so far.
        """
        self._driver = driver
        self._processes = processes
        self._gate = gate
        self._random = Random(f"{seed} killer")
        self._interval_seconds = interval_seconds
        self._answers = answers
        self._ended = threading.Event()
        self._done: Counter[Fault] = Counter()
        self._last = 0

    @property
    def faults(self) -> Mapping[str, int]:
        """How often each has been done."""
        return {fault.value: self._done[fault] for fault in Fault}

    def run(self) -> None:
        """Do one after another until `end`. Raises ViolationError if no other process comes."""
        while not self._ended.is_set():
            # All that chance has a say in comes first: how long something takes must not matter.
            is_early = self._random.random() < _EARLY
            seconds = self._random.uniform(0, 2 * self._interval_seconds)
            fault = self._fault()
            if self._wait_for_process(is_ready=not is_early) and not self._ended.wait(seconds):
                self._do(fault)

    def end(self) -> None:
        """Have `run` return."""
        self._ended.set()

    def _wait_for_process(self, *, is_ready: bool) -> bool:
        """Return True when there is a process to which nothing was done, False at the end.

        One that is to be ready has answered: else a slow machine would have many in a row end
        without being of use, and the driver given up for that.
        """
        answers: int | None = None
        while not self._ended.wait(_POLL_SECONDS):
            self._gate.pass_through()
            # None comes while all wait at their gate.
            if self._last == self._processes.wait_for_next(
                self._last, is_ready=is_ready, timeout_seconds=_LOOK_SECONDS
            ):
                continue
            answers = self._answers() if answers is None else answers
            if not is_ready or self._answers() > answers:
                return True
        return False

    def _fault(self) -> Fault:
        if self._done.total() + 1 == _FIRST_STOP:
            return Fault.STOP
        return self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]

    def _do(self, fault: Fault) -> None:
        self._done[fault] += 1
        self._last = self._processes.generation
        self._processes.signal(_SIGNALS[fault])
        if fault is Fault.STOP:
            self._wait_until_replaced(self._last)
        elif fault is Fault.PAUSE:
            self._ended.wait(_PAUSE_SECONDS)
            self._processes.signal(signal.SIGCONT)
            # It goes on, and is the next to be killed.
            self._last -= 1

    def _wait_until_replaced(self, stopped: int) -> None:
        deadline = monotonic() + _REPLACED_SECONDS
        while self._processes.generation == stopped and not self._processes.has_ended():
            if monotonic() > deadline:
                raise ViolationError(
                    f"process {stopped} stands still for {_REPLACED_SECONDS:g} s, and was not ended"
                )
            # The others may wait at the gate, and somebody has to find out.
            with suppress(StorageDriverError):
                self._driver.stat("/")
