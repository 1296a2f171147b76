"""Reading open files, whole or as streams."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storagedriver.contract import ContentChangedError, StorageDriverError
from storagedriver.drivers.reading import ObjectReadStream, read_whole, version_of

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    return file


Opener = Callable[..., ObjectReadStream]


@pytest.fixture
def opened(file: Path) -> Iterator[Opener]:
    streams: list[ObjectReadStream] = []

    def open_at(offset: int = 0) -> ObjectReadStream:
        descriptor = os.open(file, os.O_RDONLY)
        streams.append(ObjectReadStream(descriptor, os.fstat(descriptor), offset, "/file"))
        return streams[-1]

    yield open_at
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("offset", [0, 1, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 5, 2**63])
def test_a_stream_gives_all_from_its_offset(opened: Opener, offset: int) -> None:
    assert opened(offset).read() == CONTENT[offset:]
    assert b"".join(opened(offset)) == CONTENT[offset:]
    buffer = bytearray(len(CONTENT) + 1)
    count = opened(offset).readinto(buffer)
    assert buffer[:count] == CONTENT[offset:]


def test_a_stream_gives_what_it_is_asked_for(opened: Opener) -> None:
    stream = opened(2)
    assert (stream.read(3), stream.read1(1), stream.read(0)) == (b"\2\3\4", b"\5", b"")
    assert stream.size == len(CONTENT)


def short(monkeypatch: pytest.MonkeyPatch, at_most: int) -> None:
    """Let the kernel give a few bytes at a time, as it does beyond 2 GiB."""
    really_read, really_pread = os.read, os.pread

    def read(descriptor: int, size: int) -> bytes:
        return really_read(descriptor, min(size, at_most))

    def pread(descriptor: int, size: int, position: int) -> bytes:
        return really_pread(descriptor, min(size, at_most), position)

    monkeypatch.setattr(os, "read", read)
    monkeypatch.setattr(os, "pread", pread)


def test_short_reads_are_completed(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = opened()
    short(monkeypatch, 1000)
    assert stream.read(2500) == CONTENT[:2500]
    assert stream.read() == CONTENT[2500:]
    assert read_whole(opened().fileno(), len(CONTENT)) == CONTENT


def test_reading_whole_stops_at_the_size(opened: Opener) -> None:
    assert read_whole(opened().fileno(), 100) == CONTENT[:100]


def test_reading_whole_stops_where_a_file_was_cut(opened: Opener, file: Path) -> None:
    stream = opened()
    os.truncate(file, 50)
    assert read_whole(stream.fileno(), len(CONTENT)) == CONTENT[:50]


def test_a_stream_does_not_grow_with_the_file(opened: Opener, file: Path) -> None:
    stream = opened()
    with file.open("ab") as appending:
        appending.write(b"more")
    assert stream.read() == CONTENT


def test_a_stream_of_a_file_that_was_cut_does_not_end_early(opened: Opener, file: Path) -> None:
    stream = opened()
    assert stream.read(100) == CONTENT[:100]
    os.truncate(file, 50)
    with pytest.raises(ContentChangedError) as caught:
        stream.read(100)
    assert caught.value.path == "/file"
    file.write_bytes(CONTENT[::-1])
    with pytest.raises(ContentChangedError) as again:
        stream.readinto(bytearray(10))
    assert again.value is caught.value


def test_an_error_of_the_disk_is_raised_for_ever(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    stream = opened()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", fail)
        patch.setattr(os, "preadv", fail)
        with pytest.raises(StorageDriverError, match="EIO"):
            stream.readinto(bytearray(10))
    with pytest.raises(StorageDriverError, match="EIO"):
        stream.read(1)


def test_a_closed_stream_is_closed_once_and_not_read(opened: Opener) -> None:
    stream = opened()
    descriptor = stream.fileno()
    stream.close()
    stream.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    for read in (stream.read, stream.read1, stream.fileno, lambda: next(stream)):
        with pytest.raises(ValueError, match="closed"):
            read()


def test_a_version_names_one_content(file: Path) -> None:
    first = version_of(file.stat())
    assert version_of(file.stat()) == first
    assert len(first) <= 64
    seen = {first}
    file.write_bytes(CONTENT + b"x")
    seen.add(version_of(file.stat()))
    other = file.with_name("other")
    other.write_bytes(CONTENT)
    seen.add(version_of(other.stat()))
    assert len(seen) == 3


def test_a_version_changes_also_where_time_and_size_do_not(file: Path) -> None:
    status = file.stat()
    first = version_of(status)
    # Written in place with a clock that was set back: the time is kept by hand.
    while version_of(file.stat()) == first:
        file.write_bytes(CONTENT[::-1])
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    now = file.stat()
    assert (now.st_mtime_ns, now.st_size) == (status.st_mtime_ns, status.st_size)
