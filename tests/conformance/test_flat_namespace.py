"""A driver over a flat namespace with URLs, as object stores are, passes the suite as well.

It is the one driver here that the cases of these features run on, and broken variants of it show
that those cases can fail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from storagedriver.conformance import CASES, CaseOutcome, run_suite
from storagedriver.contract import (
    FileInfo,
    FileInfoFields,
    FileReadStream,
    InvalidOffsetError,
    InvalidParametersError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    Reader,
    ReadStream,
    StorageDriver,
    UnsupportedMethodError,
)
from storagedriver.contract.features import FLAT_NAMESPACE, URL_FOR
from storagedriver.drivers.wrappers.checked import Checked

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

import io

Paths = list[str]
DEFAULT_LIFE = timedelta(minutes=20)


class FlatDriver(StorageDriver):
    """Objects by key, nothing else; `url` is where a server shows them."""

    name = "flat"
    features = frozenset({FLAT_NAMESPACE, URL_FOR})

    def __init__(self, url: str = "http://nowhere") -> None:
        self.objects: dict[str, tuple[bytes, datetime, bytes]] = {}
        self._lock = threading.Lock()
        self._url = url
        self._count = 0

    def get_content(self, path: str) -> bytes:
        return self._get(path)[0]

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        with self._lock:
            self._count += 1
            version = str(self._count).encode()
            self.objects[path] = (bytes(content), datetime.now(UTC), version)

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        content, _, version = self._get(path)
        file = io.BytesIO(content)
        file.seek(offset)
        return FileReadStream(file, size=len(content), version=version)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        old = self.objects[path][0] if path in self.objects else b""
        if offset > len(old):
            raise InvalidOffsetError(path, offset)
        pieces: list[bytes] = []
        while piece := reader.read(1 << 20):
            pieces.append(bytes(piece))
        data = b"".join(pieces)
        self.put_content(path, old[:offset] + data)
        return len(data)

    def stat(self, path: str) -> FileInfo:
        if path in self.objects:
            content, time, _ = self.objects[path]
            return FileInfoFields(path, len(content), time, is_dir=False)
        if path == "/" or self._below(path):
            return FileInfoFields(path, 0, None, is_dir=True)
        raise PathNotFoundError(path)

    def list(self, path: str) -> Paths:
        prefix = path.rstrip("/") + "/"
        below = self._below(path)
        if not below and path != "/":
            raise (NotADirectoryError if path in self.objects else PathNotFoundError)(path)
        return sorted({prefix + key.removeprefix(prefix).split("/")[0] for key in below})

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        self.list(path)
        keys = [key for key in self._below(path) if start_after is None or key > start_after]
        return (self.stat(key) for key in sorted(keys) if key in self.objects)

    def move(self, source: str, destination: str) -> None:
        with self._lock:
            if source in self.objects:
                self.objects[destination] = self.objects.pop(source)
                return
        if self._below(source):
            raise UnsupportedMethodError("Move")
        raise PathNotFoundError(source)

    def delete(self, path: str) -> None:
        with self._lock:
            keys = [*self._below(path), *([path] if path in self.objects else [])]
            for key in keys:
                del self.objects[key]
        if not keys:
            raise PathNotFoundError(path)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        expiry = (options or {}).get("expiry", datetime.now(UTC) + DEFAULT_LIFE)
        assert isinstance(expiry, datetime)
        return f"{self._url}{path}?until={expiry.timestamp()}"

    def _get(self, path: str) -> tuple[bytes, datetime, bytes]:
        if path in self.objects:
            return self.objects[path]
        if self._below(path):
            raise IsADirectoryError(path)
        raise PathNotFoundError(path)

    def _below(self, path: str) -> Paths:
        prefix = path.rstrip("/") + "/"
        return [key for key in list(self.objects) if key.startswith(prefix)]


class Handler(BaseHTTPRequestHandler):
    """Shows the objects of `driver` until the time that the URL gives."""

    driver: FlatDriver

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        content = self.driver.objects.get(url.path, (b"",))[0]
        if float(parse_qs(url.query)["until"][0]) < datetime.now(UTC).timestamp():
            self.send_error(403)
        elif url.path not in self.driver.objects:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815 - http.server looks for this name

    def log_message(self, format: str, *args: object) -> None:
        return


class OverHTTP(FlatDriver):
    """With a server of its own, which ends with it."""

    def __init__(self) -> None:
        handler = type("Bound", (Handler,), {"driver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        super().__init__(f"http://127.0.0.1:{self._server.server_address[1]}")
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_a_flat_driver_passes() -> None:
    report = run_suite(lambda: Checked(OverHTTP()))
    assert [result.reason for result in report.with_outcome(CaseOutcome.FAILED)] == []


def test_every_case_of_a_feature_runs_here() -> None:
    report = run_suite(
        lambda: Checked(OverHTTP()), only=[case.name for case in CASES if case.needs]
    )
    ran = {result.name for result in report.with_outcome(CaseOutcome.PASSED)}
    needing = {case.name for case in CASES if case.needs & FlatDriver.features}
    assert ran == needing


class HidesWhatIsBelowAnObject(OverHTTP):
    def put_content(self, path: str, content: ReadableBuffer) -> None:
        super().put_content(path, content)
        for key in self._below(path):
            del self.objects[key]


class ListsObjectAndPrefix(OverHTTP):
    def list(self, path: str) -> Paths:
        found = super().list(path)
        return sorted(
            [*found, *(each for each in found if each in self.objects and self._below(each))]
        )


class FindsAnObjectBelowItself(OverHTTP):
    def stat(self, path: str) -> FileInfo:
        parent = path.rpartition("/")[0]
        return super().stat(parent if parent in self.objects else path)


class MovesNothingSilently(OverHTTP):
    def move(self, source: str, destination: str) -> None:
        if source in self.objects:
            super().move(source, destination)


class NeverExpires(OverHTTP):
    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        return super().url_for(path)


class ShowsOtherContent(OverHTTP):
    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        self.put_content("/other", b"x" * 32)
        return super().url_for("/other", options)


class IsNoUrl(OverHTTP):
    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        return path


@pytest.mark.parametrize(
    ("wrong", "case"),
    [
        (HidesWhatIsBelowAnObject, "object_and_prefix_of_one_name"),
        (ListsObjectAndPrefix, "list_object_and_prefix_once"),
        (FindsAnObjectBelowItself, "nothing_below_an_object"),
        (MovesNothingSilently, "move_of_a_directory_is_refused"),
        (NeverExpires, "url_expires"),
        (ShowsOtherContent, "url_gives_the_content"),
        (ShowsOtherContent, "url_of_a_deleted_object"),
        (IsNoUrl, "url_gives_the_content"),
    ],
)
def test_a_wrong_flat_driver_is_caught(wrong: Callable[[], StorageDriver], case: str) -> None:
    report = run_suite(lambda: Checked(wrong()), only=[case])
    assert report.results[0].outcome is CaseOutcome.FAILED


class RefusesPastExpiries(OverHTTP):
    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        expiry = (options or {}).get("expiry")
        if isinstance(expiry, datetime) and expiry < datetime.now(UTC):
            raise InvalidParametersError(self.name, "expiry", "has passed")
        return super().url_for(path, options)


def test_a_driver_may_refuse_an_expiry_that_has_passed() -> None:
    report = run_suite(lambda: Checked(RefusesPastExpiries()), only=["url_expires"])
    assert report.passed
