"""Putting a new process in the place of one that has ended or hangs, with processes that are fakes.

`test_client` and `test_replayed_kills` do it with real ones.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from storagedriver.contract import (
    DriverCrashedError,
    InvalidParametersError,
    StorageDriverError,
)
from storagedriver.contract.features import PING, VOLATILE
from storagedriver.ipc.channel import NoProgressError
from storagedriver.ipc.events import EventKind, Events
from storagedriver.ipc.pool import ClosedError
from storagedriver.ipc.process import DriverProcess
from storagedriver.ipc.restart_policy import RestartPolicy
from storagedriver.ipc.running import RunningDriver
from storagedriver.ipc.supervisor import Supervisor

PATIENCE_SECONDS = 10.0

AT_ONCE = RestartPolicy(max_in_a_row=3, first_delay_seconds=0.0)
NEVER_SOON = RestartPolicy(first_delay_seconds=3600.0, max_delay_seconds=3600.0)


class FakeProcess:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.is_forked = False
        self.exited = threading.Event()

    def kill(self) -> None:
        self.exited.set()

    def wait_for_strays(self) -> None:
        pass

    def is_stopped(self) -> bool:
        return False


class FakePool:
    has_answered = False


class FakeRunning:
    """A process that is ready, and ends when it is told to."""

    name = "mine"
    has_workers = True

    def __init__(self, process: FakeProcess, features: frozenset[str]) -> None:
        self.process = process
        self.features = features
        self.pool = FakePool()
        self.stops = 0
        self.answers_ping = True

    @property
    def has_ended(self) -> bool:
        return self.process.exited.is_set()

    def crash(self) -> DriverCrashedError:
        return DriverCrashedError(None, 9, f"process {self.process.pid}")

    def lost(self, error: Exception) -> StorageDriverError:
        return self.crash()

    def stop(self, *, calls_seconds: float | None = None) -> None:
        self.stops += 1

    def ping(self, timeout_seconds: float) -> None:
        if not self.answers_ping:
            raise NoProgressError


class Starts:
    """Starts fakes, with pids that count from 1; `failures` are raised by the next starts."""

    def __init__(self) -> None:
        self.started: list[FakeRunning] = []
        self.on_exits: list[Callable[[], None]] = []
        self.failures: list[Exception] = []
        self.features = frozenset({PING})
        self.before_ready: Callable[[FakeProcess], None] = lambda process: None
        self.made = 0

    def __call__(
        self, *, on_process: Callable[[DriverProcess], None], on_exit: Callable[[], None]
    ) -> RunningDriver:
        self.made += 1
        process = FakeProcess(self.made)
        on_process(cast("DriverProcess", process))
        self.before_ready(process)
        if process.exited.is_set():
            raise DriverCrashedError(None, 9, "killed while it started")
        if self.failures:
            raise self.failures.pop(0)
        running = FakeRunning(process, self.features)
        self.started.append(running)
        self.on_exits.append(on_exit)
        return cast("RunningDriver", running)


class Supervised:
    """A supervisor of fakes, and what it told."""

    def __init__(
        self, policy: RestartPolicy | None = AT_ONCE, *, features: frozenset[str] | None = None
    ) -> None:
        self.starts = Starts()
        if features is not None:
            self.starts.features = features
        self.told: list[EventKind] = []
        events = Events("mine", lambda event: self.told.append(event.kind))
        self.supervisor = Supervisor(self.starts, policy=policy, events=events)

    @property
    def last(self) -> FakeRunning:
        return self.starts.started[-1]

    def end(self, *, was_of_use: bool = True) -> FakeRunning:
        """End the process that runs."""
        self.last.pool.has_answered = was_of_use
        self.last.process.exited.set()
        return self.last

    def ready_pid(self, timeout_seconds: float | None = PATIENCE_SECONDS) -> int:
        return self.supervisor.ready(timeout_seconds).process.pid


class TestRestarts:
    def test_a_living_process_stays(self) -> None:
        supervised = Supervised()
        assert supervised.ready_pid() == 1
        assert supervised.told == [EventKind.STARTED, EventKind.READY]

    def test_one_that_has_ended_is_put_away_and_started_again(self) -> None:
        supervised = Supervised()
        ended = supervised.end()
        assert supervised.ready_pid() == 2
        assert ended.stops == 1
        assert supervised.told[2:] == [
            EventKind.CRASHED,
            EventKind.STARTED,
            EventKind.READY,
            EventKind.RESTARTED,
        ]

    def test_many_threads_start_it_once(self) -> None:
        supervised = Supervised()
        supervised.end()
        with ThreadPoolExecutor(16) as threads:
            calls = [threads.submit(supervised.ready_pid) for _ in range(64)]
            assert {call.result(PATIENCE_SECONDS) for call in calls} == {2}

    def test_without_a_policy_an_end_is_the_end(self) -> None:
        supervised = Supervised(None)
        supervised.end()
        for _ in range(2):
            with pytest.raises(DriverCrashedError):
                supervised.ready_pid()
        assert supervised.starts.made == 1
        assert supervised.told[2:] == [EventKind.CRASHED]
        assert not supervised.supervisor.may_repeat

    def test_a_start_that_crashes_is_tried_again(self) -> None:
        supervised = Supervised()
        supervised.starts.failures = [
            DriverCrashedError(3, None, ""),
            DriverCrashedError(4, None, ""),
        ]
        supervised.end()
        assert supervised.ready_pid() == 4
        assert supervised.told.count(EventKind.CRASHED) == 3
        assert supervised.told.count(EventKind.RESTARTED) == 1

    def test_what_crashes_too_often_in_a_row_is_given_up_with_one_event(self) -> None:
        supervised = Supervised()
        supervised.starts.failures = [DriverCrashedError(n, None, "") for n in range(9)]
        supervised.end()
        for _ in range(3):
            with pytest.raises(DriverCrashedError) as caught:
                supervised.ready_pid()
            assert caught.value.exit_status == 2  # that of the last start
        assert supervised.starts.made == 1 + AT_ONCE.max_in_a_row
        assert supervised.told.count(EventKind.GAVE_UP) == 1

    def test_a_process_that_only_starts_is_given_up_too(self) -> None:
        supervised = Supervised()
        for _ in range(AT_ONCE.max_in_a_row):
            supervised.end(was_of_use=False)
            supervised.ready_pid()
        supervised.end(was_of_use=False)
        with pytest.raises(DriverCrashedError):
            supervised.ready_pid()
        assert supervised.told[-1] is EventKind.GAVE_UP

    def test_what_another_try_would_not_mend_is_raised_and_the_next_call_tries(self) -> None:
        supervised = Supervised()
        supervised.starts.failures = [InvalidParametersError("mine", "root", "gone")]
        supervised.end()
        with pytest.raises(InvalidParametersError):
            supervised.ready_pid()
        assert supervised.ready_pid() == 3

    def test_a_turn_that_comes_too_late_is_not_waited_for(self) -> None:
        supervised = Supervised(NEVER_SOON)
        supervised.end(was_of_use=False)
        supervised.ready_pid()
        supervised.end(was_of_use=False)
        with pytest.raises(DriverCrashedError):
            supervised.ready_pid(PATIENCE_SECONDS)
        assert supervised.starts.made == 2

    def test_an_end_in_an_idle_moment_is_told_at_once(self) -> None:
        supervised = Supervised()
        supervised.end()
        supervised.starts.on_exits[0]()
        assert supervised.told[2:] == [EventKind.CRASHED]
        supervised.ready_pid()
        supervised.starts.on_exits[0]()
        assert supervised.told.count(EventKind.CRASHED) == 1

    def test_one_that_is_forgotten_is_not_kept_by_its_process(self) -> None:
        supervised = Supervised()
        starts, there = supervised.starts, weakref.ref(supervised.supervisor)
        del supervised
        gc.collect()
        assert there() is None
        starts.on_exits[0]()

    def test_the_first_start_raises_what_it_raises(self) -> None:
        starts = Starts()
        starts.failures = [DriverCrashedError(3, None, "")]
        events = Events("mine", None)
        with pytest.raises(DriverCrashedError):
            Supervisor(starts, policy=AT_ONCE, events=events)
        assert events.counts[EventKind.CRASHED] == 1
        assert starts.made == 1

    def test_a_forked_child_starts_nothing(self) -> None:
        supervised = Supervised()
        supervised.end().process.is_forked = True
        assert supervised.ready_pid() == 1
        supervised.supervisor.close()
        assert supervised.last.stops == 0


class TestVolatile:
    FEATURES = frozenset({PING, VOLATILE})

    def test_one_call_hears_of_an_end_in_an_idle_moment(self) -> None:
        supervised = Supervised(features=self.FEATURES)
        supervised.end()
        with pytest.raises(DriverCrashedError):
            supervised.ready_pid()
        assert supervised.ready_pid() == 2

    def test_a_call_that_was_ended_by_it_has_heard(self) -> None:
        supervised = Supervised(features=self.FEATURES)
        supervised.end()
        supervised.supervisor.lost(supervised.supervisor.running, Exception())
        assert supervised.ready_pid() == 2

    def test_nothing_is_repeated(self) -> None:
        assert not Supervised(features=self.FEATURES).supervisor.may_repeat
        assert Supervised().supervisor.may_repeat


class TestHangs:
    def test_one_that_answers_nothing_is_ended_and_told_once(self) -> None:
        supervised = Supervised()
        supervised.last.answers_ping = False
        for _ in range(2):
            why = supervised.supervisor.suspect(supervised.supervisor.running, 0.01)
            assert why == "the driver answers nothing at all"
        assert supervised.last.has_ended
        assert supervised.told[2:] == [EventKind.HUNG]
        assert supervised.ready_pid() == 2
        assert EventKind.CRASHED not in supervised.told

    def test_one_that_is_busy_is_left_alone(self) -> None:
        supervised = Supervised()
        why = supervised.supervisor.suspect(supervised.supervisor.running, 0.01)
        assert why.startswith("the driver is busy")
        assert not supervised.last.has_ended

    def test_nothing_is_ended_where_nothing_is_started_again(self) -> None:
        supervised = Supervised(None)
        supervised.last.answers_ping = False
        supervised.supervisor.suspect(supervised.supervisor.running, 0.01)
        assert not supervised.last.has_ended


class TestClosing:
    def test_ends_the_process_and_is_no_crash(self) -> None:
        supervised = Supervised()
        supervised.supervisor.close()
        supervised.end()
        supervised.starts.on_exits[0]()
        assert supervised.last.stops == 1
        assert EventKind.CRASHED not in supervised.told
        with pytest.raises(ClosedError):
            supervised.ready_pid()

    def test_wakes_who_waits_for_a_turn(self) -> None:
        supervised = Supervised(NEVER_SOON)
        supervised.end(was_of_use=False)
        supervised.ready_pid()
        supervised.end(was_of_use=False)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(supervised.ready_pid, None)
            supervised.supervisor.close()
            with pytest.raises(ClosedError):
                waiting.result(PATIENCE_SECONDS)
        assert supervised.starts.made == 2

    def test_ends_a_start_that_is_under_way(self) -> None:
        supervised = Supervised()
        is_starting = threading.Event()

        def hang(process: FakeProcess) -> None:
            is_starting.set()
            process.exited.wait()

        supervised.starts.before_ready = hang
        supervised.end()
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(supervised.ready_pid)
            is_starting.wait()
            supervised.supervisor.close()
            with pytest.raises(ClosedError):
                waiting.result(PATIENCE_SECONDS)
        assert EventKind.GAVE_UP not in supervised.told
