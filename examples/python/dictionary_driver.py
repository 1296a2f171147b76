#!/usr/bin/env python3
"""The storage driver dictionary: keeps everything in a dict, for as long as its process lives.

It is complete, and passes the suite. To make another of it, replace what its methods do, and run
the suite after each step. Paths, types and offsets are checked before a method is called, so it
only minds what is stored. Any thread may call it at any time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
    StorageDriver,
    UnsupportedMethodError,
)
from storagedriver.contract.features import FLAT_NAMESPACE, VOLATILE
from storagedriver.ipc import serve

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class DictionaryDriver(StorageDriver):
    """Needs no lock: methods may be called by several threads, but each does one thing to a dict
    that is done as a whole, and looks at a copy where it looks at several."""

    name = "dictionary"
    # Like an object store, it has no directories that could stand in the way of an object.
    # And all of it is gone with the process: take VOLATILE out once it is not.
    features = frozenset({FLAT_NAMESPACE, VOLATILE})

    def __init__(self, parameters: Mapping[str, object]) -> None:
        for parameter in parameters:
            raise InvalidParametersError(self.name, parameter, "unknown, as there are none")
        self._files: dict[str, tuple[bytes, datetime]] = {}

    def _below(self, path: str) -> list[str]:
        prefix = path.rstrip("/") + "/"
        return [file.removeprefix(prefix) for file in list(self._files) if file.startswith(prefix)]

    def get_content(self, path: str) -> bytes:
        if found := self._files.get(path):
            return found[0]
        raise IsADirectoryError(path) if self._below(path) else PathNotFoundError(path)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        now = datetime.now(UTC)
        old = self._files.get(path)
        # A clock may be set back; the time of an object never goes back.
        self._files[path] = (bytes(content), max(now, old[1]) if old else now)

    def read_stream(self, path: str, offset: int = 0) -> FileReadStream:
        content = self.get_content(path)
        return FileReadStream(io.BytesIO(content[offset:]), size=len(content))

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        found = self._files.get(path)
        old = found[0] if found else b""
        if offset > len(old):
            raise InvalidOffsetError(path, offset)
        new = b"".join(iter(lambda: bytes(reader.read(1 << 20)), b""))
        self.put_content(path, old[:offset] + new)
        return len(new)

    def stat(self, path: str) -> FileInfoFields:
        if found := self._files.get(path):
            return FileInfoFields(path, len(found[0]), found[1], is_dir=False)
        if path == "/" or self._below(path):
            return FileInfoFields(path, 0, None, is_dir=True)
        raise PathNotFoundError(path)

    def list(self, path: str) -> list[str]:
        names = {file.split("/")[0] for file in self._below(path)}
        if not names and not self.stat(path).is_dir:
            raise NotADirectoryError(path)
        return sorted(path.rstrip("/") + "/" + name for name in names)

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        self.list(path)
        return iter(
            [
                FileInfoFields(file, len(content), time, is_dir=False)
                for file, (content, time) in sorted(self._files.items())
                if file.startswith(path.rstrip("/") + "/") and file > (start_after or "")
            ]
        )

    def move(self, source: str, destination: str) -> None:
        if self.stat(source).is_dir:
            raise UnsupportedMethodError("Move")
        found = self._files.pop(source, None)
        if found is None:  # Another caller was faster.
            raise PathNotFoundError(source)
        self._files[destination] = found

    def delete(self, path: str) -> None:
        self.stat(path)
        for file in [path, *(f"{path}/{below}" for below in self._below(path))]:
            self._files.pop(file, None)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        raise UnsupportedMethodError("URLFor")


def main() -> None:
    """The program registry-storage-dictionary: serves until the host is done."""
    serve(DictionaryDriver, name=DictionaryDriver.name, features=DictionaryDriver.features)


if __name__ == "__main__":
    main()
