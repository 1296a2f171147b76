"""The wrapper that checks every call and names every error."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

import pytest

from storagedriver.contract import (
    RELAXED_PATHS,
    FileInfo,
    InvalidOffsetError,
    InvalidParametersError,
    InvalidPathError,
    NoSpaceError,
    PathNotFoundError,
    Reader,
    StorageDriver,
    StorageDriverError,
    ThrottledError,
    UnsupportedMethodError,
)
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Spy(InMemoryDriver):
    """Counts the calls that reach it, fails as told, and keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.given: object = None
        self.failure: Exception | None = None
        self.closed = 0

    def _called(self, method: str, given: object = None) -> None:
        self.calls.append(method)
        self.given = given
        if self.failure is not None:
            raise self.failure

    def get_content(self, path: str) -> bytes:
        self._called("get_content")
        return super().get_content(path)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._called("put_content", content)
        super().put_content(path, content)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        self._called("write_stream")
        return super().write_stream(path, offset, reader)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        self._called("url_for", options)
        return super().url_for(path, options)

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        self._called("walk")
        return self._walk_and_fail(path)

    def _walk_and_fail(self, path: str) -> Iterator[FileInfo]:
        yield from super().walk(path)
        raise PathNotFoundError("/vanished")

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def driver(spy: Spy) -> Checked:
    return Checked(spy)


CALLS_WITH_A_PATH: dict[str, Callable[[StorageDriver, str], object]] = {
    "get_content": lambda driver, path: driver.get_content(path),
    "put_content": lambda driver, path: driver.put_content(path, b""),
    "read_stream": lambda driver, path: driver.read_stream(path, -1),
    "write_stream": lambda driver, path: driver.write_stream(path, -1, io.BytesIO()),
    "move from": lambda driver, path: driver.move(path, "/x"),
    "move to": lambda driver, path: driver.move("/x", path),
    "delete": lambda driver, path: driver.delete(path),
    "url_for": lambda driver, path: driver.url_for(path, {"method": "PATCH"}),
    "resume_write_position": lambda driver, path: driver.resume_write_position(path),
    "writer": lambda driver, path: driver.writer(path),
}
CALLS_WITH_A_PATH_OR_THE_ROOT: dict[str, Callable[[StorageDriver, str], object]] = {
    "stat": lambda driver, path: driver.stat(path),
    "list": lambda driver, path: driver.list(path),
    "walk": lambda driver, path: driver.walk(path),
    "uploads": lambda driver, path: driver.uploads(path),
}
ALL_CALLS = CALLS_WITH_A_PATH | CALLS_WITH_A_PATH_OR_THE_ROOT


@pytest.mark.parametrize("call", ALL_CALLS.values(), ids=ALL_CALLS.keys())
@pytest.mark.parametrize("path", ["", "a", "/a/", "/a\n", "/../a", "/Upper", "/" + "a" * 256])
def test_a_wrong_path_is_refused_first(
    spy: Spy, driver: Checked, call: Callable[[StorageDriver, str], object], path: str
) -> None:
    with pytest.raises(InvalidPathError) as caught:
        call(driver, path)
    assert (caught.value.path, caught.value.driver) == (path, "inmemory")
    assert spy.calls == []


@pytest.mark.parametrize("call", CALLS_WITH_A_PATH.values(), ids=CALLS_WITH_A_PATH.keys())
def test_the_root_is_a_wrong_path_for_most(
    driver: Checked, call: Callable[[StorageDriver, str], object]
) -> None:
    with pytest.raises(InvalidPathError):
        call(driver, "/")


def test_the_root_can_be_listed_and_walked(driver: Checked) -> None:
    driver.put_content("/a", b"")
    assert driver.stat("/").is_dir
    assert driver.list("/") == ["/a"]
    assert next(driver.walk("/")).path == "/a"


def test_another_path_rule_can_be_chosen(spy: Spy) -> None:
    driver = Checked(spy, path_rule=RELAXED_PATHS)
    driver.put_content("/Upper", b"content")
    assert driver.get_content("/Upper") == b"content"
    with pytest.raises(InvalidPathError):
        driver.get_content("/..")


def test_a_path_that_is_no_str_is_a_type_error(driver: Checked) -> None:
    with pytest.raises(TypeError):
        driver.get_content(b"/a")  # type: ignore[arg-type]  # on purpose


def test_a_negative_offset_is_refused(spy: Spy, driver: Checked) -> None:
    for call in (CALLS_WITH_A_PATH["read_stream"], CALLS_WITH_A_PATH["write_stream"]):
        with pytest.raises(InvalidOffsetError) as caught:
            call(driver, "/a")
        assert (caught.value.path, caught.value.offset) == ("/a", -1)
        assert caught.value.driver == "inmemory"
    assert spy.calls == []


def test_what_is_no_reader_is_a_type_error(spy: Spy, driver: Checked) -> None:
    with pytest.raises(TypeError):
        driver.write_stream("/a", 0, cast("Reader", b"content"))
    assert spy.calls == []


def test_what_is_no_content_is_a_type_error(spy: Spy, driver: Checked) -> None:
    with pytest.raises(TypeError):
        driver.put_content("/a", cast("bytes", "text"))
    assert spy.calls == []


def test_content_reaches_the_driver_as_bytes_or_as_a_flat_view(spy: Spy, driver: Checked) -> None:
    content = b"content"
    driver.put_content("/a", content)
    assert spy.given is content
    driver.put_content("/a", memoryview(bytes(8)).cast("I"))
    assert isinstance(spy.given, memoryview)
    assert (spy.given.format, spy.given.nbytes) == ("B", 8)


