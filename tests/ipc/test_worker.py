"""A worker over a real socket, with drivers that do what they should not."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from storagedriver.contract import (
    FileInfo,
    NoSpaceError,
    PathNotFoundError,
    ProtocolError,
    Reader,
    ReadStream,
    StorageDriver,
)
from storagedriver.contract.fileinfo import FileInfoFields
from storagedriver.contract.streams import FileReadStream
from storagedriver.ipc.channel import Channel, ChannelLostError
from storagedriver.ipc.messages import (
    Cancel,
    Chunk,
    Content,
    End,
    Request,
    Response,
    Wire,
)
from storagedriver.ipc.open_uploads import OpenUploads
from storagedriver.ipc.states import State
from storagedriver.ipc.worker import Served, Worker
from tests.ipc.conftest import send_past_session

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PATIENCE_SECONDS = 10.0
CONTENT = b"0123456789"

Pair = tuple[Channel, Channel]
Call = Callable[..., Response]


class Driver(StorageDriver):
    """Holds one object, at /a, and raises or returns what a test puts in."""

    name = "odd"

    def __init__(self) -> None:
        self.write: Callable[[Reader], int] = lambda reader: len(drained(reader))
        self.failure: BaseException | None = None
        self.put: list[bytes] = []
        self.url_options: object = None

    def check(self, path: str) -> None:
        if self.failure is not None:
            raise self.failure
        if path != "/a":
            raise PathNotFoundError(path)

    def get_content(self, path: str) -> bytes:
        self.check(path)
        return CONTENT

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self.check(path)
        self.put.append(bytes(content))

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        self.check(path)
        file = io.BytesIO(CONTENT[offset:])
        return FileReadStream(file, size=len(CONTENT), version=b"v1")

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        return self.write(reader)

    def stat(self, path: str) -> FileInfo:
        self.check(path)
        return FileInfoFields(path, len(CONTENT), None, is_dir=False)

    def list(self, path: str) -> list[str]:
        return ["/a", "/b", "/c"]

    def move(self, source: str, destination: str) -> None:
        self.check(source)

    def delete(self, path: str) -> None:
        self.check(path)

    def url_for(self, path: str, options: object = None) -> str:
        self.url_options = options
        return "https://example.org/a"


def drained(reader: Reader) -> bytes:
    return b"".join(iter(lambda: bytes(reader.read(100)), b""))


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def worker(pair: Pair, driver: Driver) -> Iterator[Worker]:
    """A worker that runs until the host's end is closed."""
    worker = Worker(1, pair[1], Served(driver, OpenUploads(driver)))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(worker.run)
        yield worker
        pair[0].hang_up()
        running.result(PATIENCE_SECONDS)


@pytest.fixture
def host(pair: Pair, worker: Worker) -> Channel:
    return pair[0]


def call(
    host: Channel, method: str, params: dict[str, Wire], content: Content | None = None
) -> Response:
    host.send(host.session.request(method, params, content))
    return response(host)


def response(host: Channel) -> Response:
    while True:
        message = host.receive(PATIENCE_SECONDS)
        if isinstance(message, Response):
            return message


def begin_write(host: Channel, content: Content | None = None) -> int:
    params: dict[str, Wire] = {"path": "/a", "offset": 0}
    request = host.session.request("WriteStream", params, content)
    host.send(request)
    return request.id


def write(host: Channel, content: bytes = CONTENT) -> Response:
    return call(host, "WriteStream", {"path": "/a", "offset": 0, "end": True}, content)


def error_of(response: Response) -> tuple[Wire, Wire]:
    assert response.error is not None
    return response.error["code"], response.error["message"]


def read(host: Channel, **params: Wire) -> Response:
    return call(host, "ReadStream", {"path": "/a", "offset": 0, "credit": 100_000, **params})


