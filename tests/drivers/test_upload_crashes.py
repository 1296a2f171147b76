"""An upload of the filesystem driver stopped at every single call to the operating system.

Two ways to stop: the process is gone, as after a kill; or the call fails, as on a broken disk.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from storagedriver.contract import PathNotFoundError, StorageDriverError, UploadWriter
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.upload_files import DIRECTORY_NAME

CALLS: list[tuple[ModuleType, str]] = [
    *((os, name) for name in ("open", "close", "stat", "fstat", "scandir", "dup", "read")),
    *((os, name) for name in ("pwrite", "preadv", "fsync", "fchmod", "utime")),
    *((os, name) for name in ("rename", "unlink", "mkdir", "rmdir")),
    (fcntl, "flock"),
]
"""Every call that an upload is made of. The last test says whether one is missing."""

PATH = "/new/deep/object"
PIECES = (b"the first piece, ", b"another, ", b"the last")
CONTENT = b"".join(PIECES)
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()

Acknowledge = Callable[[str], object]


def upload_and_commit(driver: FilesystemDriver, acknowledge: Acknowledge) -> None:
    with driver.writer(PATH) as upload:
        acknowledge(upload.upload_id)
        for piece in PIECES:
            upload.write(piece)
            acknowledge(str(upload.size))
        upload.commit(size=len(CONTENT), digest=DIGEST)
    acknowledge("end")


def upload_and_resume(driver: FilesystemDriver, acknowledge: Acknowledge) -> None:
    with driver.writer(PATH) as upload:
        acknowledge(upload.upload_id)
        upload.write(PIECES[0])
        acknowledge(str(upload.size))
    with driver.writer(PATH, resume=upload.upload_id) as resumed:
        resumed.write(PIECES[1])
        acknowledge(str(resumed.size))


def upload_and_cancel(driver: FilesystemDriver, acknowledge: Acknowledge) -> None:
    upload = driver.writer(PATH)
    try:
        acknowledge(upload.upload_id)
        upload.write(PIECES[0])
        acknowledge("cancelling")
        upload.cancel()
        acknowledge("end")
    finally:
        with suppress(StorageDriverError):
            upload.close()


Steps = Callable[[FilesystemDriver, Acknowledge], None]


@pytest.fixture(params=[upload_and_commit, upload_and_resume, upload_and_cancel])
def steps(request: pytest.FixtureRequest) -> Steps:
    return request.param  # type: ignore[no-any-return]  # pytest gives it no type


@pytest.fixture(params=["nothing there", "an object there"])
def roots(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """One directory after the other, with an object at the path or without."""

    def make() -> Iterator[Path]:
        for number in range(1000):
            root = tmp_path / str(number)
            (root / "dir").mkdir(parents=True)
            if request.param == "an object there":
                (root / PATH[1:]).parent.mkdir(parents=True)
                (root / PATH[1:]).write_bytes(b"old")
                # Another mode than new files have, so that it has to be taken over.
                (root / PATH[1:]).chmod(0o400)
            yield root
        pytest.fail("the upload never comes to an end")

    return make()


@contextmanager
def stopping(step: int, stop: Callable[[], object]) -> Generator[list[str]]:
    """Call `stop` in place of call number `step` (from 0). Gives the names of the calls so far."""
    made: list[str] = []

    def instead(really: Callable[..., object], name: str) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            # Closing fails for what was written only, and is done all the same.
            if name == "close" and not is_written(args[0]):
                return really(*args)
            made.append(name)
            if len(made) == step + 1:
                if name == "close":
                    really(*args)
                stop()
            # Nobody cuts the power here, and syncing takes most of the time.
            return None if name == "fsync" else really(*args, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module, name in CALLS:
            patch.setattr(module, name, instead(getattr(module, name), name))
        yield made


def is_written(descriptor: object) -> bool:
    flags = fcntl.fcntl(cast("int", descriptor), fcntl.F_GETFL)
    return bool(flags & (os.O_WRONLY | os.O_RDWR)) and not flags & os.O_PATH


def check_recovery(root: Path, acknowledged: list[str], *, may_be_lost: bool = False) -> None:
    """Look at what a stopped driver has left, as the next one does, and go on with it.

    Only where the disk has failed an upload that was acknowledged may be lost.
    """
    with FilesystemDriver(str(root), durability=Durability.NONE) as driver:
        published = content_of(driver)
        left = {info.upload_id: info.size for info in driver.uploads()}
        if acknowledged[-1:] == ["end"] or published == CONTENT:
            assert left == {}
            assert published in (CONTENT, b"old", None)
        elif "cancelling" not in acknowledged:
            assert published in (b"old", None)
            if acknowledged and not may_be_lost:
                sizes = [0, *map(int, acknowledged[1:])]
                assert set(left) == {acknowledged[0]}
                assert left[acknowledged[0]] >= sizes[-1]
        assert len(left) <= 1
        for upload_id in left:
            go_on(driver.writer(PATH, resume=upload_id))
            assert driver.get_content(PATH) == CONTENT
        assert list(driver.uploads()) == []
    check_nothing_stays(root)


def content_of(driver: FilesystemDriver) -> bytes | None:
    try:
        return driver.get_content(PATH)
    except PathNotFoundError:
        return None


def go_on(upload: UploadWriter) -> None:
    with upload:
        upload.write(CONTENT[upload.size :])
        upload.commit(size=len(CONTENT), digest=DIGEST)


def check_nothing_stays(root: Path) -> None:
    """Half of an upload, which is all that may be left, is swept some time later."""
    for file in (root / DIRECTORY_NAME).glob("*"):
        os.utime(file, (0, 0))
    FilesystemDriver(str(root), durability=Durability.NONE, upload_expiry_seconds=0).close()
    assert list((root / DIRECTORY_NAME).glob("*")) == []


def test_an_upload_of_a_process_that_is_killed_at_any_call_goes_on(
    steps: Steps, roots: Iterator[Path]
) -> None:
    step = 0
    for step, root in enumerate(roots):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            run_and_be_killed(steps, root, step, writing)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as told:
            acknowledged = told.read().split()
        check_recovery(root, acknowledged)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert step >= 20


def run_and_be_killed(steps: Steps, root: Path, step: int, writing: int) -> None:
    """Never returns: the process is a copy of the one that runs the tests."""
    status = 1
    try:
        driver = FilesystemDriver(str(root))
        with stopping(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            steps(driver, lambda what: os.write(writing, what.encode() + b"\n"))
        status = 0
    finally:
        os._exit(status)


def test_an_upload_goes_on_after_a_disk_has_failed_at_any_call(
    steps: Steps, roots: Iterator[Path], open_descriptors: Callable[[], int]
) -> None:
    def fail() -> None:
        raise OSError(errno.EIO, "Input/output error")

    before = open_descriptors()
    step = 0
    for step, root in enumerate(roots):
        acknowledged: list[str] = []
        with (
            FilesystemDriver(str(root)) as driver,
            stopping(step, fail) as made,
            suppress(StorageDriverError),
        ):
            steps(driver, acknowledged.append)
        # What cannot be synced is not to be trusted, and is dropped.
        may_be_lost = made[step : step + 1] in (["fsync"], ["close"], ["dup"])
        check_recovery(root, acknowledged, may_be_lost=may_be_lost)
        assert open_descriptors() == before
        if len(made) <= step:
            break
    assert step >= 20


def test_an_upload_is_made_of_these_calls_only(steps: Steps, roots: Iterator[Path]) -> None:
    """Whatever else of `os` is called would be a place where nothing was stopped."""
    harmless = {"urandom", "strerror", "fspath", "fsencode", "fsdecode", "path", "getpid", "kill"}
    called: set[str] = set()
    builtin = type(os.open)

    def noting(name: str, really: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            called.add(name)
            return really(*args, **options)

        return call

    with FilesystemDriver(str(next(roots))) as driver, pytest.MonkeyPatch.context() as patch:
        for name in dir(os):
            really = getattr(os, name)
            if type(really) is builtin:
                patch.setattr(os, name, noting(name, really))
        steps(driver, lambda what: None)
    assert called - harmless <= {name for _, name in CALLS}
    assert "pwrite" in called
