"""Uploads of the inmemory driver: what the suite cannot bring about."""

from __future__ import annotations

import hashlib

import pytest

from storagedriver.contract import ChecksumMismatchError
from storagedriver.contract.digests import DigestCheck
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.segments import JOIN_BELOW_BYTES


def test_what_is_written_while_a_commit_reads_is_not_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = InMemoryDriver()
    upload = driver.writer("/a")
    upload.write(b"content")
    other = driver.writer("/a", resume=upload.upload_id)
    really_update = DigestCheck.update

    def write_first(self: DigestCheck, content: bytes) -> None:
        other.write(b"more")
        really_update(self, content)

    monkeypatch.setattr(DigestCheck, "update", write_first)
    with pytest.raises(ChecksumMismatchError, match="meanwhile"):
        upload.commit(digest="md5:" + hashlib.md5(b"content").hexdigest())
    assert driver.list("/") == []
    other.commit()
    assert driver.get_content("/a") == b"contentmore"


def test_many_small_writes_take_few_segments() -> None:
    driver = InMemoryDriver()
    with driver.writer("/a") as upload:
        for _ in range(1000):
            upload.write(bytes(1000))
        upload.commit()
    with driver.read_stream("/a") as stream:
        assert len(list(stream)) <= 2 * 1_000_000 // JOIN_BELOW_BYTES


def test_an_upload_has_the_time_of_its_last_write() -> None:
    driver = InMemoryDriver()
    with driver.writer("/a") as upload:
        (made,) = driver.uploads()
        upload.write(b"content")
        (written,) = driver.uploads()
    assert made.time <= written.time
    assert (made.size, written.size) == (0, 7)
