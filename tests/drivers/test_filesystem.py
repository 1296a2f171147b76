"""The filesystem driver, in what is its own; the conformance suite holds what all drivers share."""

from __future__ import annotations

import errno
import io
import os
import resource
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storagedriver.contract import (
    ContentChangedError,
    InvalidOffsetError,
    InvalidParametersError,
    InvalidPathError,
    IsADirectoryError,
    NoSpaceError,
    NotADirectoryError,
    OutcomeUnknownError,
    PartialFailureError,
    PathNotFoundError,
    PermissionDeniedError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.staging import DIRECTORY_NAME

Files = Callable[[], dict[str, bytes]]


# Parameters.


def test_it_is_made_from_parameters(tmp_path: Path) -> None:
    parameters = {"rootdirectory": str(tmp_path / "new/root"), "durability": "none"}
    with FilesystemDriver.from_parameters(parameters) as driver:
        driver.put_content("/a", b"content")
    assert (tmp_path / "new/root/a").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, "rootdirectory"),
        ({"rootdirectory": 5}, "rootdirectory"),
        ({"rootdirectory": None}, "rootdirectory"),
        ({"rootdirectory": "relative/path"}, "rootdirectory"),
        ({"rootdirectory": "/nul\0"}, "rootdirectory"),
        ({"rootdirectory": "/never/made", "durability": "much"}, "durability"),
        ({"rootdirectory": "/never/made", "durability": True}, "durability"),
        ({"rootdirectory": "/never/made", "durability": ["full"]}, "durability"),
        ({"rootdirectory": "/never/made", "maxthreads": 1}, "maxthreads"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_is_made(
    parameters: dict[str, object], wrong: str
) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        FilesystemDriver.from_parameters(parameters)
    assert (caught.value.name, caught.value.parameter) == ("filesystem", wrong)
    assert not Path("/never").exists()


def test_making_a_driver_sweeps_what_a_crash_left(directory: Path) -> None:
    stale = directory / DIRECTORY_NAME / ("0" * 32 + "~")
    stale.parent.mkdir()
    stale.write_bytes(b"")
    os.utime(stale, (0, 0))
    FilesystemDriver(str(directory)).close()
    assert not stale.exists()


# What others put below the root.


def test_a_file_of_another_program_is_an_object(driver: FilesystemDriver, directory: Path) -> None:
    (directory / "dir").mkdir()
    (directory / "dir/file").write_bytes(b"content")
    assert driver.get_content("/dir/file") == b"content"
    assert driver.list("/") == ["/dir"]
    driver.delete("/dir")
    assert list(directory.iterdir()) == []


def test_what_shows_nowhere_can_be_reached_nowhere(
    driver: FilesystemDriver, directory: Path
) -> None:
    (directory / "empty/deeper").mkdir(parents=True)
    assert driver.list("/") == []
    assert list(driver.walk("/")) == []
    assert driver.resume_write_position("/empty") == 0
    calls: list[Callable[[str], object]] = [
        driver.stat,
        driver.list,
        driver.walk,
        driver.delete,
        driver.get_content,
        driver.read_stream,
        lambda path: driver.move(path, "/x"),
    ]
    for call in calls:
        for path in ("/empty", "/empty/deeper"):
            with pytest.raises(PathNotFoundError) as caught:
                call(path)
            assert (type(caught.value), caught.value.path) == (PathNotFoundError, path)


def test_an_empty_directory_makes_room(
    driver: FilesystemDriver, directory: Path, files: Files
) -> None:
    (directory / "a/b/c").mkdir(parents=True)
    (directory / "d").mkdir()
    driver.put_content("/a/b", b"content")
    driver.write_stream("/d", 0, io.BytesIO(b"content"))
    assert files() == {"/a/b": b"content", "/d": b"content"}


def test_a_link_leads_nowhere(
    driver: FilesystemDriver, directory: Path, tmp_path: Path, files: Files
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (directory / "link").symlink_to(outside)
    (directory / "file").symlink_to(outside / "secret")
    (directory / "new").symlink_to(outside / "new")
    calls: list[Callable[[str], object]] = [
        driver.stat,
        driver.list,
        driver.walk,
        driver.delete,
        driver.get_content,
        driver.read_stream,
        driver.resume_write_position,
        lambda path: driver.put_content(path, b"overwritten"),
        lambda path: driver.write_stream(path, 0, io.BytesIO(b"overwritten")),
        lambda path: driver.move(path, "/x"),
    ]
    for call in calls:
        for path in ("/link", "/link/secret", "/link/new/deep", "/file", "/new"):
            with pytest.raises(PermissionDeniedError) as caught:
                call(path)
            assert caught.value.path == path
    assert driver.list("/") == []
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"
    for name in ("link", "file", "new"):
        assert (directory / name).is_symlink()


def test_deleting_a_directory_removes_links_in_it_but_not_what_they_lead_to(
    driver: FilesystemDriver, directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").write_bytes(b"")
    driver.put_content("/dir/a", b"")
    (directory / "dir/link").symlink_to(tmp_path / "outside")
    driver.delete("/dir")
    assert not (directory / "dir").exists()
    assert (tmp_path / "outside/kept").exists()


@pytest.mark.parametrize("path", ["/../outside", "/a/../../outside", "/.staging~", "/.staging~/x"])
def test_a_path_that_nobody_checked_leads_nowhere(driver: FilesystemDriver, path: str) -> None:
    calls: list[Callable[[str], object]] = [
        driver.stat,
        driver.list,
        driver.delete,
        driver.get_content,
        lambda path: driver.put_content(path, b""),
        lambda path: driver.write_stream(path, 0, io.BytesIO()),
        lambda path: driver.move(path, "/x"),
        lambda path: driver.move("/x", path),
    ]
    for call in calls:
        with pytest.raises(InvalidPathError):
            call(path)


# Contents.


def test_content_may_be_any_buffer(driver: FilesystemDriver) -> None:
    driver.put_content("/a", memoryview(bytes(range(8))).cast("I"))
    assert driver.get_content("/a") == bytes(range(8))
    driver.put_content("/a", bytearray())
    assert driver.get_content("/a") == b""


def test_an_open_stream_keeps_the_object_that_it_opened(driver: FilesystemDriver) -> None:
    driver.put_content("/a", b"old content")
    driver.put_content("/b", b"other")
    with driver.read_stream("/a", 4) as stream, driver.read_stream("/b") as moved_over:
        version = stream.version
        driver.put_content("/a", b"new")
        driver.move("/a", "/b")
        driver.delete("/b")
        assert (stream.size, stream.read()) == (11, b"content")
        assert moved_over.read() == b"other"
    driver.put_content("/a", b"old content")
    with driver.read_stream("/a") as stream:
        assert stream.version != version


def test_a_stream_of_an_object_that_is_cut_does_not_end_early(driver: FilesystemDriver) -> None:
    driver.put_content("/a", b"0123456789")
    with driver.read_stream("/a") as stream:
        assert stream.read(2) == b"01"
        driver.write_stream("/a", 1, io.BytesIO(b""))
        with pytest.raises(ContentChangedError):
            stream.read()


class FailingReader:
    """Gives its pieces, and then raises."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def read(self, _size: int, /) -> bytes:
        if not self._pieces:
            raise OSError(errno.ENOSPC, "an error of the reader, not of the disk")
        return self._pieces.pop(0)


def test_a_reader_that_fails_at_once_changes_and_makes_nothing(
    driver: FilesystemDriver, files: Files, directory: Path
) -> None:
    driver.put_content("/a", b"abcdef")
    for path, offset in (("/a", 3), ("/new/deep", 0)):
        with pytest.raises(OSError, match="of the reader"):
            driver.write_stream(path, offset, FailingReader())
    assert files() == {"/a": b"abcdef"}
    assert not (directory / "new").exists()


def test_a_reader_that_fails_later_leaves_what_it_gave(
    driver: FilesystemDriver, files: Files
) -> None:
    driver.put_content("/a", b"abcdef")
    for path, offset in (("/a", 3), ("/new/deep", 0)):
        with pytest.raises(OSError, match="of the reader"):
            driver.write_stream(path, offset, FailingReader(b"12", b"3"))
    assert files() == {"/a": b"abc123", "/new/deep": b"123"}


def test_an_object_that_shrank_while_the_reader_was_read_is_not_padded(
    driver: FilesystemDriver, files: Files
) -> None:
    class Shrinks(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            driver.put_content("/a", b"x")
            return super().read(size)

    driver.put_content("/a", b"abcdef")
    with pytest.raises(InvalidOffsetError):
        driver.write_stream("/a", 6, Shrinks(b"data"))
    assert files() == {"/a": b"x"}


def test_a_reader_that_gives_text_is_a_type_error(driver: FilesystemDriver, files: Files) -> None:
    with pytest.raises(TypeError, match="a reader gives bytes"):
        driver.write_stream("/a", 0, io.StringIO("text"))  # type: ignore[arg-type]  # on purpose
    assert files() == {}


def test_a_large_write_takes_constant_memory(driver: FilesystemDriver) -> None:
    class Zeros:
        left = 200 << 20

        def read(self, size: int, /) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return bytes(size)

    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    driver.write_stream("/a", 0, Zeros())
    with driver.read_stream("/a") as stream:
        assert sum(map(len, stream)) == 200 << 20
    after_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after_kib - before_kib < 20 << 10


# Errors of the disk.


def fail(monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> None:
    def failing(*_args: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, failing)


@pytest.mark.parametrize("call", ["pwrite", "fsync", "rename", "mkdir", "dup"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_content_and_nothing_else(
    directory: Path, files: Files, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    with FilesystemDriver(str(directory), durability=Durability.FILE) as driver:
        driver.put_content("/dir/a", b"old")
        before = files()
        with monkeypatch.context() as patch:
            fail(patch, call, number)
            path = "/new/dir/a" if call == "mkdir" else "/dir/a"
            with pytest.raises(NoSpaceError) as caught:
                driver.put_content(path, b"new")
        assert caught.value.path == path
        assert not caught.value.temporary
        assert files() == before
        assert not (directory / "new").exists()
        driver.put_content("/dir/a", b"new")
        assert driver.get_content("/dir/a") == b"new"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_read_only_root_is_permission_denied(
    driver: FilesystemDriver, files: Files, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    driver.put_content("/a", b"old")
    for call in ("open", "mkdir", "rename", "unlink"):
        with monkeypatch.context() as patch:
            fail(patch, call, number)
            operations: dict[str, Callable[[], object]] = {
                "open": lambda: driver.get_content("/a"),
                "mkdir": lambda: driver.put_content("/dir/b", b""),
                "rename": lambda: driver.move("/a", "/b"),
                "unlink": lambda: driver.delete("/a"),
            }
            with pytest.raises(PermissionDeniedError):
                operations[call]()
    assert files()["/a"] == b"old"


def test_a_name_that_is_too_long_for_the_file_system_is_an_invalid_path(
    driver: FilesystemDriver,
) -> None:
    path = "/dir/" + "a" * 256
    calls: list[Callable[[], object]] = [
        lambda: driver.put_content(path, b""),
        lambda: driver.get_content(path),
        lambda: driver.stat(path),
        lambda: driver.write_stream(path, 0, io.BytesIO()),
    ]
    driver.put_content("/dir/x", b"")
    for call in calls:
        with pytest.raises(InvalidPathError) as caught:
            call()
        assert caught.value.path == path


def test_a_sync_that_fails_is_not_tried_again(
    directory: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []

    def fsync(descriptor: int) -> None:
        syncs.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    with FilesystemDriver(str(directory)) as driver:
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(StorageDriverError, match="EIO"):
            driver.put_content("/a", b"new")
    assert len(syncs) == 1
    assert files() == {}


def test_an_entry_that_cannot_be_synced_is_an_unknown_outcome(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EIO, "Input/output error")
        really_fsync(descriptor)

    with FilesystemDriver(str(directory)) as driver:
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(OutcomeUnknownError) as caught:
            driver.put_content("/a", b"new")
        assert (caught.value.method, caught.value.path) == ("PutContent", "/a")
        assert driver.get_content("/a") == b"new"


def test_a_deletion_that_fails_in_part_tells_what_is_left(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/dir/a", "/dir/b/c", "/dir/d"):
        driver.put_content(path, b"")
    really_unlink = os.unlink

    def unlink(name: str, *, dir_fd: int | None = None) -> None:
        if name == "c":
            raise PermissionError(errno.EACCES, "Permission denied")
        really_unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(PartialFailureError) as caught:
        driver.delete("/dir")
    assert caught.value.failed == (("/dir/b/c", "PermissionDenied"),)
    assert [info.path for info in driver.walk("/")] == ["/dir/b/c"]


# Time.


def test_time_never_goes_back_on_overwrite(driver: FilesystemDriver, directory: Path) -> None:
    driver.put_content("/a", b"1")
    # As if the clock had been an hour ahead until now.
    ahead = datetime.now(UTC).replace(microsecond=123456) + timedelta(hours=1)
    ahead_ns = int(ahead.timestamp()) * 10**9 + 123456 * 1000
    os.utime(directory / "a", ns=(ahead_ns, ahead_ns))
    driver.put_content("/a", b"2")
    assert driver.stat("/a").mod_time == ahead
    driver.write_stream("/a", 1, io.BytesIO(b"3"))
    assert driver.stat("/a").mod_time == ahead
    driver.put_content("/b", b"4")
    driver.move("/b", "/a")
    assert driver.stat("/a").mod_time == ahead


# Many at once.


def run_at_once(*works: Callable[[], None]) -> None:
    """Run all of `works`, each in a thread, and raise the first error of them."""
    errors: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_of_sixteen_puts_at_once_one_whole_content_wins(
    driver: FilesystemDriver, files: Files
) -> None:
    contents = [bytes([number]) * 100_000 for number in range(16)]
    seen: set[bytes] = set()

    def put(content: bytes) -> Callable[[], None]:
        def run() -> None:
            for _ in range(5):
                driver.put_content("/dir/a", content)
                seen.add(driver.get_content("/dir/a"))

        return run

    run_at_once(*map(put, contents))
    assert seen <= set(contents)
    assert list(files()) == ["/dir/a"]
    assert files()["/dir/a"] in contents


def test_directories_that_are_pruned_and_made_at_once_lose_nothing(
    driver: FilesystemDriver, directory: Path
) -> None:
    def put_and_delete(number: int) -> Callable[[], None]:
        def run() -> None:
            for turn in range(100):
                path = f"/dir/deep/{number}"
                if turn % 2:
                    driver.put_content(path, b"content")
                else:
                    driver.write_stream(path, 0, io.BytesIO(b"content"))
                assert driver.get_content(path) == b"content"
                driver.delete(path)

        return run

    run_at_once(*map(put_and_delete, range(4)))
    assert [path.name for path in directory.iterdir()] == [DIRECTORY_NAME]


def test_moves_between_directories_that_empty_each_other_lose_nothing(
    driver: FilesystemDriver, files: Files
) -> None:
    def move_to_and_fro(number: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(50):
                driver.move(f"/a/x/{number}", f"/b/y/{number}")
                driver.move(f"/b/y/{number}", f"/a/x/{number}")

        return run

    for number in range(4):
        driver.put_content(f"/a/x/{number}", b"")
    run_at_once(*map(move_to_and_fro, range(4)))
    assert files() == {f"/a/x/{number}": b"" for number in range(4)}


def test_deleting_a_directory_while_others_write_to_it_breaks_neither(
    driver: FilesystemDriver,
) -> None:
    def put(number: int) -> Callable[[], None]:
        def run() -> None:
            for turn in range(50):
                driver.put_content(f"/dir/{number}/{turn}", b"content")

        return run

    def delete() -> None:
        for _ in range(50):
            try:
                driver.delete("/dir")
            except PathNotFoundError:
                continue

    run_at_once(put(1), put(2), delete)
    assert all(driver.get_content(info.path) == b"content" for info in driver.walk("/"))


def test_several_processes_share_one_root(directory: Path, files: Files) -> None:
    contents = [bytes([number]) * 10_000 for number in range(3)]
    children = [in_a_child(share_a_root, directory, content) for content in contents]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 3
    assert list(files()) == ["/dir/shared"]
    assert files()["/dir/shared"] in contents


def in_a_child(work: Callable[[Path, bytes], None], directory: Path, content: bytes) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(directory, content)
            status = 0
        finally:
            os._exit(status)
    return child


def share_a_root(directory: Path, content: bytes) -> None:
    """Use one path together with others, and a directory that others empty all the time."""
    with FilesystemDriver(str(directory), durability=Durability.NONE) as driver:
        for _ in range(100):
            driver.put_content("/dir/shared", content)
            assert len(set(driver.get_content("/dir/shared"))) == 1
            own = f"/pruned/{content[0]}"
            driver.put_content(own, content)
            assert driver.get_content(own) == content
            driver.delete(own)


# The rest.


def test_a_closed_driver_takes_no_calls_and_its_streams_go_on(driver: FilesystemDriver) -> None:
    driver.put_content("/a", b"content")
    driver.put_content("/b", b"content")
    stream = driver.read_stream("/a")
    walk = driver.walk("/")
    driver.close()
    driver.close()
    with pytest.raises(ValueError, match="closed"):
        driver.get_content("/a")
    assert stream.read() == b"content"
    stream.close()
    assert [info.path for info in walk] == ["/a", "/b"]


def test_nothing_stays_open_after_errors(
    driver: FilesystemDriver, open_descriptors: Callable[[], int]
) -> None:
    driver.put_content("/dir/file", b"")
    before = open_descriptors()
    kept: list[StorageDriverError] = []
    calls: list[Callable[[], object]] = [
        lambda: driver.get_content("/dir"),
        lambda: driver.read_stream("/dir/file/below"),
        lambda: driver.list("/dir/file"),
        lambda: driver.walk("/dir/file"),
        lambda: driver.put_content("/dir", b""),
        lambda: driver.put_content("/dir/file/below", b""),
        lambda: driver.write_stream("/dir", 0, io.BytesIO()),
        lambda: driver.write_stream("/dir/file", 5, io.BytesIO(b"x")),
        lambda: driver.move("/dir", "/dir/file"),
        lambda: driver.delete("/dir/missing"),
    ]
    for call in calls:
        with pytest.raises(StorageDriverError) as caught:
            call()
        kept.append(caught.value)
    assert open_descriptors() == before


def test_errors_are_about_the_path_as_requested(driver: FilesystemDriver) -> None:
    driver.put_content("/dir/file", b"")
    for path, error in (
        ("/dir", IsADirectoryError),
        ("/dir/file/below/deep", NotADirectoryError),
        ("/dir/missing", PathNotFoundError),
    ):
        with pytest.raises(error) as caught:
            driver.get_content(path)
        assert (type(caught.value), caught.value.path) == (error, path)


def test_there_are_no_urls(driver: FilesystemDriver) -> None:
    with pytest.raises(UnsupportedMethodError) as caught:
        driver.url_for("/a")
    assert caught.value.method == "URLFor"