class TestReads:
    def test_a_whole_content(self, host: Channel) -> None:
        answer = call(host, "GetContent", {"path": "/a", "credit": 100_000})
        assert answer.content == CONTENT

    def test_the_content_from_an_offset(self, host: Channel) -> None:
        answer = read(host, offset=4)
        assert answer.content == b"456789"

    def test_behind_the_end_there_is_nothing(self, host: Channel) -> None:
        answer = read(host, offset=40)
        assert answer.content is None
        assert answer.result is not None
        assert answer.result["size"] == 10

    def test_another_version_is_another_content(self, host: Channel) -> None:
        assert read(host, version=b"v1").content == CONTENT
        assert error_of(read(host, version=b"v2"))[0] == "ContentChanged"

    def test_a_listing_begins_after_a_path(self, host: Channel) -> None:
        answer = call(host, "List", {"path": "/", "credit": 20_000, "start_after": "/a"})
        assert answer.result == {"count": 2}

    def test_a_url_option_of_nil_is_none(self, host: Channel, driver: Driver) -> None:
        options: dict[str, Wire] = {"method": "GET", "expiry": None, "later": None}
        answer = call(host, "URLFor", {"path": "/a", "options": options})
        assert answer.result == {"url": "https://example.org/a"}
        assert driver.url_options == {"method": "GET"}

    def test_an_unknown_url_option_is_refused(self, host: Channel) -> None:
        answer = call(host, "URLFor", {"path": "/a", "options": {"color": "red"}})
        assert error_of(answer)[0] == "InvalidParameters"


class TestErrors:
    def test_an_error_of_the_contract_passes_as_it_is(self, host: Channel) -> None:
        answer = call(host, "Stat", {"path": "/b"})
        assert error_of(answer)[0] == "PathNotFound"
        assert answer.error is not None
        assert answer.error["driver"] == "odd"

    def test_a_foreign_exception_becomes_internal_and_is_logged(
        self, host: Channel, driver: Driver, caplog: pytest.LogCaptureFixture
    ) -> None:
        driver.failure = KeyError("oops")
        with caplog.at_level(logging.ERROR):
            answer = call(host, "Delete", {"path": "/a"})
        assert error_of(answer) == ("Internal", "KeyError: 'oops'")
        assert "Delete failed" in caplog.text

    def test_the_worker_goes_on_after_an_error(self, host: Channel, driver: Driver) -> None:
        driver.failure = ValueError("once")
        call(host, "Delete", {"path": "/a"})
        driver.failure = None
        assert call(host, "Delete", {"path": "/a"}).error is None

    def test_a_protocol_error_of_the_driver_is_just_an_error(
        self, host: Channel, driver: Driver
    ) -> None:
        driver.failure = ProtocolError("from its own backend")
        assert error_of(call(host, "Delete", {"path": "/a"}))[0] == "ProtocolError"
        driver.failure = None
        assert call(host, "Delete", {"path": "/a"}).error is None

    def test_an_unknown_method_is_unsupported(self, pair: Pair, worker: Worker) -> None:
        # The host's own session knows of no such method, and would refuse the answer.
        host = pair[0]
        for content in (None, b"inline", bytes(100_000)):
            host.send(host.session.request("Frobnicate", {}, content))
            assert error_of(response(host))[0] == "UnsupportedMethod"

    def test_a_failed_write_says_what_is_stored(self, host: Channel, driver: Driver) -> None:
        def fail(_reader: Reader) -> int:
            raise NoSpaceError("/a")

        driver.write = fail
        answer = write(host)
        assert answer.error is not None
        assert answer.error["fields"] == {"path": "/a", "stored": len(CONTENT)}


