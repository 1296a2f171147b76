"""The uploads that a driver process holds open: by id, one step at a time, never in each other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from storagedriver.contract import (
    ChecksumMismatchError,
    InvalidOffsetError,
    NoSpaceError,
    PathNotFoundError,
    StorageDriverError,
)
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.inmemory_uploads import InMemoryUpload
from storagedriver.ipc.open_uploads import OpenUploads

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PATIENCE_SECONDS = 10.0


@pytest.fixture
def driver() -> InMemoryDriver:
    return InMemoryDriver()


@pytest.fixture
def uploads(driver: InMemoryDriver) -> OpenUploads:
    return OpenUploads(driver)


def test_an_upload_is_written_and_committed_by_its_id(
    driver: InMemoryDriver, uploads: OpenUploads
) -> None:
    upload_id, size = uploads.open("/a", None)
    assert size == 0
    assert uploads.write(upload_id, 0, b"con") == 3
    assert uploads.write(upload_id, 3, memoryview(b"tent")) == 7
    uploads.commit(upload_id, 7, None)
    assert driver.get_content("/a") == b"content"


@pytest.mark.parametrize("end", ["commit", "cancel", "close_one"])
def test_an_upload_that_has_ended_is_not_open(uploads: OpenUploads, end: str) -> None:
    upload_id, _ = uploads.open("/a", None)
    getattr(uploads, end)(upload_id, *((None, None) if end == "commit" else ()))
    with pytest.raises(PathNotFoundError) as caught:
        uploads.write(upload_id, 0, b"content")
    assert caught.value.path == upload_id
    with pytest.raises(PathNotFoundError):
        uploads.commit(upload_id, None, None)
    with pytest.raises(PathNotFoundError):
        uploads.cancel(upload_id)
    uploads.close_one(upload_id)


def test_a_write_elsewhere_names_the_path_and_what_is_stored(uploads: OpenUploads) -> None:
    upload_id, _ = uploads.open("/a", None)
    uploads.write(upload_id, 0, b"content")
    for offset in (0, 6, 8):
        with pytest.raises(InvalidOffsetError) as caught:
            uploads.write(upload_id, offset, b"x")
        error = caught.value
        assert (error.path, error.offset, error.stored) == ("/a", offset, 7)


def test_a_failed_commit_keeps_it_open(uploads: OpenUploads) -> None:
    upload_id, _ = uploads.open("/a", None)
    with pytest.raises(ChecksumMismatchError):
        uploads.commit(upload_id, 1, None)
    assert uploads.write(upload_id, 0, b"c") == 1
    uploads.commit(upload_id, 1, None)


def test_an_upload_that_is_opened_again_goes_on(
    driver: InMemoryDriver, uploads: OpenUploads
) -> None:
    upload_id, _ = uploads.open("/a", None)
    uploads.write(upload_id, 0, b"con")
    with driver.writer("/a", resume=upload_id) as elsewhere:
        elsewhere.write(b"te")
    with pytest.raises(InvalidOffsetError):
        uploads.write(upload_id, 3, b"x")
    assert uploads.open("/a", upload_id) == (upload_id, 5)
    assert uploads.write(upload_id, 5, b"nt") == 7


def test_an_error_tells_what_is_stored(
    uploads: OpenUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id, _ = uploads.open("/a", None)
    monkeypatch.setattr(InMemoryUpload, "write", failing_write)
    with pytest.raises(NoSpaceError) as caught:
        uploads.write(upload_id, 0, b"content")
    assert (caught.value.stored, caught.value.driver) == (1, "inmemory")


really_write = InMemoryUpload.write


def failing_write(self: InMemoryUpload, content: ReadableBuffer) -> int:
    really_write(self, bytes(content)[:1])
    raise NoSpaceError("/a")


def test_a_driver_that_miscounts_is_told(
    uploads: OpenUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: InMemoryUpload, content: ReadableBuffer) -> int:
        return 7

    upload_id, _ = uploads.open("/a", None)
    monkeypatch.setattr(InMemoryUpload, "write", write)
    with pytest.raises(StorageDriverError, match="reports a size of 0"):
        uploads.write(upload_id, 0, b"content")


def test_one_that_cannot_be_closed_does_not_keep_the_others_open(
    uploads: OpenUploads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closed: list[str] = []

    def close(self: InMemoryUpload) -> None:
        closed.append(self.upload_id)
        raise RuntimeError("cannot be closed")

    opened = [uploads.open("/a", None)[0] for _ in range(3)]
    monkeypatch.setattr(InMemoryUpload, "close", close)
    uploads.close()
    assert sorted(closed) == sorted(opened)
    assert len(caplog.records) == 3
    uploads.close()
    assert len(closed) == 3


def test_a_write_that_waits_while_the_upload_is_closed_does_not_meet_a_closed_writer(
    uploads: OpenUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id, _ = uploads.open("/a", None)
    begun, go_on = threading.Event(), threading.Event()

    def slow(self: InMemoryUpload, content: ReadableBuffer) -> int:
        begun.set()
        go_on.wait(PATIENCE_SECONDS)
        return really_write(self, content)

    monkeypatch.setattr(InMemoryUpload, "write", slow)
    errors: list[BaseException] = []

    def write_second() -> None:
        begun.wait(PATIENCE_SECONDS)
        try:
            uploads.write(upload_id, 3, b"more")
        except StorageDriverError as error:
            errors.append(error)

    def close() -> None:
        begun.wait(PATIENCE_SECONDS)
        uploads.close_one(upload_id)

    first = threading.Thread(target=uploads.write, args=(upload_id, 0, b"abc"))
    second = threading.Thread(target=write_second)
    closing = threading.Thread(target=close)
    for thread in (first, second, closing):
        thread.start()
    begun.wait(PATIENCE_SECONDS)
    go_on.set()
    for thread in (first, second, closing):
        thread.join(PATIENCE_SECONDS)
    # Before the close or after it, but never in between, which would be ValueError.
    assert all(isinstance(error, PathNotFoundError) for error in errors)
