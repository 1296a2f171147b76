"""Writing an object of the filesystem driver in place, at an offset, as `write_stream` does.

Readers see it grow, and what was stored stays when the write fails. So a write of any size needs no
second copy, and can be continued.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from types import TracebackType
from typing import Self

from storagedriver.contract.errors import InvalidOffsetError, IsADirectoryError
from storagedriver.contract.streams import Piece
from storagedriver.drivers.confined import Root
from storagedriver.drivers.descriptors import WRITING, in_the_way, keep_time, write_all
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.parents import Parents


def check_write(root: Root, path: str, offset: int) -> None:
    """Refuse a write before anything is read for it. Changes, makes and keeps nothing.

    Raises InvalidOffsetError beyond the end, IsADirectoryError, NotADirectoryError below a file,
    PermissionDeniedError if a link or a special file is in the way.
    """
    with Parents(root, path) as parents:
        _check(parents.look(), path, offset)


class InPlaceWrite:
    """One write of the object of `parents`, for one thread; a context, which begins the write.

    From the beginning on the content is `old[:offset]` and what was appended. Raises errors of the
    contract: those of `check_write`, as things may have changed since, NoSpaceError, and others.
    """

    def __init__(self, parents: Parents, offset: int, durability: Durability) -> None:
        self._parents = parents
        self._offset = offset
        self._position = offset
        self._durability = durability
        self._old_time_ns = 0
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            self._descriptor = self._open()
            self._cut()
        except OSError as error:
            self._close_anyhow()
            raise contract_error(error, self._parents.path) from error
        except BaseException:
            self._close_anyhow()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close_anyhow()

    def append(self, piece: Piece) -> None:
        """Store all of `piece`. After a failure a part of it may be stored."""
        try:
            write_all(self._descriptor, piece, self._position)
        except OSError as error:
            raise contract_error(error, self._parents.path) from error
        self._position += len(piece)

    def finish(self) -> int:
        """Make what was written durable, and return how many bytes that are."""
        try:
            keep_time(self._descriptor, os.fstat(self._descriptor), self._old_time_ns)
            self._durability.sync_content(self._descriptor)
            # Some file systems report a failed write only now.
            closing, self._descriptor = self._descriptor, -1
            os.close(closing)
            if self._offset == 0:
                # The object may be new.
                self._parents.sync(self._durability)
        except OSError as error:
            raise contract_error(error, self._parents.path) from error
        return self._position - self._offset

    def _open(self) -> int:
        parents = self._parents
        if self._offset > 0:
            _check(parents.look(), parents.path, self._offset)
            return os.open(parents.leaf, WRITING, dir_fd=parents.descriptor)
        flags = WRITING | os.O_CREAT
        return parents.place(lambda place: os.open(parents.leaf, flags, 0o666, dir_fd=place))

    def _cut(self) -> None:
        status = os.fstat(self._descriptor)
        _check(status, self._parents.path, self._offset)
        self._old_time_ns = status.st_mtime_ns
        if status.st_size > self._offset:
            os.ftruncate(self._descriptor, self._offset)

    def _close_anyhow(self) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1


def _check(status: os.stat_result | None, path: str, offset: int) -> None:
    if status is None:
        if offset > 0:
            raise InvalidOffsetError(path, offset)
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(path)
    if not stat.S_ISREG(status.st_mode):
        raise in_the_way(path)
    if offset > status.st_size:
        raise InvalidOffsetError(path, offset)
