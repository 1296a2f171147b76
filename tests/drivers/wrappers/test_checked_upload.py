"""The wrapper around the writer of an upload: refuses what is wrong, and names errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from storagedriver.contract import (
    ChecksumMismatchError,
    InvalidOffsetError,
    InvalidParametersError,
    NoSpaceError,
    PathNotFoundError,
    StorageDriverError,
    UploadWriter,
)
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class SpyUpload(UploadWriter):
    """Notes the calls that reach it, and fails as told."""

    @property
    def upload_id(self) -> str:
        return "the id"

    @property
    def size(self) -> int:
        return 5

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.failure: Exception | None = None
        self.written: int | None = None

    def _called(self, call: object) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    def write(self, content: ReadableBuffer) -> int:
        self._called(content)
        return len(bytes(content)) if self.written is None else self.written

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._called((size, digest))

    def cancel(self) -> None:
        self._called("cancel")

    def close(self) -> None:
        self._called("close")


class SpyDriver(InMemoryDriver):
    def __init__(self, spy: SpyUpload) -> None:
        super().__init__()
        self._spy = spy

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        return self._spy


@pytest.fixture
def spy() -> SpyUpload:
    return SpyUpload()


@pytest.fixture
def driver(spy: SpyUpload) -> Checked:
    return Checked(SpyDriver(spy), name="mine")


@pytest.fixture
def upload(driver: Checked) -> UploadWriter:
    return driver.writer("/a")


def test_it_passes_on_what_is_right(spy: SpyUpload, upload: UploadWriter) -> None:
    digest = "md5:" + "0" * 32
    assert (upload.upload_id, upload.size) == ("the id", 5)
    assert upload.write(b"content") == 7
    upload.commit(size=3, digest=digest)
    assert spy.calls == [b"content", (3, digest), "close"]


def test_content_reaches_the_driver_as_bytes_or_as_a_flat_view(
    spy: SpyUpload, upload: UploadWriter
) -> None:
    upload.write(memoryview(bytes(8)).cast("I"))
    (given,) = spy.calls
    assert isinstance(given, memoryview)
    assert (given.format, given.nbytes) == ("B", 8)


def test_what_is_wrong_does_not_reach_the_driver(spy: SpyUpload, upload: UploadWriter) -> None:
    with pytest.raises(TypeError):
        upload.write(cast("bytes", "text"))
    with pytest.raises(TypeError):
        upload.commit(size=cast("int", "7"))
    for digest in ("", "sha256:00"):
        with pytest.raises(InvalidParametersError, match="driver mine") as caught:
            upload.commit(digest=digest)
        assert (caught.value.name, caught.value.parameter) == ("mine", "digest")
    assert spy.calls == []


def test_a_wrong_id_is_named(driver: Checked) -> None:
    with pytest.raises(PathNotFoundError, match="driver mine"):
        driver.writer("/a", resume="a" * 2000)
    with pytest.raises(TypeError):
        driver.writer("/a", resume=cast("str", 7))


@pytest.mark.parametrize("error", [ChecksumMismatchError("/a"), RuntimeError("bug")])
def test_errors_are_named_and_leave_the_upload_open(
    spy: SpyUpload, upload: UploadWriter, error: Exception
) -> None:
    spy.failure = error
    calls = (lambda: upload.write(b""), upload.commit, upload.cancel)
    for call in (*calls, *calls):
        with pytest.raises(StorageDriverError) as caught:
            call()
        assert caught.value.driver == "mine"
    assert len(spy.calls) == 6


def test_an_error_of_a_write_tells_what_is_stored(spy: SpyUpload, upload: UploadWriter) -> None:
    for error, stored in (
        (NoSpaceError("/a"), 5),
        (RuntimeError("bug"), 5),
        (InvalidOffsetError("/a", 5, stored=77), 77),
        (PathNotFoundError("/a"), None),
    ):
        spy.failure = error
        with pytest.raises(StorageDriverError) as caught:
            upload.write(b"content")
        assert caught.value.stored == stored


def test_a_driver_that_takes_less_than_it_was_given_is_told(
    spy: SpyUpload, upload: UploadWriter
) -> None:
    spy.written = 6
    with pytest.raises(StorageDriverError, match="reports 6 bytes written, it was given 7"):
        upload.write(b"content")


def test_an_end_is_an_end(spy: SpyUpload, upload: UploadWriter) -> None:
    upload.close()
    upload.close()
    for call in (lambda: upload.write(b""), upload.commit, upload.cancel):
        with pytest.raises(ValueError, match="the upload is closed"):
            call()
    assert spy.calls == ["close"]


def test_after_the_driver_was_closed_only_close_is_left(
    spy: SpyUpload, driver: Checked, upload: UploadWriter
) -> None:
    driver.close()
    for call in (lambda: upload.write(b""), upload.commit, upload.cancel):
        with pytest.raises(ValueError, match="the driver mine is closed"):
            call()
    upload.close()
    assert spy.calls == ["close"]
