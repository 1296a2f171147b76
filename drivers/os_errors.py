"""Which error of the contract an error of the operating system is."""

from __future__ import annotations

import errno
import os
from typing import Final

from storagedriver.contract.errors import (
    InvalidPathError,
    IsADirectoryError,
    NoSpaceError,
    NotADirectoryError,
    PathNotFoundError,
    PermissionDeniedError,
    StorageDriverError,
    ThrottledError,
)

_NOT_FOUND: Final = {
    errno.ENOENT: PathNotFoundError,
    errno.ENOTDIR: NotADirectoryError,
    errno.EISDIR: IsADirectoryError,
}

_WITH_REASON: Final = {
    errno.ENOSPC: NoSpaceError,
    errno.EDQUOT: NoSpaceError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.EROFS: PermissionDeniedError,
    # With O_NOFOLLOW: the last component is a symbolic link.
    errno.ELOOP: PermissionDeniedError,
    # A socket, a device without a driver, or a fifo that nobody reads.
    errno.ENXIO: PermissionDeniedError,
    errno.ENAMETOOLONG: InvalidPathError,
    # Too many open files: fewer calls at a time need fewer.
    errno.EMFILE: ThrottledError,
    errno.ENFILE: ThrottledError,
}

# What a file system on a network gives while it is out of step.
_TEMPORARY: Final = {errno.EAGAIN, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT}


def contract_error(error: OSError, path: str) -> StorageDriverError:
    """Return what `error` is called for callers, about `path`. Raise it from `error`."""
    number = error.errno or 0
    if number in _NOT_FOUND:
        return _NOT_FOUND[number](path)
    reason = os.strerror(number)
    if number in _WITH_REASON:
        return _WITH_REASON[number](path, reason=reason)
    name = errno.errorcode.get(number, str(number))
    return StorageDriverError(f"{reason} ({name}): {path}", temporary=number in _TEMPORARY)
