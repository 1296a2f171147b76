"""Errors of the operating system, as callers see them."""

from __future__ import annotations

import errno
import os

import pytest

from storagedriver.contract import (
    InvalidPathError,
    IsADirectoryError,
    NoSpaceError,
    NotADirectoryError,
    PathNotFoundError,
    PermissionDeniedError,
    StorageDriverError,
    ThrottledError,
)
from storagedriver.drivers.os_errors import contract_error


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOENT, PathNotFoundError),
        (errno.ENOTDIR, NotADirectoryError),
        (errno.EISDIR, IsADirectoryError),
        (errno.ENOSPC, NoSpaceError),
        (errno.EDQUOT, NoSpaceError),
        (errno.EACCES, PermissionDeniedError),
        (errno.EPERM, PermissionDeniedError),
        (errno.EROFS, PermissionDeniedError),
        (errno.ELOOP, PermissionDeniedError),
        (errno.ENXIO, PermissionDeniedError),
        (errno.ENAMETOOLONG, InvalidPathError),
        (errno.EMFILE, ThrottledError),
    ],
)
def test_a_known_error_has_a_class(number: int, expected: type[StorageDriverError]) -> None:
    error = contract_error(OSError(number, "text"), "/a/b")
    assert type(error) is expected
    assert error.fields == {"path": "/a/b"}


def test_an_unknown_error_keeps_its_name_and_the_path() -> None:
    error = contract_error(OSError(errno.EIO, "text"), "/a/b")
    assert (type(error), error.code) == (StorageDriverError, "Internal")
    assert error.message == f"{os.strerror(errno.EIO)} (EIO): /a/b"


def test_what_may_pass_is_temporary() -> None:
    assert contract_error(OSError(errno.ESTALE, ""), "/a").temporary
    assert contract_error(OSError(errno.EMFILE, ""), "/a").temporary
    assert not contract_error(OSError(errno.EIO, ""), "/a").temporary
    assert not contract_error(OSError(errno.ENOSPC, ""), "/a").temporary


def test_an_error_without_a_number_is_no_crash() -> None:
    assert contract_error(OSError("only text"), "/a").code == "Internal"