class TestWrites:
    def test_all_that_was_sent_is_put(self, host: Channel, driver: Driver) -> None:
        assert call(host, "PutContent", {"path": "/a", "end": True}, b"abc").error is None
        host.send(host.session.request("PutContent", {"path": "/a"}, b"abc"))
        host.send(Chunk(2, b"def"))
        host.send(End(2, b"ghi"))
        assert response(host).result == {"written": 9}
        assert driver.put == [b"abc", b"abcdefghi"]

    def test_a_driver_that_stops_reading_has_failed(self, host: Channel, driver: Driver) -> None:
        driver.write = lambda reader: len(reader.read(3))
        code, message = error_of(write(host))
        assert code == "Internal"
        assert "stopped reading before the end" in str(message)

    def test_also_if_it_counts_what_it_has_not_read(self, host: Channel, driver: Driver) -> None:
        driver.write = lambda reader: len(CONTENT)
        assert error_of(write(host))[0] == "Internal"

    @pytest.mark.parametrize("count", [0, 9, 11, None])
    def test_a_driver_that_miscounts_has_failed(
        self, host: Channel, driver: Driver, count: int | None
    ) -> None:
        def miscount(reader: Reader) -> int:
            drained(reader)
            return count  # type: ignore[return-value]  # drivers are not all typed

        driver.write = miscount
        code, message = error_of(write(host))
        assert code == "Internal"
        assert f"reports {count} bytes written, it was given 10" in str(message)

    def test_a_driver_that_fails_early_answers_before_the_end(
        self, host: Channel, driver: Driver
    ) -> None:
        def fail(_reader: Reader) -> int:
            raise NoSpaceError("/a")

        driver.write = fail
        id = begin_write(host, b"abc")
        assert error_of(response(host))[0] == "NoSpace"
        assert host.session.id == id
        driver.write = lambda reader: len(drained(reader))
        assert write(host).result == {"written": len(CONTENT)}

    def test_a_cancelled_write_is_answered(self, host: Channel) -> None:
        host.send(Cancel(begin_write(host, b"abc")))
        answer = response(host)
        assert error_of(answer)[0] == "Cancelled"
        assert answer.error is not None
        assert answer.error["fields"] == {"stored": len(CONTENT)}

    def test_a_driver_that_swallows_a_cancel_is_answered_for(
        self, host: Channel, driver: Driver
    ) -> None:
        def swallow(reader: Reader) -> int:
            with suppress(Exception):
                drained(reader)
            return 3

        driver.write = swallow
        host.send(Cancel(begin_write(host, b"abc")))
        assert error_of(response(host))[0] == "Cancelled"

    def test_a_cancelled_put_publishes_nothing(self, host: Channel, driver: Driver) -> None:
        request = host.session.request("PutContent", {"path": "/a"}, b"abc")
        host.send(request)
        host.send(Cancel(request.id))
        assert error_of(response(host))[0] == "Cancelled"
        assert driver.put == []


class TestTheEnd:
    def test_a_host_that_breaks_the_protocol_is_told_and_left(
        self, pair: Pair, worker: Worker
    ) -> None:
        host = pair[0]
        begin_write(host)
        send_past_session(host, b"\xc1")
        code, message = error_of(response(host))
        assert code == "ProtocolError"
        assert "(from the host)" in str(message)
        with pytest.raises(ChannelLostError):
            host.receive(PATIENCE_SECONDS)

    def test_a_host_that_hangs_up_during_a_write_publishes_nothing(
        self, pair: Pair, driver: Driver
    ) -> None:
        host, other = pair
        worker = Worker(1, other, Served(driver, OpenUploads(driver)))
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(worker.run)
            host.send(host.session.request("PutContent", {"path": "/a"}, b"abc"))
            host.hang_up()
            running.result(PATIENCE_SECONDS)
        assert driver.put == []
        assert other.session.state is State.CLOSED

    def test_an_idle_worker_reports_nothing(self, worker: Worker) -> None:
        assert worker.report() is None

    def test_a_busy_worker_tells_what_it_does(
        self, host: Channel, worker: Worker, driver: Driver
    ) -> None:
        reports: list[dict[str, Wire] | None] = []

        def look(reader: Reader) -> int:
            reader.read(3)
            reports.append(worker.report())
            return 3 + len(drained(reader))

        driver.write = look
        write(host)
        (report,) = reports
        assert report is not None
        assert report.pop("busy_ms") in range(10_000)
        assert report == {"channel": 1, "id": 1, "method": "WriteStream", "moved_bytes": 10}
        assert isinstance(host.session.request("Stat", {}), Request)
