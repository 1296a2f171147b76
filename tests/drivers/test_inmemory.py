"""The inmemory driver, in what is its own; the conformance suite holds what all drivers share."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from storagedriver.contract import (
    InvalidOffsetError,
    InvalidParametersError,
    InvalidPathError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.drivers import inmemory
from storagedriver.drivers.inmemory import InMemoryDriver


@pytest.fixture
def driver() -> InMemoryDriver:
    return InMemoryDriver()


class FailingReader:
    """Gives one piece, and then raises."""

    def __init__(self) -> None:
        self._left = [b"piece"]

    def read(self, _size: int, /) -> bytes:
        if not self._left:
            raise RuntimeError("the reader failed")
        return self._left.pop()


def test_it_takes_no_parameters() -> None:
    assert InMemoryDriver.from_parameters({}).list("/") == []
    with pytest.raises(InvalidParametersError) as caught:
        InMemoryDriver.from_parameters({"rootdirectory": "/x"})
    assert (caught.value.name, caught.value.parameter) == ("inmemory", "rootdirectory")


def test_content_is_a_copy_of_what_may_change(driver: InMemoryDriver) -> None:
    content = bytearray(b"before")
    driver.put_content("/a", content)
    content[:] = b"after!"
    assert driver.get_content("/a") == b"before"


def test_content_is_not_copied_where_nothing_can_change_it(driver: InMemoryDriver) -> None:
    content = b"content"
    driver.put_content("/a", content)
    assert driver.get_content("/a") is content


def test_content_that_is_no_bytes_is_a_type_error(driver: InMemoryDriver) -> None:
    with pytest.raises(TypeError):
        driver.put_content("/a", 5)  # type: ignore[arg-type]  # on purpose
    assert driver.list("/") == []


def test_an_open_stream_keeps_the_content_that_it_opened(driver: InMemoryDriver) -> None:
    driver.put_content("/a", b"old content")
    with driver.read_stream("/a", 4) as stream:
        driver.put_content("/a", b"new")
        driver.write_stream("/a", 1, io.BytesIO(b"more"))
        driver.delete("/a")
        assert stream.size == 11
        assert stream.read() == b"content"


def test_a_version_names_one_write_of_one_driver(driver: InMemoryDriver) -> None:
    def version(of: InMemoryDriver) -> bytes:
        with of.read_stream("/a") as stream:
            return stream.version

    other = InMemoryDriver()
    for each in (driver, other):
        each.put_content("/a", b"content")
    first = version(driver)
    assert version(driver) == first
    assert version(other) != first
    driver.put_content("/a", b"content")
    assert version(driver) != first


@pytest.mark.parametrize("offset", [0, 3, 6])
def test_a_write_ends_the_content(driver: InMemoryDriver, offset: int) -> None:
    driver.put_content("/a", b"abcdef")
    assert driver.write_stream("/a", offset, io.BytesIO(b"X")) == 1
    assert driver.get_content("/a") == b"abcdef"[:offset] + b"X"
    assert driver.stat("/a").size == offset + 1


def test_a_write_whose_reader_fails_changes_nothing(driver: InMemoryDriver) -> None:
    driver.put_content("/a", b"abcdef")
    for path in ("/a", "/new/b"):
        with pytest.raises(RuntimeError, match="the reader failed"):
            driver.write_stream(path, 0, FailingReader())
    assert driver.get_content("/a") == b"abcdef"
    assert driver.list("/") == ["/a"]


def test_a_write_beyond_the_end_is_refused_before_the_reader_is_asked(
    driver: InMemoryDriver,
) -> None:
    driver.put_content("/a", b"abc")
    for path, offset in (("/a", 4), ("/missing", 1)):
        reader = io.BytesIO(b"data")
        with pytest.raises(InvalidOffsetError):
            driver.write_stream(path, offset, reader)
        assert reader.tell() == 0


def test_an_object_that_shrank_while_the_reader_was_read_is_not_padded(
    driver: InMemoryDriver,
) -> None:
    class Shrinks(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            driver.put_content("/a", b"x")
            return super().read(size)

    driver.put_content("/a", b"abcdef")
    with pytest.raises(InvalidOffsetError):
        driver.write_stream("/a", 6, Shrinks(b"data"))
    assert driver.get_content("/a") == b"x"


def test_a_reader_may_use_the_driver_that_reads_it(driver: InMemoryDriver) -> None:
    driver.put_content("/a", b"content")
    with driver.read_stream("/a") as stream:
        driver.write_stream("/a", 7, stream)
    assert driver.get_content("/a") == b"contentcontent"


class SteppedClock(datetime):
    """A clock that goes back an hour after its first reading."""

    readings = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one does
        cls.readings += 1
        return datetime(2015, 1, 27, 12, tzinfo=tz) - timedelta(hours=cls.readings > 1)


def test_time_never_goes_back_on_overwrite(
    driver: InMemoryDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SteppedClock, "readings", 0)
    monkeypatch.setattr(inmemory, "datetime", SteppedClock)
    noon = datetime(2015, 1, 27, 12, tzinfo=UTC)
    driver.put_content("/a", b"1")
    driver.put_content("/a", b"2")
    assert driver.stat("/a").mod_time == noon
    driver.put_content("/b", b"3")
    assert driver.stat("/b").mod_time == noon - timedelta(hours=1)
    driver.move("/b", "/a")
    assert driver.stat("/a").mod_time == noon


def test_a_directory_moves_whole(driver: InMemoryDriver) -> None:
    driver.put_content("/a/b/c", b"c")
    driver.put_content("/a/d", b"d")
    driver.move("/a", "/x/y")
    assert [info.path for info in driver.walk("/")] == ["/x/y/b/c", "/x/y/d"]


@pytest.mark.parametrize(
    ("source", "destination", "error"),
    [
        ("/dir", "/dir/sub/new", InvalidPathError),
        ("/dir", "/file", NotADirectoryError),
        ("/dir", "/file/new", NotADirectoryError),
        ("/dir", "/other", IsADirectoryError),
        ("/dir/sub", "/dir", IsADirectoryError),
        ("/file", "/file/new", NotADirectoryError),
        ("/file", "/dir", IsADirectoryError),
        ("/missing", "/new/x", PathNotFoundError),
    ],
)
def test_a_refused_move_changes_nothing(
    driver: InMemoryDriver, source: str, destination: str, error: type[PathNotFoundError]
) -> None:
    for path in ("/dir/sub/x", "/file", "/other/y"):
        driver.put_content(path, path.encode())
    with pytest.raises(error) as caught:
        driver.move(source, destination)
    assert type(caught.value) is error
    assert caught.value.path == (source if source == "/missing" else destination)
    found = {info.path: driver.get_content(info.path) for info in driver.walk("/")}
    assert found == {path: path.encode() for path in ("/dir/sub/x", "/file", "/other/y")}


def test_a_walk_goes_in_byte_order_of_the_path(driver: InMemoryDriver) -> None:
    paths = ["/a-b", "/a.b", "/a/b", "/a/b-c/d", "/a/b0", "/ab", "/b"]
    for path in reversed(paths):
        driver.put_content(path, b"")
    assert [info.path for info in driver.walk("/")] == paths
    for start in ("", "/a", "/a/", "/a/b", "/a/b-c", "/a/b-c/d", "/a/c", "/b", "/z"):
        after = [path for path in paths if path > start]
        assert [info.path for info in driver.walk("/", start)] == after
    assert [info.path for info in driver.walk("/a")] == ["/a/b", "/a/b-c/d", "/a/b0"]


def test_a_walk_raises_in_the_call(driver: InMemoryDriver) -> None:
    driver.put_content("/a", b"")
    with pytest.raises(NotADirectoryError):
        driver.walk("/a")
    with pytest.raises(PathNotFoundError):
        driver.walk("/missing")


def test_a_walk_goes_on_while_the_tree_changes(driver: InMemoryDriver) -> None:
    for path in ("/a/1", "/b/1", "/c/1"):
        driver.put_content(path, b"")
    walk = driver.walk("/")
    assert next(walk).path == "/a/1"
    driver.delete("/b")
    assert [info.path for info in walk] == ["/c/1"]


def test_there_are_no_urls(driver: InMemoryDriver) -> None:
    driver.put_content("/a", b"")
    with pytest.raises(UnsupportedMethodError) as caught:
        driver.url_for("/a")
    assert caught.value.method == "URLFor"


def test_many_threads_may_write_and_prune_one_directory(driver: InMemoryDriver) -> None:
    failures: list[Exception] = []

    def put_and_delete(number: int) -> None:
        try:
            for _ in range(200):
                driver.put_content(f"/dir/{number}", b"x")
                driver.delete(f"/dir/{number}")
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=put_and_delete, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert driver.list("/") == []
