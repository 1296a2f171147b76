from __future__ import annotations

import io

import pytest

from storagedriver.cli.copying import SMALL_BYTES, Copied, Copy
from storagedriver.contract import (
    ChecksumMismatchError,
    ContentChangedError,
    InvalidOffsetError,
    IsADirectoryError,
    Reader,
    ReadStream,
    UploadWriter,
)
from storagedriver.drivers.inmemory import InMemoryDriver

LARGE = bytes(range(256)) * (SMALL_BYTES // 128)


def ignore(size_bytes: int) -> None:
    pass


def copy(source: InMemoryDriver, destination: InMemoryDriver, *, verify: bool = False) -> Copied:
    return Copy(source, "/from", destination, "/to", ignore).run(verify=verify)


def holding(content: bytes) -> InMemoryDriver:
    driver = InMemoryDriver()
    driver.put_content("/from", content)
    return driver


def leave_upload(driver: InMemoryDriver, content: bytes, path: str = "/to") -> None:
    with driver.writer(path) as upload:
        upload.write(content)


@pytest.mark.parametrize(
    "content", [b"", b"x", LARGE[:SMALL_BYTES], LARGE[: SMALL_BYTES + 1], LARGE]
)
def test_an_object_of_any_size_arrives(content: bytes) -> None:
    destination = InMemoryDriver()
    copied = copy(holding(content), destination, verify=True)
    assert (copied.passed.size_bytes, copied.sent_bytes) == (len(content), len(content))
    assert destination.get_content("/to") == content


@pytest.mark.parametrize("left", [0, 1, SMALL_BYTES, len(LARGE)])
def test_an_upload_that_was_left_is_continued(left: int) -> None:
    destination = InMemoryDriver()
    leave_upload(destination, LARGE[:left])
    copied = copy(holding(LARGE), destination)
    assert (copied.continued_bytes, copied.sent_bytes) == (left, len(LARGE) - left)
    assert destination.get_content("/to") == LARGE
    assert list(destination.uploads()) == []


def test_an_upload_of_another_content_is_never_published() -> None:
    published: list[bytes] = []

    class Watched(InMemoryDriver):
        def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
            published.append(self.get_content("/to"))
            return super().writer(path, resume=resume)

    destination = Watched()
    destination.put_content("/to", b"old")
    leave_upload(destination, b"not the beginning")
    published.clear()
    copied = copy(holding(LARGE), destination)
    assert published == [b"old", b"old"]
    assert (copied.continued_bytes, copied.sent_again_bytes) == (0, len(LARGE))
    assert copied.sent_bytes == 2 * len(LARGE) - len(b"not the beginning")
    assert destination.get_content("/to") == LARGE
    assert list(destination.uploads()) == []


def test_an_upload_that_somebody_else_has_written_to_is_never_published() -> None:
    class Meddled(InMemoryDriver):
        meddles = True

        def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
            upload = super().writer(path, resume=resume)
            if self.meddles:
                self.meddles = False
                with super().writer(path, resume=upload.upload_id) as other:
                    other.write(b"foreign")
            return upload

    destination = Meddled()
    with pytest.raises(InvalidOffsetError):
        copy(holding(LARGE), destination)
    assert list(destination.walk("/")) == []
    # It is found to be wrong by its digest, and dropped.
    assert copy(holding(LARGE), destination).sent_again_bytes == len(LARGE)
    assert destination.get_content("/to") == LARGE
    assert list(destination.uploads()) == []


def test_what_the_destination_got_meanwhile_is_replaced() -> None:
    class Meddled(InMemoryDriver):
        def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
            self.put_content(path, b"somebody else's")
            return super().writer(path, resume=resume)

    destination = Meddled()
    copy(holding(LARGE), destination)
    assert destination.get_content("/to") == LARGE


def test_uploads_that_are_too_large_or_of_other_paths_are_left_alone() -> None:
    destination = InMemoryDriver()
    leave_upload(destination, LARGE + b"more")
    leave_upload(destination, LARGE[:10], "/to/below")
    assert copy(holding(LARGE), destination).continued_bytes == 0
    assert len(list(destination.uploads())) == 2


def test_a_destination_that_is_a_directory_keeps_no_upload() -> None:
    destination = InMemoryDriver()
    destination.put_content("/to/below", b"")
    with pytest.raises(IsADirectoryError):
        copy(holding(LARGE), destination)
    assert list(destination.uploads()) == []


def test_a_driver_without_uploads_gets_a_stream() -> None:
    class Plain(InMemoryDriver):
        features = frozenset()

    destination = Plain()
    assert copy(holding(LARGE), destination).sent_bytes == len(LARGE)
    assert destination.get_content("/to") == LARGE


@pytest.mark.parametrize("size", [1, len(LARGE)])
def test_a_source_that_changes_is_copied_again(size: int) -> None:
    class Changing(InMemoryDriver):
        changes = 1

        def change(self) -> None:
            if self.changes:
                self.changes -= 1
                self.put_content("/from", b"new" * size)

        def get_content(self, path: str) -> bytes:
            content = super().get_content(path)
            self.change()
            return content

        def read_stream(self, path: str, offset: int = 0) -> ReadStream:
            stream = super().read_stream(path, offset)
            self.change()
            return stream

    source, destination = Changing(), InMemoryDriver()
    source.put_content("/from", b"old" * size)
    copy(source, destination)
    assert destination.get_content("/to") == b"new" * size
    source.changes = 100
    with pytest.raises(ContentChangedError):
        copy(source, destination)


class OneChannel(InMemoryDriver):
    """Has no more to give while a stream of it is open, as a driver with one channel."""

    is_reading = False

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        stream = super().read_stream(path, offset)
        self.is_reading = True
        close = stream.close

        def closed() -> None:
            self.is_reading = False
            close()

        stream.close = closed  # type: ignore[method-assign] # pyright: ignore
        return stream

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        assert not self.is_reading
        return super().writer(path, resume=resume)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        assert not self.is_reading
        return super().write_stream(path, offset, reader)


@pytest.mark.parametrize("features", [InMemoryDriver.features, frozenset[str]()])
@pytest.mark.parametrize("content", [b"", LARGE, 3 * LARGE])
def test_a_copy_within_a_driver_needs_one_channel(features: frozenset[str], content: bytes) -> None:
    driver = OneChannel()
    driver.features = features
    driver.put_content("/from", content)
    driver.put_content("/to", b"old" * 9)
    assert copy(driver, driver, verify=True).sent_bytes == len(content)
    assert driver.get_content("/to") == content


def test_a_small_object_takes_one_call_each_way() -> None:
    source, destination = holding(b"some"), InMemoryDriver()
    assert Copy(source, "/from", destination, "/to", ignore).run_small() == 4
    assert destination.get_content("/to") == b"some"


def test_what_is_not_small_is_left_alone() -> None:
    destination = InMemoryDriver()
    assert Copy(holding(LARGE), "/from", destination, "/to", ignore).run_small() is None
    assert list(destination.walk("/")) == []


def test_a_copy_that_reads_back_as_something_else_is_a_failure() -> None:
    class Lying(InMemoryDriver):
        def put_content(self, path: str, content: object) -> None:
            super().write_stream(path, 0, io.BytesIO(b"else"))

    with pytest.raises(ChecksumMismatchError):
        copy(holding(b"some"), Lying(), verify=True)
