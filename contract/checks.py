"""The checks that are made once, in the caller's process, before any driver sees a call.

The factory's wrapper makes them for a driver in this process and the IPC client for one in another,
so both refuse the same calls with the same errors. Paths first, then offsets, all before any I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from storagedriver.contract.digests import DigestCheck
from storagedriver.contract.errors import (
    InvalidOffsetError,
    InvalidParametersError,
    PathNotFoundError,
)
from storagedriver.contract.streams import as_bytes_view

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

URL_METHODS = frozenset({"GET", "HEAD", "PUT"})

MAX_UPLOAD_ID_BYTES: Final = 1024
"""What the wire takes, and so the longest that any driver makes up."""

_MAX_SIZE_BYTES: Final = 2**63 - 1


def check_offset(path: str, offset: int) -> None:
    """Raises InvalidOffsetError if `offset` is negative, TypeError if it is not an int."""
    # bool is an int to Python, but True is no offset.
    if type(offset) is not int:
        raise TypeError(f"an offset is an int, not {type(offset).__name__}")
    if offset < 0:
        raise InvalidOffsetError(path, offset)


def check_content(content: ReadableBuffer) -> memoryview:
    """Return a flat view of `content`. Raises TypeError if it is not bytes-like."""
    return as_bytes_view(content)


def check_start_after(start_after: str | None) -> None:
    """Raises TypeError if `start_after` is neither a str nor None."""
    if start_after is not None and not isinstance(start_after, str):
        raise TypeError(f"start_after is a str, not {type(start_after).__name__}")


def check_reader(reader: object) -> None:
    """Raises TypeError if `reader` has no `read`."""
    if not callable(getattr(reader, "read", None)):
        raise TypeError(f"a reader has a read method; {type(reader).__name__} has none")


def check_url_options(driver_name: str, options: Mapping[str, object] | None) -> dict[str, object]:
    """Return a copy of the options of `url_for`, with the method filled in.

    Raises InvalidParametersError naming the option that is unknown or of a wrong type or value.
    """
    checked: dict[str, object] = {"method": "GET"}
    for option, value in (options or {}).items():
        if option == "method":
            if not isinstance(value, str) or value not in URL_METHODS:
                reason = f"must be one of {', '.join(sorted(URL_METHODS))}, not {value!r}"
                raise InvalidParametersError(driver_name, "method", reason)
        elif option == "expiry":
            if not isinstance(value, datetime) or value.utcoffset() is None:
                reason = f"must be an aware datetime, not {value!r}"
                raise InvalidParametersError(driver_name, "expiry", reason)
        else:
            reason = "unknown option; there are method and expiry"
            raise InvalidParametersError(driver_name, str(option), reason)
        checked[option] = value
    return checked


def check_upload_id(path: str, upload_id: str) -> None:
    """Refuse what no driver can have made up as the id of an upload to `path`.

    Raises PathNotFoundError, as for any id that there is no upload of; TypeError if it is no str.
    """
    if not isinstance(upload_id, str):
        raise TypeError(f"the id of an upload is a str, not {type(upload_id).__name__}")
    try:
        size_bytes = len(upload_id.encode())
    except UnicodeEncodeError:
        raise no_such_upload(path) from None
    if size_bytes > MAX_UPLOAD_ID_BYTES:
        raise no_such_upload(path)


def no_such_upload(path: str) -> PathNotFoundError:
    """Return the error for an id of which there is no upload to `path`."""
    return PathNotFoundError(path, reason="there is no such upload")


def check_commit(driver_name: str, size: int | None, digest: str | None) -> None:
    """Raises InvalidParametersError naming `size` or `digest` if no content can have such a one.

    TypeError if they are not of their type.
    """
    if size is not None:
        if type(size) is not int:
            raise TypeError(f"a size is an int, not {type(size).__name__}")
        if not 0 <= size <= _MAX_SIZE_BYTES:
            raise InvalidParametersError(driver_name, "size", f"must be 0 to {_MAX_SIZE_BYTES}")
    if digest is not None:
        if not isinstance(digest, str):
            raise TypeError(f"a digest is a str, not {type(digest).__name__}")
        parse_digest(driver_name, digest)


def parse_digest(driver_name: str, digest: str) -> DigestCheck:
    """Return what checks a content. Raises InvalidParametersError naming `digest`."""
    try:
        return DigestCheck(digest)
    except ValueError as error:
        raise InvalidParametersError(driver_name, "digest", str(error)) from None
