"""A driver process that is killed at any step of an upload: a fresh one goes on with it."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from storagedriver.contract import DriverCrashedError, PathNotFoundError, UploadWriter
from storagedriver.drivers.factory import launch
from storagedriver.ipc import IPCStorageDriver

PATIENCE_SECONDS = 30.0
PATH = "/new/deep/object"

# Several messages each, one that fits the header, and nothing at all.
SIZES = (3_000_000, 1000, 0, 5_000_001)
PIECES = [random.Random(number).randbytes(size) for number, size in enumerate(SIZES)]
CONTENT = b"".join(PIECES)
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def start(tmp_path: Path) -> Callable[[], IPCStorageDriver]:
    root = str(tmp_path / "root")
    # Each process is to be seen as its host sees it: nothing is started again behind the scenes.
    return lambda: launch("filesystem", {"rootdirectory": root}, restart=None)


def kill(driver: IPCStorageDriver) -> None:
    os.kill(driver.pid, signal.SIGKILL)


def go_on(driver: IPCStorageDriver, upload_id: str, stored: int) -> None:
    """Continue what a killed process has left, which is `stored` bytes, and publish it."""
    assert driver.list("/") == []
    assert [(info.upload_id, info.path, info.size) for info in driver.uploads()] == [
        (upload_id, PATH, stored)
    ]
    with driver.writer(PATH, resume=upload_id) as upload:
        assert upload.size == stored
        upload.write(CONTENT[stored:])
        upload.commit(size=len(CONTENT), digest=DIGEST)
    assert driver.get_content(PATH) == CONTENT
    assert list(driver.uploads()) == []


@pytest.mark.parametrize("written", range(len(PIECES) + 1))
def test_between_two_calls(start: Callable[[], IPCStorageDriver], written: int) -> None:
    with start() as driver:
        upload = driver.writer(PATH)
        for piece in PIECES[:written]:
            upload.write(piece)
        stored = upload.size
        kill(driver)
        with pytest.raises(DriverCrashedError):
            upload.write(b"more")
        upload.close()
    with start() as fresh:
        go_on(fresh, upload.upload_id, stored)


def test_in_the_middle_of_a_write(start: Callable[[], IPCStorageDriver]) -> None:
    with start() as driver:
        upload = driver.writer(PATH)
        upload.write(PIECES[0])
        writing = threading.Thread(target=write_for_ever, args=(upload,))
        writing.start()
        wait_until(lambda: size_of(driver) > len(PIECES[0]))
        kill(driver)
        writing.join(PATIENCE_SECONDS)
        assert not writing.is_alive()
    with start() as fresh:
        (left,) = fresh.uploads()
        with fresh.writer(PATH, resume=left.upload_id) as resumed:
            assert resumed.size > len(PIECES[0])
            resumed.commit()
        content = fresh.get_content(PATH)
        assert content == PIECES[0] + bytes(len(content) - len(PIECES[0]))


def write_for_ever(upload: UploadWriter) -> None:
    with suppress(DriverCrashedError):
        while True:
            upload.write(bytes(10_000_000))


def size_of(driver: IPCStorageDriver) -> int:
    return next(driver.uploads()).size


@pytest.mark.parametrize("read_bytes", [0, 1_000_000, 40_000_000])
def test_in_the_middle_of_a_commit(start: Callable[[], IPCStorageDriver], read_bytes: int) -> None:
    """Killed when so much of the content has been read to check its digest."""
    content = PIECES[0] * 20
    digest = "sha512:" + hashlib.sha512(content).hexdigest()
    with start() as driver:
        upload = driver.writer(PATH)
        upload.write(content)
        before = bytes_read(driver.pid)
        committing = threading.Thread(target=commit, args=(upload, digest))
        committing.start()
        wait_until(lambda: bytes_read(driver.pid) > before + read_bytes)
        kill(driver)
        committing.join(PATIENCE_SECONDS)
        assert not committing.is_alive()
    with start() as fresh:
        # The kill may have come just too late.
        left = [info.upload_id for info in fresh.uploads()]
        if left:
            with pytest.raises(PathNotFoundError):
                fresh.stat(PATH)
            fresh.writer(PATH, resume=left[0]).commit(size=len(content), digest=digest)
        assert fresh.get_content(PATH) == content
        assert list(fresh.uploads()) == []


def commit(upload: UploadWriter, digest: str) -> None:
    with suppress(DriverCrashedError):
        upload.commit(digest=digest)


def bytes_read(pid: int) -> int:
    """How much a process has asked the kernel for by now."""
    line = Path(f"/proc/{pid}/io").read_text().partition("\n")[0]
    return int(line.removeprefix("rchar: "))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_after_the_commit(start: Callable[[], IPCStorageDriver]) -> None:
    with start() as driver:
        upload = driver.writer(PATH)
        upload.write(CONTENT)
        upload.commit()
        kill(driver)
    with start() as fresh:
        assert fresh.get_content(PATH) == CONTENT
        assert list(fresh.uploads()) == []


def test_two_processes_at_one_upload(start: Callable[[], IPCStorageDriver]) -> None:
    with start() as one, start() as other:
        first = one.writer(PATH)
        first.write(PIECES[0])
        second = other.writer(PATH, resume=first.upload_id)
        second.write(CONTENT[len(PIECES[0]) :])
        second.commit(digest=DIGEST)
        with pytest.raises(PathNotFoundError) as caught:
            first.write(b"more")
        assert caught.value.path == PATH
        assert one.get_content(PATH) == CONTENT


def test_a_writer_that_is_closed_does_not_stop_another_one(
    start: Callable[[], IPCStorageDriver],
) -> None:
    with start() as driver:
        upload = driver.writer(PATH)
        upload.write(PIECES[0])
        with driver.writer(PATH, resume=upload.upload_id) as other:
            assert other.size == len(PIECES[0])
        upload.write(CONTENT[len(PIECES[0]) :])
        upload.commit(digest=DIGEST)
        assert driver.get_content(PATH) == CONTENT
