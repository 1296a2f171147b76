"""Uploads of the filesystem driver: how they reach their place, and what is never touched."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import (
    ChecksumMismatchError,
    InvalidOffsetError,
    InvalidParametersError,
    InvalidPathError,
    NoSpaceError,
    OutcomeUnknownError,
    PathNotFoundError,
    StorageDriverError,
)
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.upload_files import DIRECTORY_NAME

Files = Callable[[], dict[str, bytes]]


def test_a_commit_renames_and_leaves_nothing_behind(
    driver: FilesystemDriver, files: Files, directory: Path
) -> None:
    with driver.writer("/a/b") as upload:
        upload.write(b"content")
        (name,) = (name for name in files() if name.endswith(".data~"))
        inode = (directory / name[1:]).stat().st_ino
        upload.commit()
    assert files() == {"/a/b": b"content"}
    assert (directory / "a/b").stat().st_ino == inode


def test_a_stale_writer_does_not_touch_the_object(driver: FilesystemDriver) -> None:
    stale = driver.writer("/a")
    stale.write(b"content")
    driver.writer("/a", resume=stale.upload_id).commit()
    # Its file is the object now.
    calls: list[Callable[[], object]] = [lambda: stale.write(b"more"), stale.commit, stale.cancel]
    for call in calls:
        with pytest.raises(PathNotFoundError):
            call()
    stale.close()
    assert driver.get_content("/a") == b"content"


def test_writers_at_once_never_interleave(driver: FilesystemDriver) -> None:
    first = driver.writer("/a")
    stored: list[bytes] = []
    guard = threading.Lock()

    def write(number: int) -> None:
        for turn in range(50):
            with driver.writer("/a", resume=first.upload_id) as upload:
                piece = b"%d:%d;" % (number, turn) * 500
                try:
                    upload.write(piece)
                except InvalidOffsetError:
                    continue
                with guard:
                    stored.append(piece)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    driver.writer("/a", resume=first.upload_id).commit()
    first.close()
    content = driver.get_content("/a")
    assert len(content) == sum(map(len, stored))
    for piece in stored:
        content = content.replace(piece, b"", 1)
    assert content == b""


def test_the_time_of_an_object_is_that_of_its_commit(
    driver: FilesystemDriver, directory: Path
) -> None:
    before = time.time()
    with driver.writer("/a") as upload:
        upload.write(b"content")
        for file in (directory / DIRECTORY_NAME).iterdir():
            os.utime(file, (0, 0))
        upload.commit()
    # The clock of files goes in steps of some milliseconds.
    assert (directory / "a").stat().st_mtime >= before - 0.1


def test_permissions_and_time_of_what_is_replaced_stay(
    driver: FilesystemDriver, directory: Path
) -> None:
    driver.put_content("/a", b"old")
    (directory / "a").chmod(0o640)
    later = time.time() + 1000
    os.utime(directory / "a", (later, later))
    with driver.writer("/a") as upload:
        upload.commit()
    status = (directory / "a").stat()
    assert (status.st_mode & 0o777, status.st_size) == (0o640, 0)
    assert abs(status.st_mtime - later) < 1


def test_a_commit_to_another_file_system_copies(
    driver: FilesystemDriver, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_rename = os.rename

    def rename(source: str, destination: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if source.endswith(".data~"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        really_rename(source, destination, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", rename)
    content = os.urandom(3_000_001)
    for _ in range(2):
        with driver.writer("/a/b") as upload:
            upload.write(content)
            upload.commit(size=len(content))
        assert files() == {"/a/b": content}


def test_a_failed_commit_leaves_no_directories(
    driver: FilesystemDriver, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with driver.writer("/new/deep/object") as upload:
        with monkeypatch.context() as patch:
            patch.setattr(os, "rename", fail)
            with pytest.raises(StorageDriverError, match="Input/output error"):
                upload.commit()
        assert os.listdir(directory) == [DIRECTORY_NAME]
        upload.commit()
    assert driver.get_content("/new/deep/object") == b""


def test_a_full_disk_keeps_what_was_stored(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_pwrite = os.pwrite

    def pwrite(descriptor: int, content: bytes, position: int) -> int:
        if position >= 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return really_pwrite(descriptor, content[: 5 - position], position)

    with driver.writer("/a") as upload:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", pwrite)
            with pytest.raises(NoSpaceError) as caught:
                upload.write(b"content")
        assert caught.value.path == "/a"
        assert upload.size == 5
        upload.write(b"nt")
        upload.commit(size=7)
    assert driver.get_content("/a") == b"content"


@pytest.fixture
def durable(directory: Path) -> FilesystemDriver:
    return FilesystemDriver(str(directory), durability=Durability.FULL)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, directory: Path) -> list[str]:
    """What was synced, and renamed, in order."""
    done: list[str] = []
    really_rename = os.rename

    def fsync(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).relative_to(directory)
        done.append(name.name.partition(".")[2] if "~/" in str(name) else str(name))

    def rename(source: str, destination: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        done.append("rename")
        really_rename(source, destination, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    return done


def test_everything_is_synced_before_it_is_relied_on(
    durable: FilesystemDriver, synced: list[str]
) -> None:
    upload = durable.writer("/a/b")
    assert synced == [".", "path~", DIRECTORY_NAME]
    synced.clear()
    upload.write(b"content")
    assert synced == []
    upload.close()
    assert synced == ["data~"]
    synced.clear()
    durable.writer("/a/b", resume=upload.upload_id).commit()
    assert synced == ["data~", "rename", ".", "a"]
    durable.close()


@pytest.mark.parametrize(
    ("tier", "expected"),
    [(Durability.FILE, ["path~", "data~", "rename"]), (Durability.NONE, ["rename"])],
)
def test_other_tiers_sync_less(
    directory: Path, synced: list[str], tier: Durability, expected: list[str]
) -> None:
    with FilesystemDriver(str(directory), durability=tier) as driver:
        driver.writer("/a/b").commit()
    assert synced == expected


@pytest.mark.parametrize("method", ["commit", "close"])
def test_an_upload_that_cannot_be_synced_is_gone(
    durable: FilesystemDriver, monkeypatch: pytest.MonkeyPatch, files: Files, method: str
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    upload = durable.writer("/a")
    upload.write(b"content")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageDriverError, match="Input/output error"):
        getattr(upload, method)()
    assert files() == {}
    assert list(durable.uploads()) == []
    if method == "commit":
        with pytest.raises(PathNotFoundError):
            upload.commit()
    monkeypatch.undo()
    upload.close()
    durable.close()


def test_a_commit_whose_directory_cannot_be_synced_is_of_unknown_outcome(
    durable: FilesystemDriver, monkeypatch: pytest.MonkeyPatch, files: Files
) -> None:
    really_sync = os.fsync

    def fail(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EIO, "Input/output error")
        really_sync(descriptor)

    with durable, durable.writer("/a") as upload, monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OutcomeUnknownError) as caught:
            upload.commit()
        assert (caught.value.method, caught.value.path) == ("CommitUpload", "/a")
    assert files() == {"/a": b""}


def test_content_that_somebody_has_cut_is_not_published(
    driver: FilesystemDriver, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_preadv = os.preadv

    def cut_first(descriptor: int, buffers: list[memoryview], position: int) -> int:
        os.ftruncate(descriptor, 3)
        return really_preadv(descriptor, buffers, 3)

    monkeypatch.setattr(os, "preadv", cut_first)
    with driver.writer("/a") as upload:
        upload.write(b"content")
        with pytest.raises(ChecksumMismatchError, match="cut"):
            upload.commit(digest="md5:" + "0" * 32)


def test_what_is_written_while_a_commit_reads_is_not_published(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = driver.writer("/a")
    upload.write(b"content")
    other = driver.writer("/a", resume=upload.upload_id)
    really_preadv = os.preadv

    def write_first(descriptor: int, buffers: list[memoryview], position: int) -> int:
        other.write(b"more")
        return really_preadv(descriptor, buffers, position)

    with monkeypatch.context() as patch:
        patch.setattr(os, "preadv", write_first)
        with pytest.raises(ChecksumMismatchError, match="meanwhile"):
            upload.commit(digest="md5:9a0364b9e99bb480dd25e1f0284c8555")
    assert driver.list("/") == []
    other.commit(size=11)
    upload.close()
    assert driver.get_content("/a") == b"contentmore"


def test_a_path_that_leads_out_is_refused_at_once(driver: FilesystemDriver, files: Files) -> None:
    for path in ("/../a", "/", "a", "/a/../../b"):
        with pytest.raises(InvalidPathError):
            driver.writer(path)
    assert files() == {}


def test_a_writer_of_a_closed_driver_can_be_closed(
    durable: FilesystemDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, other = durable.writer("/a"), durable.writer("/b")
    durable.close()
    with pytest.raises(ValueError, match="closed"):
        upload.write(b"content")
    upload.close()
    upload.close()

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageDriverError, match="Input/output error"):
        other.close()


@pytest.mark.parametrize("expiry", ["7", -1, True, None, float("nan"), float("inf"), [1]])
def test_an_expiry_that_is_no_number_of_seconds_is_refused(directory: Path, expiry: object) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        FilesystemDriver.from_parameters(
            {"rootdirectory": str(directory / "new"), "uploadexpiry": expiry}
        )
    assert caught.value.parameter == "uploadexpiry"
    assert not (directory / "new").exists()


@pytest.mark.parametrize(("expiry", "left"), [({}, 0), ({"uploadexpiry": 0}, 1)])
def test_a_new_driver_drops_what_has_expired(
    directory: Path, expiry: dict[str, object], left: int
) -> None:
    parameters = {"rootdirectory": str(directory), "durability": "none", **expiry}
    with FilesystemDriver.from_parameters(parameters) as driver:
        driver.writer("/a").close()
    (content,) = (directory / DIRECTORY_NAME).glob("*.data~")
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(content, (eight_days_ago, eight_days_ago))
    with FilesystemDriver.from_parameters(parameters) as driver:
        assert len(list(driver.uploads())) == left
