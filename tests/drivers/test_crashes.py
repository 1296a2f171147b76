"""The filesystem driver stopped at every single call to the operating system.

Two ways to stop: the process is gone, as after a kill; or the call fails, as on a broken disk.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from storagedriver.contract import StorageDriverError
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.staging import DIRECTORY_NAME

CALLS: list[tuple[ModuleType, str]] = [
    *((os, name) for name in ("open", "close", "stat", "fstat", "scandir", "dup")),
    *((os, name) for name in ("pwrite", "ftruncate", "fsync", "fchmod", "utime")),
    *((os, name) for name in ("rename", "unlink", "mkdir", "rmdir")),
    (fcntl, "flock"),
]
"""Every call that a change is made of. The first test below says whether one is missing."""

OLD, NEW = b"old content", b"the new content"

Change = Callable[[FilesystemDriver], object]
CHANGES: dict[str, tuple[Change, list[dict[str, bytes]]]] = {
    # What is done to a driver with /dir/a and /tree/x/1, /tree/2; and what may be there afterwards.
    "put over": (
        lambda driver: driver.put_content("/dir/a", NEW),
        [{"/dir/a": OLD}, {"/dir/a": NEW}],
    ),
    "put new": (
        lambda driver: driver.put_content("/new/deep/b", NEW),
        [{"/dir/a": OLD}, {"/dir/a": OLD, "/new/deep/b": NEW}],
    ),
    "write in place": (
        lambda driver: driver.write_stream("/dir/a", 3, io.BytesIO(b"XYZ")),
        [{"/dir/a": OLD}, {"/dir/a": b"old"}, {"/dir/a": b"oldXYZ"}],
    ),
    "write new": (
        lambda driver: driver.write_stream("/new/deep/b", 0, io.BytesIO(NEW)),
        [{"/dir/a": OLD, **new} for new in ({}, {"/new/deep/b": b""}, {"/new/deep/b": NEW})],
    ),
    "move": (
        lambda driver: driver.move("/dir/a", "/new/deep/b"),
        [{"/dir/a": OLD}, {"/new/deep/b": OLD}],
    ),
    "delete": (
        lambda driver: driver.delete("/dir/a"),
        [{"/dir/a": OLD}, {}],
    ),
}


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> tuple[Change, list[dict[str, bytes]]]:
    return CHANGES[request.param]


def roots(tmp_path: Path) -> Iterator[Path]:
    """One directory after the other with /dir/a in it."""
    for number in range(1000):
        root = tmp_path / str(number)
        (root / "dir").mkdir(parents=True)
        (root / "dir/a").write_bytes(OLD)
        # Another mode than new files have, so that it has to be taken over.
        (root / "dir/a").chmod(0o600)
        yield root
    pytest.fail("the change never comes to an end")


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
            return really(*args, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module, name in CALLS:
            patch.setattr(module, name, instead(getattr(module, name), name))
        yield made


def is_written(descriptor: object) -> bool:
    flags = fcntl.fcntl(cast("int", descriptor), fcntl.F_GETFL)
    return bool(flags & os.O_WRONLY)


def contents(driver: FilesystemDriver) -> dict[str, bytes]:
    """All objects, by what the driver itself shows."""
    return {info.path: driver.get_content(info.path) for info in driver.walk("/")}


def check_recovery(root: Path, allowed: list[dict[str, bytes]]) -> None:
    """Look at what a stopped driver has left, as the next one does."""
    staging = root / DIRECTORY_NAME
    for left in staging.glob("*"):
        os.utime(left, (0, 0))
    with FilesystemDriver(str(root), durability=Durability.NONE) as driver:
        assert contents(driver) in allowed
        assert list(staging.glob("*")) == []
        # Empty directories may be left, and are in nobody's way.
        for path in ("/new", "/dir"):
            if path not in driver.list("/"):
                driver.put_content(path, NEW)
                assert driver.get_content(path) == NEW


def test_a_process_that_is_killed_at_any_call_leaves_old_or_new(
    change: tuple[Change, list[dict[str, bytes]]], tmp_path: Path
) -> None:
    do, allowed = change
    step = 0
    for step, root in enumerate(roots(tmp_path)):
        child = os.fork()
        if child == 0:
            run_and_be_killed(do, root, step)
        _, status = os.waitpid(child, 0)
        check_recovery(root, allowed)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert step >= 4


def run_and_be_killed(do: Change, root: Path, step: int) -> None:
    """Never returns: the process is a copy of the one that runs the tests."""
    status = 1
    try:
        driver = FilesystemDriver(str(root))
        with stopping(step, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            do(driver)
        status = 0
    finally:
        os._exit(status)


def test_a_disk_that_fails_at_any_call_leaves_old_or_new(
    change: tuple[Change, list[dict[str, bytes]]],
    tmp_path: Path,
    open_descriptors: Callable[[], int],
) -> None:
    do, allowed = change

    def fail() -> None:
        raise OSError(errno.EIO, "Input/output error")

    before = open_descriptors()
    step = 0
    for step, root in enumerate(roots(tmp_path)):
        with FilesystemDriver(str(root)) as driver:
            with stopping(step, fail) as made, suppress(StorageDriverError):
                do(driver)
            # Without a crash there is also nothing left to sweep, unless just that has failed.
            if made[step : step + 1] != ["unlink"]:
                assert list((root / DIRECTORY_NAME).glob("*")) == []
        check_recovery(root, allowed)
        assert open_descriptors() == before
        if len(made) <= step:
            break
    assert step >= 4


def test_a_change_is_made_of_these_calls_only(
    change: tuple[Change, list[dict[str, bytes]]], tmp_path: Path
) -> None:
    """Whatever else of `os` is called would be a place where nothing was stopped."""
    harmless = {"urandom", "strerror", "fspath", "fsencode", "fsdecode", "path", "getpid", "kill"}
    called: set[str] = set()
    builtin = type(os.open)

    def noting(name: str, really: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            called.add(name)
            return really(*args, **options)

        return call

    do, _ = change
    with (
        FilesystemDriver(str(next(roots(tmp_path)))) as driver,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in dir(os):
            really = getattr(os, name)
            if type(really) is builtin:
                patch.setattr(os, name, noting(name, really))
        do(driver)
    assert called - harmless <= {name for _, name in CALLS}
    assert "open" in called


def test_content_is_synced_before_it_appears_and_entries_after(directory: Path) -> None:
    """The order that a power cut at any moment asks for."""
    synced: list[str] = []
    with FilesystemDriver(str(directory)) as driver, pytest.MonkeyPatch.context() as patch:
        really_rename, really_fsync = os.rename, os.fsync

        def rename(source: str, destination: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
            synced.append("rename")
            really_rename(source, destination, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        def fsync(descriptor: int) -> None:
            really_fsync(descriptor)
            place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            staged = place.parent.name == DIRECTORY_NAME
            synced.append("content" if staged else str(place.relative_to(directory)))

        patch.setattr(os, "rename", rename)
        patch.setattr(os, "fsync", fsync)
        driver.put_content("/a/b/c", NEW)
        assert synced == ["content", "rename", ".", "a", "a/b"]
        synced.clear()
        driver.put_content("/a/b/c", OLD)
        assert synced == ["content", "rename", "a/b"]


@pytest.mark.parametrize(
    ("tier", "expected"), [(Durability.FULL, 2), (Durability.FILE, 1), (Durability.NONE, 0)]
)
def test_each_tier_syncs_no_more_than_it_says(
    directory: Path, monkeypatch: pytest.MonkeyPatch, tier: Durability, expected: int
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with FilesystemDriver(str(directory), durability=tier) as driver:
        driver.put_content("/a", NEW)
    assert len(synced) == expected
