"""Drivers that stand still, each in its own way: what the caller is told, what becomes of them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from storagedriver.contract import DriverTimeoutError
from storagedriver.ipc import EventKind, IPCStorageDriver, Ladder, RestartPolicy

PROGRAM = [sys.executable, "-m", "storagedriver.drivers.executables.misbehaving"]

# Long enough for a driver on a loaded machine to answer, short enough to wait for.
TIMEOUT_SECONDS = 1.0
ALWAYS = RestartPolicy()
PATIENCE_SECONDS = 60.0

Start = Callable[..., IPCStorageDriver]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a filesystem driver that holds the object /a, and does as the rule says."""
    with ExitStack() as stack:

        def start_one(
            rule: Mapping[str, object], *, restart: RestartPolicy | None = ALWAYS
        ) -> IPCStorageDriver:
            script = tmp_path / "script.json"
            script.write_text(json.dumps({"rules": [rule]}))
            own = {"rootdirectory": str(tmp_path / "root")}
            driver = IPCStorageDriver.start(
                PROGRAM,
                {"script": str(script), "driver": "filesystem", "parameters": own},
                name="hanging",
                timeout_seconds=TIMEOUT_SECONDS,
                restart=restart,
                ladder=Ladder(calls=0.1, shutdown=0.5, terminate=0.1),
            )
            stack.enter_context(driver)
            driver.put_content("/a", b"abc")
            return driver

        yield start_one


def test_a_stopped_process_is_named_and_replaced(start: Start) -> None:
    driver = start({"do": "stop", "method": "GetContent"})
    with pytest.raises(DriverTimeoutError, match="process is stopped") as caught:
        driver.get_content("/a")
    assert (caught.value.method, caught.value.seconds) == ("GetContent", TIMEOUT_SECONDS)
    assert driver.counters[EventKind.HUNG] == 1
    assert driver.get_content("/a") == b"abc"
    assert driver.counters[EventKind.RESTARTED] == 1
    assert driver.counters[EventKind.CRASHED] == 0


def test_a_worker_that_holds_the_interpreter_lock_is_a_hang(start: Start) -> None:
    driver = start({"do": "hold-lock", "seconds": 600, "method": "GetContent"})
    with pytest.raises(DriverTimeoutError, match="answers nothing at all"):
        driver.get_content("/a")
    assert driver.counters[EventKind.HUNG] == 1
    assert driver.get_content("/a") == b"abc"


def test_a_driver_whose_workers_are_all_busy_is_left_alone(start: Start) -> None:
    driver = start({"do": "hang", "method": "GetContent", "nth": list(range(1, 9))})
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(driver.get_content, "/a") for _ in range(8)]
        for call in calls:
            error = call.exception(PATIENCE_SECONDS)
            assert isinstance(error, DriverTimeoutError)
            assert "busy" in error.message
    assert driver.get_content("/a") == b"abc"
    assert driver.counters[EventKind.HUNG] == driver.counters[EventKind.STARTED] - 1 == 0


def test_the_other_calls_of_a_driver_that_hangs_are_made_again(start: Start) -> None:
    driver = start({"do": "stop", "method": "Stat"})
    with ThreadPoolExecutor(8) as threads:
        begun = threading.Barrier(8)

        def work(number: int) -> bytes | Exception:
            begun.wait(PATIENCE_SECONDS)
            try:
                return driver.get_content("/a") if number else bytes(driver.stat("/a").size)
            except DriverTimeoutError as error:
                return error

        results = list(threads.map(work, range(8)))
    # Whichever was first to lose patience; the rest was answered before, or by the next process.
    for result in results:
        assert result in (b"abc", bytes(3)) or isinstance(result, DriverTimeoutError)
    assert driver.counters[EventKind.HUNG] == 1
    assert driver.get_content("/a") == b"abc"


def test_nothing_is_killed_where_nothing_is_started_again(start: Start) -> None:
    driver = start({"do": "hang", "method": "GetContent"}, restart=None)
    process = psutil.Process(driver.pid)
    process.suspend()
    try:
        # It stands still some time after it was told to.
        while process.status() != psutil.STATUS_STOPPED:
            threading.Event().wait(0.01)
        with pytest.raises(DriverTimeoutError, match="process is stopped"):
            driver.stat("/a")
    finally:
        process.resume()
    assert driver.stat("/a").size == 3
    assert driver.counters[EventKind.HUNG] == 0


def test_time_that_a_slow_reader_takes_is_not_the_drivers(start: Start) -> None:
    driver = start({"do": "hang", "method": "GetContent"})
    pause = threading.Event()

    class Slow:
        pieces = 3

        def read(self, size: int, /) -> bytes:
            pause.wait(TIMEOUT_SECONDS * 1.2)
            self.pieces -= 1
            return b"abc" if self.pieces else b""

    assert driver.write_stream("/slow", 0, Slow()) == 6
    with driver.read_stream("/slow") as stream:
        pause.wait(TIMEOUT_SECONDS * 1.2)
        assert stream.read() == b"abcabc"
    assert driver.counters[EventKind.HUNG] == 0
