"""The checks that are made once, in the caller's process, before any driver sees a call.

The factory's wrapper makes them for a driver in this process and the IPC client for one in another,
so both refuse the same calls with the same errors. Paths first, then offsets, all before any I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from storagedriver.contract.errors import InvalidOffsetError, InvalidParametersError
from storagedriver.contract.streams import as_bytes_view

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

URL_METHODS = frozenset({"GET", "HEAD", "PUT"})


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
