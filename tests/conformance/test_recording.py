"""The recording driver: passes everything on, and notes what its own thread sees."""

from __future__ import annotations

import io
import threading

import pytest

from storagedriver.conformance import Outcome
from storagedriver.conformance.recording import RecordingDriver
from storagedriver.contract import PathNotFoundError, StorageDriver, UnsupportedMethodError
from storagedriver.drivers.inmemory import InMemoryDriver


@pytest.fixture
def outcomes() -> list[Outcome]:
    return []


@pytest.fixture
def driver(outcomes: list[Outcome]) -> RecordingDriver:
    return RecordingDriver(InMemoryDriver(), outcomes)


def test_every_operation_is_passed_on_and_noted(
    driver: RecordingDriver, outcomes: list[Outcome]
) -> None:
    driver.put_content("/a/b", b"content")
    driver.write_stream("/a/c", 0, io.BytesIO(b"more"))
    driver.get_content("/a/b")
    driver.read_stream("/a/b", 1).close()
    driver.stat("/a/b")
    driver.list("/a")
    driver.resume_write_position("/a/b")
    driver.move("/a/b", "/a/d")
    driver.delete("/a/c")
    assert [info.path for info in driver.walk("/")] == ["/a/d"]
    assert outcomes == [
        Outcome("put_content('/a/b')", "done"),
        Outcome("write_stream('/a/c', 0)", 4),
        Outcome("get_content('/a/b')", "b'content'"),
        Outcome("read_stream('/a/b', 1)", ("stream", 7, True)),
        Outcome("stat('/a/b')", ("/a/b", 7, False, True)),
        Outcome("list('/a')", ("/a/b", "/a/c")),
        Outcome("resume_write_position('/a/b')", 7),
        Outcome("move('/a/b', '/a/d')", "done"),
        Outcome("delete('/a/c')", "done"),
        Outcome("walk('/', None)", "done"),
        Outcome("next of walk('/', None)", ("/a/d", 7, False, True)),
    ]


def test_errors_are_noted_and_raised(driver: RecordingDriver, outcomes: list[Outcome]) -> None:
    with pytest.raises(PathNotFoundError):
        driver.get_content("/a")
    for call in (driver.url_for, driver.writer, driver.uploads):
        with pytest.raises(UnsupportedMethodError):
            call("/a")
    assert ["PathNotFoundError" in str(outcome.answer) for outcome in outcomes] == [
        True,
        False,
        False,
        False,
    ]


def test_calls_of_other_threads_are_not_noted(
    driver: RecordingDriver, outcomes: list[Outcome]
) -> None:
    thread = threading.Thread(target=driver.put_content, args=("/a", b"x"))
    thread.start()
    thread.join()
    assert outcomes == []
    assert driver.get_content("/a") == b"x"


def test_it_has_all_that_the_interface_has() -> None:
    inherited = {"__enter__", "__exit__", "close"}
    methods = {name for name, value in vars(StorageDriver).items() if callable(value)}
    assert methods - inherited <= set(vars(RecordingDriver))
