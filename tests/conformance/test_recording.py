"""The recording driver: passes everything on, and notes what its own thread sees."""

from __future__ import annotations

import io
import threading

import pytest

from storagedriver.conformance import Outcome
from storagedriver.conformance.recording import RecordingDriver
from storagedriver.contract import (
    ChecksumMismatchError,
    PathNotFoundError,
    StorageDriver,
    UnsupportedMethodError,
)
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
    with pytest.raises(UnsupportedMethodError):
        driver.url_for("/a")
    with pytest.raises(PathNotFoundError):
        driver.writer("/a", resume="x")
    assert ["PathNotFoundError" in str(outcome.answer) for outcome in outcomes] == [
        True,
        False,
        True,
    ]


def test_uploads_are_noted_without_their_ids(
    driver: RecordingDriver, outcomes: list[Outcome]
) -> None:
    with driver.writer("/a") as upload:
        upload.write(b"abc")
        assert [info.path for info in driver.uploads()] == ["/a"]
        with pytest.raises(ChecksumMismatchError):
            upload.commit(size=4)
    with driver.writer("/a", resume=upload.upload_id) as upload:
        upload.commit(size=3)
    driver.writer("/b").cancel()
    assert upload.size == 3
    assert [outcome.call for outcome in outcomes] == [
        "writer('/a')",
        "write to an upload of '/a'",
        "uploads('/')",
        "next of uploads('/')",
        "commit(4, None) of '/a'",
        "close of '/a'",
        "writer('/a', resume=...)",
        "commit(3, None) of '/a'",
        "close of '/a'",
        "writer('/b')",
        "cancel of '/b'",
    ]
    assert [outcome.answer for outcome in outcomes[:4]] == [("upload", 0), 3, "done", "/a"]
    assert outcomes[6].answer == ("upload", 3)
    assert not [outcome for outcome in outcomes if upload.upload_id in str(outcome)]


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
