from __future__ import annotations

import hashlib
import io

import pytest

from storagedriver.cli.content import Passed, fetch, store
from storagedriver.contract import ChecksumMismatchError, FileInfo, FileInfoFields
from storagedriver.contract.streams import Piece
from storagedriver.drivers.inmemory import InMemoryDriver

CONTENT = bytes(range(256)) * 10_000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def ignore(size_bytes: int) -> None:
    pass


def test_what_is_stored_is_measured_and_hashed() -> None:
    driver = InMemoryDriver()
    progress: list[int] = []
    passed = store(driver, "/a", io.BytesIO(CONTENT), advance=progress.append)
    assert passed == Passed(len(CONTENT), DIGEST)
    assert sum(progress) == len(CONTENT)
    assert driver.get_content("/a") == CONTENT


def test_what_is_fetched_is_measured_and_hashed() -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", CONTENT)
    pieces: list[bytes] = []

    def keep(piece: Piece) -> None:
        pieces.append(bytes(piece))

    progress: list[int] = []
    with driver.read_stream("/a") as stream:
        passed = fetch(stream, keep, advance=progress.append)
    assert passed == Passed(len(CONTENT), DIGEST)
    assert sum(progress) == len(CONTENT)
    assert b"".join(pieces) == CONTENT


def test_the_hash_can_be_chosen() -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", b"x")
    with driver.read_stream("/a") as stream:
        passed = fetch(stream, len, advance=ignore, algorithm="sha512")
    assert passed.digest == f"sha512:{hashlib.sha512(b'x').hexdigest()}"


def test_a_store_that_has_another_size_afterwards_is_a_failure() -> None:
    class Short(InMemoryDriver):
        def stat(self, path: str) -> FileInfo:
            return FileInfoFields(path, 2, None, is_dir=False)

    with pytest.raises(ChecksumMismatchError, match="sent 3 bytes, but the store has 2"):
        store(Short(), "/a", io.BytesIO(b"abc"), advance=ignore)


def test_a_digest_may_be_written_in_capitals() -> None:
    Passed(len(CONTENT), DIGEST).check_digest("/a", DIGEST.upper())


def test_another_digest_is_a_failure() -> None:
    with pytest.raises(ChecksumMismatchError) as caught:
        Passed(1, DIGEST).check_digest("/a", "sha256:00")
    assert caught.value.path == "/a"


class FailingReader:
    """Gives a piece, and then fails."""

    def __init__(self) -> None:
        self._pieces = iter([CONTENT])

    def read(self, size: int, /) -> bytes:
        for piece in self._pieces:
            return piece
        raise OSError("the source is gone")


def test_a_source_that_fails_leaves_the_old_content_and_no_upload() -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", b"old")
    with pytest.raises(OSError, match="the source is gone"):
        store(driver, "/a", FailingReader(), advance=ignore)
    assert driver.get_content("/a") == b"old"
    assert list(driver.uploads()) == []


def test_nothing_shows_before_all_is_stored() -> None:
    driver = InMemoryDriver()

    class Looking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert driver.list("/") == []
            return super().read(size)

    store(driver, "/a", Looking(CONTENT), advance=ignore)
    assert driver.get_content("/a") == CONTENT


def test_a_driver_without_uploads_gets_a_stream() -> None:
    class Plain(InMemoryDriver):
        features = frozenset()

    driver = Plain()
    assert store(driver, "/a", io.BytesIO(CONTENT), advance=ignore).digest == DIGEST
    assert driver.get_content("/a") == CONTENT
