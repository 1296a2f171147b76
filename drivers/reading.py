"""Reading an object of the filesystem driver: whole, or as a stream."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from storagedriver.contract.errors import ContentChangedError, StorageDriverError
from storagedriver.contract.streams import ReadStream
from storagedriver.drivers.os_errors import contract_error

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def read_whole(descriptor: int, size_bytes: int) -> bytes:
    """Return what an open file holds, from its start to `size_bytes` at most. Raises OSError."""
    content = os.read(descriptor, size_bytes)
    if len(content) == size_bytes:
        return content
    # More than 2 GiB, which the kernel gives in parts, or a file that was cut meanwhile.
    parts = [content]
    left = size_bytes - len(content)
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def version_of(status: os.stat_result) -> bytes:
    """Return what names the content of a file with this status.

    The time of the last change of the inode is among it, because that of the content is ours to
    set, and is set so that it never goes back.
    """
    return struct.pack(
        "<QQqqq",
        status.st_dev,
        status.st_ino,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_size,
    )


class ObjectReadStream(ReadStream):
    """Reads an open file, which it owns, from `offset` to the size that it had when opened.

    A file that is written in place meanwhile may show what is new, but if it was cut the stream
    raises ContentChangedError and does not end early.
    """

    def __init__(self, descriptor: int, status: os.stat_result, offset: int, path: str) -> None:
        self._descriptor = descriptor
        self._position = offset
        self._end = self.size = status.st_size
        self._path = path
        self._failure: StorageDriverError | None = None
        self.version = version_of(status)

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._end - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        first = self.read1(wanted)
        if len(first) == wanted:
            return first
        parts = [first]
        wanted -= len(first)
        while wanted:
            parts.append(self.read1(wanted))
            wanted -= len(parts[-1])
        return b"".join(parts)

    def read1(self, size: int = -1, /) -> bytes:
        # Not by way of readinto1: the kernel writes into what is returned.
        wanted = self._wanted(size)
        if wanted == 0:
            return b""
        try:
            content = os.pread(self._descriptor, wanted, self._position)
        except OSError as error:
            raise self._failed(contract_error(error, self._path)) from error
        self._advance(len(content))
        return content

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = self._wanted(len(view))
        if wanted == 0:
            return 0
        try:
            count = os.preadv(self._descriptor, [view[:wanted]], self._position)
        except OSError as error:
            raise self._failed(contract_error(error, self._path)) from error
        self._advance(count)
        return count

    def _wanted(self, size: int) -> int:
        self.check_open()
        if self._failure is not None:
            raise self._failure
        left = max(0, self._end - self._position)
        return left if size < 0 else min(size, left)

    def _advance(self, count: int) -> None:
        if count == 0:
            reason = f"it ended at {self._position} of {self._end} bytes"
            raise self._failed(ContentChangedError(self._path, reason=reason))
        self._position += count

    def _failed(self, failure: StorageDriverError) -> StorageDriverError:
        # Later reads raise it again: a file may have grown anew, with other content.
        self._failure = failure
        return failure

    def fileno(self) -> int:
        self.check_open()
        return self._descriptor

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)
