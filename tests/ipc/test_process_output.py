"""Output of real processes: nothing that they write, and no log handler, holds anybody up."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storagedriver.contract import DriverCrashedError
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.process import DriverProcess, Ladder

PATIENCE_SECONDS = 30.0
NAME = "talkative"

Starter = Callable[[str], DriverProcess]


class Gate(logging.Handler):
    """A handler that never comes back while it is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.is_reached = threading.Event()
        self.is_open = threading.Event()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.is_reached.set()
        self.is_open.wait()
        self.records.append(record)


@pytest.fixture
def start(caplog: pytest.LogCaptureFixture) -> Iterator[Starter]:
    """Starts a Python program; it is ended in any case."""
    caplog.set_level(logging.INFO)
    started: list[DriverProcess] = []

    def start(code: str) -> DriverProcess:
        command = [sys.executable, "-S", "-c", f"import os, sys, time\n{code}"]
        process = DriverProcess(command, environment=dict(os.environ), name=NAME)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.handle.close()


@pytest.fixture
def gate(caplog: pytest.LogCaptureFixture) -> Iterator[Gate]:
    caplog.set_level(logging.INFO)
    gate = Gate()
    logger = logging.getLogger(f"storagedriver.driver.{NAME}")
    logger.addHandler(gate)
    yield gate
    gate.is_open.set()
    logger.removeHandler(gate)


def end(process: DriverProcess) -> None:
    """Wait for the end of a process that ends by itself, and for its log."""
    process.end(Ladder(shutdown=PATIENCE_SECONDS))
    assert (process.exit_status, process.exit_signal) == (0, None)


def log_threads() -> list[threading.Thread]:
    return [
        thread for thread in threading.enumerate() if thread.name == f"storagedriver-log-{NAME}"
    ]


def wait_until_logged() -> None:
    """The thread ends when it has handed over the last line of a process that has ended."""
    for thread in log_threads():
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_what_was_said_last_is_in_the_log_at_the_end(
    start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    process = start("print('one'); print('ERROR: two', file=sys.stderr)")
    end(process)
    assert sorted((record.levelname, record.getMessage()) for record in caplog.records) == [
        ("ERROR", "ERROR: two"),
        ("INFO", "one"),
    ]
    assert {record.__dict__["driver_pid"] for record in caplog.records} == {process.pid}


def test_a_driver_that_says_nothing_has_no_thread_for_it(
    start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    actual = threading.Thread.start

    def record(thread: threading.Thread) -> None:
        started.append(thread.name)
        actual(thread)

    monkeypatch.setattr(threading.Thread, "start", record)
    end(start("pass"))
    assert started == [f"storagedriver-watch-{NAME}"]


def test_the_thread_ends_with_the_process(start: Starter) -> None:
    end(start("print('one')"))
    wait_until_logged()
    assert not log_threads()


def test_a_handler_that_never_comes_back_holds_up_nobody(start: Starter, gate: Gate) -> None:
    process = start(
        "print('first', flush=True)\n"
        "for _ in range(100): os.write(1, b'x' * 100_000 + b'\\n')\n"
        "os.write(2, b'last words')\n"
        "os.kill(os.getpid(), 9)"
    )
    # Far more than a pipe holds: it can only end if somebody reads.
    assert process.wait(PATIENCE_SECONDS)
    assert gate.is_reached.wait(PATIENCE_SECONDS)
    assert process.exit_signal == signal.SIGKILL
    assert process.crash("odd").stderr == "last words"


def test_a_process_ends_while_a_handler_stands_still(start: Starter, gate: Gate) -> None:
    process = start("print('one', flush=True); sys.stdin.read()")
    assert gate.is_reached.wait(PATIENCE_SECONDS)
    process.end(Ladder(shutdown=PATIENCE_SECONDS))
    assert process.exited.is_set()
    assert log_threads()
    gate.is_open.set()
    wait_until_logged()
    assert [record.getMessage() for record in gate.records] == ["one"]


def test_calls_crashes_and_the_end_do_not_wait_for_a_handler(gate: Gate) -> None:
    program = [sys.executable, str(Path(__file__).with_name("odd_driver.py"))]
    noise = {"oddity": "noisy"}
    with IPCStorageDriver.start(program, noise, name=NAME, restart=None) as driver:
        assert gate.is_reached.wait(PATIENCE_SECONDS)
        driver.put_content("/a", b"meanwhile")
        assert driver.get_content("/a") == b"meanwhile"
        with pytest.raises(DriverCrashedError) as caught:
            driver.get_content("/exit")
        assert caught.value.stderr.endswith("last words\n")
    assert not gate.is_open.is_set()


def test_a_slow_handler_gets_everything_that_has_room(
    start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            time.sleep(0.001)

    slow = Slow()
    logger = logging.getLogger(f"storagedriver.driver.{NAME}")
    logger.addHandler(slow)
    try:
        process = start("for number in range(1000): print(number)")
        assert process.wait(PATIENCE_SECONDS)
        wait_until_logged()
    finally:
        logger.removeHandler(slow)
    assert caplog.messages == [str(number) for number in range(1000)]


def test_a_handler_that_raises_holds_up_nobody(start: Starter) -> None:
    class Broken(logging.Handler):
        calls = 0

        def emit(self, record: logging.LogRecord) -> None:
            self.calls += 1
            raise RuntimeError("a broken handler")

    broken = Broken()
    logger = logging.getLogger(f"storagedriver.driver.{NAME}")
    logger.addHandler(broken)
    try:
        end(start("for number in range(100): print(number)"))
        wait_until_logged()
    finally:
        logger.removeHandler(broken)
    assert broken.calls == 100


def test_a_flood_is_read_and_logged_in_part(
    start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    used = time.process_time()
    process = start("for _ in range(800): os.write(1, b'a line of a flood\\n' * 3000)")
    end(process)
    wait_until_logged()
    used = time.process_time() - used
    told = [record for record in caplog.records if "dropped" in record.message]
    dropped = sum(record.__dict__["driver_fields"]["dropped_lines"] for record in told)
    assert len(caplog.records) - len(told) + dropped == 800 * 3000
    assert len(caplog.records) < 40_000
    # All 43 MB logged would take most of a minute; nothing here depends on how loaded a machine is.
    assert used < 10


def test_a_line_of_a_megabyte_is_logged_whole(
    start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    end(start("print('ERROR: ' + 'x' * 1_000_000)"))
    assert "".join(caplog.messages) == "ERROR: " + "x" * 1_000_000
    assert {record.levelname for record in caplog.records} == {"ERROR"}


def test_binary_is_logged_as_text(start: Starter, caplog: pytest.LogCaptureFixture) -> None:
    end(start("os.write(2, bytes(range(256)) * 100)"))
    assert "\\x00\\x01" in caplog.text
    assert "\\xfe\\xff" in caplog.text
    assert "".join(caplog.messages).isascii()


def test_a_traceback_is_an_error_whole(start: Starter, caplog: pytest.LogCaptureFixture) -> None:
    process = start("print('ready')\ndef fail(): raise KeyError('a')\nfail()")
    process.end(Ladder(shutdown=PATIENCE_SECONDS))
    stderr = [record for record in caplog.records if record.__dict__["driver_stream"] == "stderr"]
    assert stderr[-1].getMessage() == "KeyError: 'a'"
    assert {record.levelname for record in stderr} == {"ERROR"}
