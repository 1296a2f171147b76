"""A program against the public names, as a user with strict type checking writes it.

Not run: that it checks without an error under mypy and pyright is the test, and `assert_type` says
what they have to find.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, assert_type

from storagedriver.conformance import Difference, Report, compare, in_process_suite, run_suite
from storagedriver.contract import (
    FileInfo,
    FileInfoFields,
    FileReadStream,
    PathNotFoundError,
    Reader,
    ReadStream,
    Secret,
    StorageDriver,
    StorageDriverFactory,
    UnsupportedMethodError,
    Version,
)
from storagedriver.drivers.factory import create, launch, register
from storagedriver.ipc import IPCStorageDriver, serve

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OneFile(StorageDriver):
    """A driver whose store has room for one object."""

    name = "onefile"

    def __init__(self, parameters: Mapping[str, object]) -> None:
        self._path = str(parameters.get("path", "/file"))
        self._content = b""

    def get_content(self, path: str) -> bytes:
        if path != self._path:
            raise PathNotFoundError(path)
        return self._content

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._content = bytes(content)

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return FileReadStream(io.BytesIO(self.get_content(path)[offset:]))

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        piece = reader.read(1 << 20)
        self._content = self._content[:offset] + bytes(piece)
        return len(piece)

    def stat(self, path: str) -> FileInfo:
        return FileInfoFields(path, len(self.get_content(path)), datetime.now(UTC), is_dir=False)

    def list(self, path: str) -> list[str]:
        return [self._path]

    def move(self, source: str, destination: str) -> None:
        self._path = destination

    def delete(self, path: str) -> None:
        self._content = b""

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        raise UnsupportedMethodError("URLFor")


def use(driver: StorageDriver) -> None:
    assert_type(driver.get_content("/a"), bytes)
    driver.put_content("/a", bytearray(b"any buffer"))
    driver.put_content("/a", memoryview(b"any buffer"))
    with driver.read_stream("/a", offset=3) as stream:
        assert_type(stream, ReadStream)
        assert_type(stream.read(10), bytes)
        assert_type(stream.size, int | None)
    assert_type(driver.write_stream("/a", 0, io.BytesIO(b"x")), int)
    info = driver.stat("/a")
    assert_type(info.mod_time, datetime | None)
    assert_type(driver.list("/"), list[str])
    walked = driver.walk("/", start_after="/a")
    assert_type(walked, Iterator[FileInfo])
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert_type(driver.url_for("/a", {"method": "GET", "expiry": tomorrow}), str)
    try:
        driver.delete("/a")
    except PathNotFoundError as error:
        assert_type(error.path, str)
        assert_type(error.stored, int | None)


def host() -> None:
    factory: StorageDriverFactory = OneFile
    register("onefile", factory)
    with create("onefile", {"path": "/b"}) as driver:
        assert_type(driver, StorageDriver)
        use(driver)
    with launch("onefile", {"key": Secret("text")}, timeout_seconds=5.0) as remote:
        assert_type(remote, IPCStorageDriver)
        assert_type(remote.version, Version)
        use(remote)


def check() -> None:
    reports = [run_suite(lambda: create("onefile")) for _ in range(2)]
    assert_type(reports, list[Report])
    assert_type(compare(*reports), list[Difference])


TestOneFile = in_process_suite(OneFile)


if __name__ == "__main__":
    serve(OneFile, name=OneFile.name)
