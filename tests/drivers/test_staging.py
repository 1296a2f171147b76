"""Staging files: out of sight, locked while their writer lives, swept when it does not."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storagedriver.contract import RELAXED_PATHS, InvalidPathError
from storagedriver.drivers.confined import Root
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.staging import DIRECTORY_NAME, STALE_SECONDS, StagedFile, Staging

Files = Callable[[], dict[str, bytes]]


@pytest.fixture
def staging(root: Root) -> Iterator[Staging]:
    staging = Staging(root)
    yield staging
    staging.close()


@pytest.fixture
def stale(directory: Path) -> Path:
    """What a crash left two hours ago."""
    (directory / DIRECTORY_NAME).mkdir()
    stale = directory / DIRECTORY_NAME / ("0" * 32 + "~")
    stale.write_bytes(b"left by a crash")
    make_old(stale)
    return stale


def make_old(path: Path) -> None:
    then = time.time() - 2 * STALE_SECONDS
    os.utime(path, (then, then))


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def only_file(files: Files) -> str:
    (path,) = files()
    return path


def test_a_file_appears_whole_by_its_rename(staging: Staging, root: Root, files: Files) -> None:
    with staging.create() as staged:
        staged.write(b"con")
        staged.write(memoryview(b"tent"))
        staged.finish(Durability.NONE)
        assert "/a" not in files()
        staged.rename(root.descriptor, "a")
    assert files() == {"/a": b"content"}


def test_a_file_that_is_not_renamed_goes(staging: Staging, files: Files) -> None:
    with staging.create() as staged:
        staged.write(b"content")
        assert len(files()) == 1
    assert files() == {}


def test_no_path_leads_to_a_staging_file(staging: Staging, files: Files) -> None:
    with staging.create():
        path = only_file(files)
    for name in (path, "/" + os.path.basename(path), "/" + DIRECTORY_NAME):
        with pytest.raises(InvalidPathError):
            RELAXED_PATHS.check(name)


def test_a_file_is_locked_until_it_was_renamed(
    staging: Staging, root: Root, directory: Path, files: Files
) -> None:
    with staging.create() as staged:
        path = directory / only_file(files)[1:]
        assert is_locked(path)
        staged.finish(Durability.NONE)
        assert is_locked(path)
        staged.rename(root.descriptor, "a")
    assert not is_locked(directory / "a")


def test_a_file_on_a_system_without_locks_is_written_all_the_same(
    staging: Staging, root: Root, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_file: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with staging.create() as staged:
        staged.finish(Durability.NONE)
        staged.rename(root.descriptor, "a")
    assert files() == {"/a": b""}


def test_a_short_write_is_continued(
    staging: Staging, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_pwrite = os.pwrite

    def pwrite(descriptor: int, content: bytes, position: int) -> int:
        return really_pwrite(descriptor, content[:3], position)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with staging.create() as staged:
        staged.write(b"content")
        staged.write(bytearray(b" and more"))
        assert list(files().values()) == [b"content and more"]


def test_an_error_of_closing_is_an_error(
    staging: Staging, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_close = os.close

    def close(descriptor: int) -> None:
        really_close(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    with staging.create() as staged, monkeypatch.context() as patch:
        patch.setattr(os, "close", close)
        with pytest.raises(OSError, match="Input/output error"):
            staged.finish(Durability.NONE)
    assert files() == {}


def replace(
    staged: StagedFile, replaced: Path, tier: Durability = Durability.NONE
) -> os.stat_result:
    staged.finish(tier)
    staged.take_over(replaced.stat(), tier)
    directory = os.open(replaced.parent, os.O_RDONLY)
    staged.rename(directory, replaced.name)
    os.close(directory)
    return replaced.stat()


def test_permissions_of_what_is_replaced_stay(staging: Staging, directory: Path) -> None:
    (directory / "a").write_bytes(b"")
    (directory / "a").chmod(0o640)
    with staging.create() as staged:
        assert replace(staged, directory / "a").st_mode & 0o777 == 0o640


def test_time_does_not_go_back(staging: Staging, directory: Path) -> None:
    (directory / "a").write_bytes(b"")
    future_ns = time.time_ns() + 3600 * 10**9
    os.utime(directory / "a", ns=(0, future_ns))
    with staging.create() as staged:
        assert replace(staged, directory / "a").st_mtime_ns == future_ns
    os.utime(directory / "a", ns=(0, 1))
    with staging.create() as staged:
        assert replace(staged, directory / "a").st_mtime_ns > 1


def test_what_is_taken_over_is_synced(
    staging: Staging, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "a").write_bytes(b"")
    (directory / "a").chmod(0o600)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with staging.create() as staged:
        replace(staged, directory / "a", Durability.FILE)
    assert len(synced) == 2
    with staging.create() as staged:
        replace(staged, directory / "a", Durability.FILE)
    assert len(synced) == 4


def test_nothing_more_is_synced_where_nothing_is_taken_over(
    staging: Staging, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "a").write_bytes(b"")
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with staging.create() as staged:
        replace(staged, directory / "a", Durability.FILE)
    assert len(synced) == 1


def test_a_staging_directory_that_was_removed_is_made_again(
    staging: Staging, directory: Path
) -> None:
    with staging.create():
        pass
    (directory / DIRECTORY_NAME).rmdir()
    with staging.create():
        pass
    assert (directory / DIRECTORY_NAME).is_dir()


def test_a_stale_file_is_swept(staging: Staging, stale: Path) -> None:
    staging.sweep()
    assert not stale.exists()


def test_a_locked_file_is_not_swept(staging: Staging, stale: Path) -> None:
    with stale.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        staging.sweep()
    assert stale.exists()


def test_a_young_file_is_not_swept(staging: Staging, stale: Path) -> None:
    os.utime(stale)
    staging.sweep()
    assert stale.exists()


def test_a_live_file_is_not_swept_however_old(
    staging: Staging, root: Root, directory: Path, files: Files
) -> None:
    with staging.create() as staged:
        staged.finish(Durability.NONE)
        make_old(directory / only_file(files)[1:])
        other = Staging(root)
        other.sweep()
        other.close()
        staged.rename(root.descriptor, "a")
    assert files() == {"/a": b""}


def test_what_others_put_there_is_not_swept(staging: Staging, stale: Path) -> None:
    for name in ("note", "link~"):
        (stale.parent / name).write_bytes(b"")
        make_old(stale.parent / name)
    staging.sweep()
    assert sorted(path.name for path in stale.parent.iterdir()) == ["link~", "note"]


def test_one_that_cannot_be_swept_leaves_the_others_to_go(
    staging: Staging, stale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [stale.with_name(digit * 32 + "~") for digit in "123"]
    for other in others:
        other.write_bytes(b"")
        make_old(other)
    really_unlink = os.unlink

    def unlink(path: str, *, dir_fd: int | None = None) -> None:
        if path == others[0].name:
            raise PermissionError(errno.EACCES, "Permission denied")
        really_unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    staging.sweep()
    assert list(stale.parent.iterdir()) == [others[0]]


def test_a_sweep_makes_no_directory(staging: Staging, directory: Path) -> None:
    staging.sweep()
    assert list(directory.iterdir()) == []


def test_staging_beside_sweeps_there_once(
    staging: Staging, directory: Path, open_descriptors: Callable[[], int]
) -> None:
    stale = directory / ("0" * 32 + "~")
    for expected in (False, True):
        stale.write_bytes(b"")
        make_old(stale)
        (directory / "object").write_bytes(b"")
        make_old(directory / "object")
        descriptor = os.open(directory, os.O_RDONLY)
        with staging.create_beside(descriptor) as staged:
            staged.rename(descriptor, "a")
        os.close(descriptor)
        assert stale.exists() == expected
    assert (directory / "object").exists()