def test_wrong_url_options_are_refused(spy: Spy, driver: Checked) -> None:
    wrong: list[dict[str, object]] = [
        {"method": "PATCH"},
        {"expiry": 5},
        {"expiry": datetime(2030, 1, 1)},  # noqa: DTZ001 - a naive one, on purpose
        {"other": 1},
    ]
    for options in wrong:
        with pytest.raises(InvalidParametersError) as caught:
            driver.url_for("/a", options)
        assert caught.value.parameter == next(iter(options))
        assert caught.value.driver == "inmemory"
    assert spy.calls == []


def test_right_url_options_reach_the_driver_complete(spy: Spy, driver: Checked) -> None:
    with pytest.raises(UnsupportedMethodError):
        driver.url_for("/a")
    assert spy.given == {"method": "GET"}


def test_errors_carry_the_name(driver: Checked) -> None:
    with pytest.raises(PathNotFoundError, match="driver inmemory") as caught:
        driver.get_content("/missing")
    assert caught.value.driver == "inmemory"


def test_errors_carry_the_name_that_the_driver_was_created_by(spy: Spy) -> None:
    with pytest.raises(PathNotFoundError, match="driver mine"):
        Checked(spy, name="mine").get_content("/missing")


def test_a_bug_in_the_driver_is_an_internal_error(spy: Spy, driver: Checked) -> None:
    spy.failure = ValueError("bug")
    with pytest.raises(StorageDriverError, match="ValueError: bug") as caught:
        driver.get_content("/a")
    assert caught.value.code == "Internal"
    assert caught.value.__cause__ is spy.failure


def test_an_error_on_the_way_of_a_walk_carries_the_name(driver: Checked) -> None:
    driver.put_content("/a", b"")
    walk = driver.walk("/")
    next(walk)
    with pytest.raises(PathNotFoundError) as caught:
        next(walk)
    assert caught.value.driver == "inmemory"


def test_an_error_of_a_write_tells_what_is_stored(spy: Spy, driver: Checked) -> None:
    driver.put_content("/a", b"abc")
    spy.failure = NoSpaceError("/a")
    with pytest.raises(NoSpaceError) as caught:
        driver.write_stream("/a", 3, io.BytesIO(b"d"))
    assert caught.value.stored == 3
    spy.failure = RuntimeError("bug")
    with pytest.raises(StorageDriverError) as other:
        driver.write_stream("/new", 0, io.BytesIO(b"d"))
    assert other.value.stored == 0


def test_what_the_driver_says_is_stored_stays(spy: Spy, driver: Checked) -> None:
    spy.failure = NoSpaceError("/a", stored=77)
    with pytest.raises(NoSpaceError) as caught:
        driver.write_stream("/a", 0, io.BytesIO(b"d"))
    assert caught.value.stored == 77


def test_what_is_stored_is_unknown_where_the_driver_cannot_tell(
    spy: Spy, driver: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: str) -> int:
        raise RuntimeError(path)

    monkeypatch.setattr(spy, "resume_write_position", fail)
    spy.failure = NoSpaceError("/a")
    with pytest.raises(NoSpaceError) as caught:
        driver.write_stream("/a", 0, io.BytesIO(b"d"))
    assert caught.value.stored is None


class Failing:
    """A reader that raises."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def read(self, _size: int, /) -> bytes:
        raise self._error


@pytest.mark.parametrize(
    "error", [OSError("reader"), ThrottledError("/theirs"), KeyboardInterrupt(), ValueError("x")]
)
def test_what_the_reader_raises_passes_unchanged(driver: Checked, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        driver.write_stream("/a", 0, Failing(error))
    assert caught.value is error
    assert getattr(error, "driver", "") == ""


@pytest.mark.parametrize("swallows", [False, True])
def test_what_the_reader_raises_passes_whatever_the_driver_makes_of_it(swallows: bool) -> None:
    class Converting(InMemoryDriver):
        def write_stream(self, path: str, offset: int, reader: Reader) -> int:
            try:
                reader.read(1)
            except OSError as error:
                if not swallows:
                    raise NoSpaceError(path) from error
            return 0

    error = OSError("reader")
    with pytest.raises(OSError, match="reader") as caught:
        Checked(Converting()).write_stream("/a", 0, Failing(error))
    assert caught.value is error


def test_a_reader_that_gives_text_is_a_type_error(driver: Checked) -> None:
    with pytest.raises(TypeError, match="a reader gives bytes"):
        driver.write_stream("/a", 0, cast("Reader", io.StringIO("text")))


def test_a_stream_that_is_the_reader_keeps_its_own_name(driver: Checked) -> None:
    driver.put_content("/a", b"content")
    with driver.read_stream("/a") as stream:
        assert driver.write_stream("/b", 0, stream) == 7
    assert driver.get_content("/b") == b"content"


@pytest.mark.parametrize("call", ALL_CALLS.values(), ids=ALL_CALLS.keys())
def test_a_call_after_close_is_a_value_error(
    spy: Spy, driver: Checked, call: Callable[[StorageDriver, str], object]
) -> None:
    driver.close()
    driver.close()
    for path in ("/a", "/"):
        with pytest.raises(ValueError, match="the driver inmemory is closed"):
            call(driver, path)
    assert spy.calls == []
    assert spy.closed > 0


def test_it_shows_the_name_and_features_of_the_driver(spy: Spy, driver: Checked) -> None:
    assert driver.name == "inmemory"
    assert driver.features == spy.features
    assert driver.resume_write_position("/missing") == 0
