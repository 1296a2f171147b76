"""Faulty strikes the calls that its plan says, at the moment it says, and no others."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from storagedriver.contract import PathNotFoundError, StorageDriver, ThrottledError
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.faulty import (
    Call,
    Fault,
    Faulty,
    Moment,
    Plan,
    at_calls,
    at_random,
    killing,
    raising,
    stopping,
    waiting,
)


class OwnError(Exception):
    pass


def failing(moment: Moment, *, after_bytes: int = 0) -> Fault:
    return Fault(moment, raising(OwnError), after_bytes)


def a_driver(plan: Plan) -> StorageDriver:
    inner = InMemoryDriver()
    inner.put_content("/old", b"0123456789")
    return Faulty(inner, plan)


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield psutil.Process(child.pid)
        child.kill()


def test_a_call_that_fails_before_it_is_not_made() -> None:
    driver = a_driver(at_calls({1}, failing(Moment.BEFORE)))
    with pytest.raises(OwnError):
        driver.put_content("/a", b"one")
    assert driver.list("/") == ["/old"]


def test_a_call_that_fails_after_it_is_made() -> None:
    driver = a_driver(at_calls({1}, failing(Moment.AFTER)))
    with pytest.raises(OwnError):
        driver.put_content("/a", b"one")
    assert driver.get_content("/a") == b"one"


def test_each_error_is_a_new_one() -> None:
    driver = a_driver(at_calls({1, 2}, Fault(Moment.BEFORE, raising(lambda: ThrottledError("/")))))
    errors: list[ThrottledError] = []
    for _ in range(2):
        with pytest.raises(ThrottledError) as caught:
            driver.stat("/")
        errors.append(caught.value)
    assert errors[0] is not errors[1]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_calls_are_counted_from_one(number: int) -> None:
    driver = a_driver(at_calls({number}, failing(Moment.BEFORE)))
    for other in range(1, number):
        assert driver.stat("/").is_dir, other
    with pytest.raises(OwnError):
        driver.stat("/")
    driver.stat("/")


def test_a_plan_may_be_for_methods_only() -> None:
    driver = a_driver(at_calls({1, 2}, failing(Moment.BEFORE), methods={"stat"}))
    driver.list("/")
    with pytest.raises(OwnError):
        driver.stat("/")


@pytest.mark.parametrize("size", [0, 4, 10])
def test_a_reader_fails_after_so_many_bytes(size: int) -> None:
    driver = a_driver(at_calls({1}, failing(Moment.CONTENT, after_bytes=size)))
    reader = io.BytesIO(b"abcdefghij")
    with pytest.raises(OwnError):
        driver.write_stream("/a", 0, reader)
    assert reader.tell() == size


def test_a_fault_behind_the_end_does_not_happen() -> None:
    driver = a_driver(at_calls({1}, failing(Moment.CONTENT, after_bytes=11)))
    assert driver.write_stream("/a", 0, io.BytesIO(b"abcdefghij")) == 10


@pytest.mark.parametrize("size", [0, 4, 10])
def test_a_stream_fails_after_so_many_bytes(size: int) -> None:
    driver = a_driver(at_calls({1}, failing(Moment.CONTENT, after_bytes=size)))
    with driver.read_stream("/old") as stream:
        assert stream.read(size) == b"0123456789"[:size]
        with pytest.raises(OwnError):
            stream.read(1)


def test_a_fault_that_only_waits_changes_nothing() -> None:
    driver = a_driver(at_calls({1, 2}, Fault(Moment.CONTENT, waiting(0.001), 3)))
    with driver.read_stream("/old") as stream:
        assert stream.read() == b"0123456789"
    assert driver.write_stream("/a", 0, io.BytesIO(b"abcdefghij")) == 10
    assert driver.get_content("/a") == b"abcdefghij"


def test_uploads_are_struck_too() -> None:
    seen: list[str] = []

    def plan(call: Call) -> Fault | None:
        seen.append(call.method)
        return failing(Moment.BEFORE) if call.method == "upload.commit" else None

    driver = a_driver(plan)
    with driver.writer("/a") as upload:
        upload.write(b"one")
        with pytest.raises(OwnError):
            upload.commit()
    assert seen == ["writer", "upload.write", "upload.commit", "upload.close"]
    with pytest.raises(PathNotFoundError):
        driver.stat("/a")


def test_chance_strikes_the_same_calls_whichever_thread_makes_them() -> None:
    plan = at_random("seed", chance=0.3, faults=[failing(Moment.BEFORE)])
    struck = [plan(Call(number, "stat", "/")) is not None for number in range(200)]
    with ThreadPoolExecutor(4) as executor:
        calls = [executor.submit(plan, Call(number, "stat", "/")) for number in range(200)]
        assert [call.result() is not None for call in calls] == struck
    assert 30 < sum(struck) < 90


def test_no_call_is_counted_twice_by_many_threads() -> None:
    driver = Faulty(InMemoryDriver(), lambda call: None)
    with ThreadPoolExecutor(8) as executor:
        for _ in range(400):
            executor.submit(driver.stat, "/")
    assert driver.calls == 400


def test_a_process_is_killed(process: psutil.Process) -> None:
    driver = a_driver(at_calls({1}, Fault(Moment.BEFORE, killing(lambda: process.pid))))
    driver.stat("/")
    assert process.wait(10) == -signal.SIGKILL


def test_a_process_is_killed_in_the_middle(process: psutil.Process) -> None:
    late = killing(lambda: process.pid, after_seconds=0.01)
    a_driver(at_calls({1}, Fault(Moment.BEFORE, late))).stat("/")
    assert process.wait(10) == -signal.SIGKILL


def test_a_process_is_stopped_and_goes_on(process: psutil.Process) -> None:
    pauses = stopping(lambda: process.pid, seconds=0.2)
    a_driver(at_calls({1}, Fault(Moment.BEFORE, pauses))).stat("/")
    states = {process.status()}
    while psutil.STATUS_STOPPED not in states or process.status() == psutil.STATUS_STOPPED:
        states.add(process.status())
        time.sleep(0.01)
    assert process.is_running()


def test_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    a_driver(at_calls({1}, Fault(Moment.BEFORE, killing(lambda: child.pid)))).stat("/")
