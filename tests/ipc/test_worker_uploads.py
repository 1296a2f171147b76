"""The calls of uploads, as a worker answers them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc.channel import Channel
from storagedriver.ipc.messages import Cancel, Chunk, End, Message, Response, Wire
from storagedriver.ipc.open_uploads import OpenUploads
from storagedriver.ipc.worker import Served, Worker

PATIENCE_SECONDS = 10.0

Pair = tuple[Channel, Channel]


@pytest.fixture
def driver() -> InMemoryDriver:
    return InMemoryDriver()


@pytest.fixture
def host(pair: Pair, driver: InMemoryDriver) -> Iterator[Channel]:
    """The host's end of a channel with a worker behind it."""
    worker = Worker(1, pair[1], Served(driver, OpenUploads(driver)))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(worker.run)
        yield pair[0]
        pair[0].hang_up()
        running.result(PATIENCE_SECONDS)


def response(host: Channel) -> Response:
    message: Message | None = None
    while not isinstance(message, Response):
        message = host.receive(PATIENCE_SECONDS)
    return message


def call(
    host: Channel, method: str, params: dict[str, Wire], content: bytes | None = None
) -> Mapping[str, Wire]:
    host.send(host.session.request(method, params, content))
    answer = response(host)
    assert answer.error is None
    return answer.result or {}


def error(
    host: Channel, method: str, params: dict[str, Wire], content: bytes | None = None
) -> Mapping[str, object]:
    host.send(host.session.request(method, params, content))
    return error_of(response(host))


def error_of(answer: Response) -> Mapping[str, object]:
    """The code and the fields of an error."""
    assert answer.error is not None
    fields = answer.error["fields"]
    assert isinstance(fields, dict)
    return {"code": answer.error["code"], **fields}


@pytest.fixture
def upload_id(host: Channel) -> str:
    """An upload to /a, of seven bytes."""
    opened = call(host, "OpenUpload", {"path": "/a"})
    upload_id = opened["upload_id"]
    assert isinstance(upload_id, str)
    assert opened["size"] == 0
    params: dict[str, Wire] = {"upload_id": upload_id, "offset": 0, "end": True}
    assert call(host, "WriteUpload", params, b"content") == {"size": 7}
    return upload_id


def test_an_upload_is_committed(host: Channel, driver: InMemoryDriver, upload_id: str) -> None:
    assert call(host, "CommitUpload", {"upload_id": upload_id, "size": 7}) == {}
    assert driver.get_content("/a") == b"content"


def test_a_wrong_offset_is_told_before_the_content_is_read(host: Channel, upload_id: str) -> None:
    params: dict[str, Wire] = {"upload_id": upload_id, "offset": 3}
    told = error(host, "WriteUpload", params)
    assert told == {"code": "InvalidOffset", "path": "/a", "offset": 3, "stored": 7}


def test_nothing_is_written_at_a_wrong_offset_either(
    host: Channel, driver: InMemoryDriver, upload_id: str
) -> None:
    with driver.writer("/a", resume=upload_id) as elsewhere:
        elsewhere.write(b"more")
    params: dict[str, Wire] = {"upload_id": upload_id, "offset": 7, "end": True}
    told = error(host, "WriteUpload", params)
    assert told == {"code": "InvalidOffset", "path": "/a", "offset": 7, "stored": 11}


@pytest.mark.parametrize(
    ("before", "stored"), [((), 7), ((bytes(5000),), 5007), ((bytes(5000), bytes(9000)), 14007)]
)
def test_what_was_stored_before_a_cancel_stays(
    host: Channel,
    driver: InMemoryDriver,
    upload_id: str,
    before: tuple[bytes, ...],
    stored: int,
) -> None:
    host.send(host.session.request("WriteUpload", {"upload_id": upload_id, "offset": 7}))
    for chunk in before:
        host.send(Chunk(host.session.id, chunk))
    host.send(Cancel(host.session.id))
    assert error_of(response(host)) == {"code": "Cancelled", "stored": stored}
    assert [info.size for info in driver.uploads()] == [stored]
    params: dict[str, Wire] = {"upload_id": upload_id, "offset": stored, "end": True}
    assert call(host, "WriteUpload", params, b"x") == {"size": stored + 1}


def test_content_comes_in_chunks(host: Channel, driver: InMemoryDriver, upload_id: str) -> None:
    host.send(host.session.request("WriteUpload", {"upload_id": upload_id, "offset": 7}, b"a"))
    host.send(Chunk(host.session.id, bytes(5000)))
    host.send(End(host.session.id, b"b"))
    assert response(host).result == {"size": 5009}
    call(host, "CommitUpload", {"upload_id": upload_id})
    assert driver.get_content("/a") == b"contenta" + bytes(5000) + b"b"


@pytest.mark.parametrize("method", ["CommitUpload", "CancelUpload"])
def test_an_upload_that_is_not_open_is_told(host: Channel, method: str, upload_id: str) -> None:
    assert call(host, "CloseUpload", {"upload_id": upload_id}) == {}
    told = {"code": "PathNotFound", "path": upload_id}
    assert error(host, method, {"upload_id": upload_id}) == told
    params: dict[str, Wire] = {"upload_id": upload_id, "offset": 7, "end": True}
    assert error(host, "WriteUpload", params, b"x") == told
    assert call(host, "CloseUpload", {"upload_id": upload_id}) == {}


def test_open_uploads_are_listed_by_what_the_driver_knows(
    host: Channel, driver: InMemoryDriver, upload_id: str
) -> None:
    driver.writer("/a/b").close()
    params: dict[str, Wire] = {"path": "/a", "credit": 1 << 20}
    assert call(host, "ListUploads", params) == {"count": 2}
