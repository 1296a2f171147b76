"""stat and resume_write_position: what is told about a path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import CaseFailedError, require, require_equal
from storagedriver.conformance.store import Store
from storagedriver.conformance.together import poll_until
from storagedriver.contract import (
    FileInfo,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
)
from storagedriver.contract.features import FLAT_NAMESPACE

# A local time that is called UTC is further off nearly everywhere; a backend's clock is not (S3
# refuses clients that are this far away).
_CLOCK_SKEW = timedelta(minutes=15)


def _facts(info: FileInfo) -> tuple[str, int, bool]:
    return info.path, info.size, info.is_dir


def _time_of(info: FileInfo) -> datetime:
    if info.mod_time is None:
        raise CaseFailedError(f"mod_time of {info.path} is missing")
    require_equal(info.mod_time.utcoffset(), timedelta(0), f"UTC offset of {info.path}'s mod_time")
    return info.mod_time


@case("2015 StatCall", "stat", "edge 21")
def stat_file_and_directory(store: Store) -> None:
    """stat of nothing, of a file of 4,096 bytes, of the file after an overwrite, of its parent."""
    directory = store.path(depth=1)
    path = f"{directory}/{store.component()}"
    store.expect(PathNotFoundError(directory), store.driver.stat, directory)
    store.expect(PathNotFoundError(path), store.driver.stat, path)
    store.driver.put_content(path, store.content(4096))
    info = store.driver.stat(path)
    require_equal(_facts(info), (path, 4096, False), "path, size, is_dir")
    store.driver.put_content(path, store.content(100))
    later = store.driver.stat(path)
    require_equal(_facts(later), (path, 100, False), "path, size, is_dir")
    require(_time_of(later) >= _time_of(info), "mod_time went backwards")
    parent = store.driver.stat(directory)
    require_equal(_facts(parent), (directory, 0, True), "path, size, is_dir")
    require_equal(parent.mod_time, None, "mod_time of a directory")


@case("edge 9", "dispute 4", "paths root")
def root_of_an_empty_store(store: Store) -> None:
    """The root of an empty store is a directory in which nothing is."""
    info = store.driver.stat("/")
    require_equal((*_facts(info), info.mod_time), ("/", 0, True, None), "stat(/)")
    store.check_listing("/", [])
    store.check_walk([])


@case("stat", "edge 9")
def root_of_a_filled_store(store: Store) -> None:
    """The root is a directory of size 0 with something in the store too, and after it has gone."""
    store.driver.put_content("/a/b", b"something")
    require_equal(_facts(store.driver.stat("/")), ("/", 0, True), "stat(/)")
    store.driver.delete("/a/b")
    require_equal(_facts(store.driver.stat("/")), ("/", 0, True), "stat(/)")


@case("edge 21", "2015 StatCall")
def mod_time_goes_forward(store: Store) -> None:
    """mod_time is aware, in UTC, near now, never earlier after an overwrite and at last later."""
    path = store.path()
    store.unrecorded.put_content(path, b"first")
    times = [_time_of(store.unrecorded.stat(path))]
    away = abs(datetime.now(UTC) - times[0])
    require(away < _CLOCK_SKEW, f"the mod_time of a new object is {away} from now")

    def later() -> bool:
        store.unrecorded.put_content(path, b"again")
        times.append(_time_of(store.unrecorded.stat(path)))
        require(times[-1] >= times[-2], f"mod_time went backwards: {times[-2]}, {times[-1]}")
        return times[-1] > times[0]

    poll_until(later, "mod_time moved forward after overwrites")


@case("edge 21")
def mod_time_is_the_same_everywhere(store: Store) -> None:
    """stat and walk tell one mod_time, which stays as it is while nothing is written."""
    path = store.path()
    store.driver.put_content(path, b"content")
    told = [_time_of(store.driver.stat(path))]
    store.check_content(path, b"content")
    told.append(_time_of(store.driver.stat(path)))
    told += [_time_of(info) for info in store.driver.walk("/")]
    require_equal(told, [told[0]] * 3, "mod_time told three times")


@case("stat", "write_stream")
def stat_after_every_write(store: Store) -> None:
    """The size is that of the content after every way of writing."""
    path = store.path()
    for size_bytes in (1, 1000, 70_000, 0):
        store.driver.put_content(path, store.content(size_bytes))
        require_equal(store.driver.stat(path).size, size_bytes, "size after put_content")
        store.write(path, size_bytes, store.content(50))
        require_equal(store.driver.stat(path).size, size_bytes + 50, "size after write_stream")
    other = store.path()
    store.driver.move(path, other)
    require_equal(_facts(store.driver.stat(other)), (other, 50, False), "stat after move")


@case("error NotADirectory", unless=[FLAT_NAMESPACE])
def stat_below_a_file(store: Store) -> None:
    """Everything about a path below a file is NotADirectory of that path."""
    store.driver.put_content("/a/file", b"file")
    driver = store.driver
    calls: list[Callable[[str], object]] = [
        driver.stat,
        driver.list,
        driver.walk,
        driver.get_content,
        driver.read_stream,
        driver.delete,
        driver.resume_write_position,
    ]
    for path in ("/a/file/b", "/a/file/b/c"):
        for call in calls:
            store.expect(NotADirectoryError(path), call, path)
        store.expect(NotADirectoryError(path), driver.move, path, "/b")
    store.check_content("/a/file", b"file")
    store.check_listing("/", ["/a"])


@case("resume_write_position", "interface 2014")
def position_to_resume_at(store: Store) -> None:
    """resume_write_position is 0 where nothing is, else the size; a directory has none."""
    path = "/dir/file"
    require_equal(store.driver.resume_write_position(path), 0, "position in nothing")
    for expected in (0, 10, 100_010):
        data = store.content(expected - store.driver.resume_write_position(path))
        store.write(path, store.driver.resume_write_position(path), data)
        require_equal(store.driver.resume_write_position(path), expected, "position")
    if FLAT_NAMESPACE not in store.driver.features:
        store.expect(IsADirectoryError("/dir"), store.driver.resume_write_position, "/dir")
