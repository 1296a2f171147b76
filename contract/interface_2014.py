"""The interface of October 2014, served over any StorageDriver.

It differs from today's in three ways: `write_stream` is told how many bytes to read and closes its
reader, `list` goes down the whole tree, and the place to resume at is asked by
`resume_write_position`. Source: the `storagedriver` package of docker-registry's 2014 branch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from storagedriver.contract.checks import check_offset, check_reader
from storagedriver.contract.driver import StorageDriver
from storagedriver.contract.streams import Piece, ReadStream

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class ReadCloser(Protocol):
    """A reader that is closed once it has been read."""

    def read(self, size: int, /) -> Piece: ...

    def close(self) -> None: ...


class StorageDriver2014:
    """Adapts `driver`; holds nothing else, and is as safe to share between threads as it is."""

    def __init__(self, driver: StorageDriver) -> None:
        self._driver = driver

    def get_content(self, path: str) -> bytes:
        return self._driver.get_content(path)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._driver.put_content(path, content)

    def read_stream(self, path: str, offset: int) -> ReadStream:
        return self._driver.read_stream(path, offset)

    def write_stream(self, path: str, offset: int, size: int, reader: ReadCloser) -> None:
        """Store exactly `size` bytes of `reader` at `offset`, then close it, also on failure.

        Raises EOFError if the reader ends before; then the content is untouched, or `old[:offset]`
        and a prefix of what was read. Raises ValueError if `size` is negative.
        """
        check_reader(reader)
        try:
            check_offset(path, offset)
            if type(size) is not int or size < 0:
                raise ValueError(f"a size is an int of at least 0, not {size!r}")
            self._driver.write_stream(path, offset, _ExactReader(reader, size))
        finally:
            reader.close()

    def resume_write_position(self, path: str) -> int:
        return self._driver.resume_write_position(path)

    def list(self, prefix: str) -> list[str]:
        """Return the paths of all objects below `prefix`, at any depth, in byte order."""
        return [info.path for info in self._driver.walk(prefix)]

    def move(self, source: str, destination: str) -> None:
        self._driver.move(source, destination)

    def delete(self, path: str) -> None:
        self._driver.delete(path)


class _ExactReader:
    """Gives the first `size` bytes of a reader, asking for no more; EOFError if it has fewer."""

    def __init__(self, reader: ReadCloser, size: int) -> None:
        self._reader = reader
        self._size = size
        self._left = size

    def read(self, size: int, /) -> Piece:
        if self._left == 0:
            return b""
        asked = min(size, self._left) if size >= 0 else self._left
        piece = self._reader.read(asked)
        if len(piece) > asked:
            raise ValueError(f"the reader gave {len(piece)} bytes where {asked} were asked for")
        if not piece:
            done = self._size - self._left
            raise EOFError(f"the reader ended after {done} of {self._size} bytes")
        self._left -= len(piece)
        return piece
