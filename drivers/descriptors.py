"""Opening files and directories by descriptor, no link followed and no special file entered."""

from __future__ import annotations

import errno
import os
import stat
from types import TracebackType
from typing import Final, Self

from storagedriver.contract.errors import (
    NotADirectoryError,
    PermissionDeniedError,
    StorageDriverError,
)
from storagedriver.drivers.os_errors import contract_error

# O_PATH: only a place to go on from, so permission to read it is not needed.
PASSING: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# O_NONBLOCK: opening a fifo must not wait for its other end. It changes nothing for files.
READING: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
WRITING: Final = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


class OpenDirectory:
    """A descriptor that is closed at the end of the context, or when nobody holds this any more.

    The latter is for an iteration that is dropped, and for a staging directory that another has
    taken the place of, while somebody writes in it.
    """

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def close(self) -> None:
        """Close it now. Closing twice is no error."""
        if self.descriptor >= 0:
            descriptor, self.descriptor = self.descriptor, -1
            os.close(descriptor)

    __del__ = close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_directory_in(parent: int, name: str, flags: int, path: str) -> int:
    """Open the directory `name` in `parent`. Errors are of the contract, and about `path`.

    Raises PathNotFoundError, NotADirectoryError if a file is there, PermissionDeniedError if
    anything else is.
    """
    try:
        return os.open(name, flags, dir_fd=parent)
    except OSError as error:
        raise directory_error(error, parent, name, path) from error


def directory_error(error: OSError, parent: int, name: str, path: str) -> StorageDriverError:
    """Return the error of the contract for one that opening a directory raised."""
    if error.errno not in (errno.ENOTDIR, errno.ELOOP):
        return contract_error(error, path)
    # The kernel says the same of a file, a link and a special file.
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError as vanished:
        return contract_error(vanished, path)
    return NotADirectoryError(path) if stat.S_ISREG(status.st_mode) else in_the_way(path)


def in_the_way(path: str) -> PermissionDeniedError:
    """Return the error for a link or a special file where a file or a directory is needed."""
    return PermissionDeniedError(path, reason="a link or a special file is in the way")


def write_all(descriptor: int, content: bytes | bytearray | memoryview, position: int) -> None:
    """Write all of `content` at `position`. Raises OSError; a part of it may be written then."""
    written = os.pwrite(descriptor, content, position)
    if written == len(content):
        return
    # A full disk, a quota, or more than 2 GiB: the kernel took a part, and says why at the next.
    view = memoryview(content)
    while written < len(view):
        written += os.pwrite(descriptor, view[written:], position + written)


def keep_time(descriptor: int, status: os.stat_result, at_least_ns: int) -> None:
    """Set the time of a file with this status to `at_least_ns` if it is earlier. Raises OSError."""
    if status.st_mtime_ns < at_least_ns:
        os.utime(descriptor, ns=(status.st_atime_ns, at_least_ns))


def take_over(descriptor: int, replaced: os.stat_result) -> bool:
    """Keep what must not change when the object with this status is replaced by an open file.

    Its permissions, which somebody may have set on purpose, and its time, which never goes back
    although clocks do. Returns whether there was anything to change. Raises OSError.
    """
    own = os.fstat(descriptor)
    if replaced.st_mode == own.st_mode and replaced.st_mtime_ns <= own.st_mtime_ns:
        return False
    os.fchmod(descriptor, replaced.st_mode & 0o777)
    keep_time(descriptor, own, replaced.st_mtime_ns)
    return True
