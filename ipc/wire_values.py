"""The types of values in params, results and listings: how each is checked, and how times travel.

A check returns the value normalised, so that what comes after it has one form only to deal with.
Languages without integers send them as floats, which is taken where nothing is lost. Pure
functions, for any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from storagedriver.contract import ProtocolError
from storagedriver.ipc.limits import (
    MAX_COUNT,
    MAX_CREDIT_BYTES,
    MAX_VERSION_BYTES,
    MIN_CHUNK_BYTES,
)
from storagedriver.ipc.messages import Wire

MAX_EXACT_FLOAT: Final = 1 << 53
"""Up to here a float64 holds every whole number."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NANOSECONDS_PER_SECOND: Final = 1_000_000_000

# The years 1 to 9999, which is as far as most languages' dates go.
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799


class Type(Enum):
    """The types of values, by the names that the specification gives them."""

    TEXT = "text"
    VERSION = "version"
    """Binary, at most MAX_VERSION_BYTES."""
    FLAG = "flag"
    COUNT = "count"
    """An integer from 0 to 2^63 - 1: a size, an offset, a number of things."""
    CREDIT = "credit"
    """An integer from 0 to 2^53, in bytes."""
    LIMIT = "limit"
    """An integer from MIN_CHUNK_BYTES to 2^53, in bytes."""
    TIME = "time"
    TEXTS = "texts"
    OPTIONS = "options"
    """Of URLFor: a map; what is unknown in it is kept, for the driver to refuse."""
    META = "meta"
    WORKERS = "workers"
    """What Ping tells: an array of maps."""


class MisfitError(ValueError):
    """A value is not of its type. The text goes on where the name of a key has been said."""


def integer_from_wire(value: Wire) -> int | None:
    """Return the integer that `value` means: itself, or a float without fraction up to 2^53.

    None if it means none; a bool does not.
    """
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer() and abs(value) <= MAX_EXACT_FLOAT:
        return int(value)
    return None


def time_to_wire(time: datetime) -> list[Wire]:
    """Return `[seconds, nanoseconds]` since 1970 in UTC, exactly; nanoseconds are never negative.

    Raises TypeError if `time` is not aware.
    """
    since = time - _EPOCH
    return [since.days * 86_400 + since.seconds, since.microseconds * 1_000]


def time_from_wire(value: Wire) -> datetime:
    """Return the aware UTC time of `[seconds, nanoseconds]`, cut down to whole microseconds.

    Raises ProtocolError if `value` is not such a pair, or lies outside the years 1 to 9999.
    """
    try:
        seconds, nanoseconds = _seconds_and_nanoseconds(value)
    except MisfitError as misfit:
        raise ProtocolError(f"a time {misfit}") from None
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1_000)


def _seconds_and_nanoseconds(value: Wire) -> tuple[int, int]:
    if type(value) is not list or len(value) != 2:
        raise MisfitError("must be [seconds, nanoseconds]")
    seconds, nanoseconds = integer_from_wire(value[0]), integer_from_wire(value[1])
    if seconds is None or nanoseconds is None:
        raise MisfitError("must be made of integers")
    if not 0 <= nanoseconds < _NANOSECONDS_PER_SECOND:
        raise MisfitError("must have 0 to 999999999 nanoseconds")
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise MisfitError("must lie in the years 1 to 9999")
    return seconds, nanoseconds


def _check_text(value: Wire) -> Wire:
    if type(value) is not str:
        raise MisfitError("must be a text")
    return value


def _check_version(value: Wire) -> Wire:
    if type(value) is not bytes or len(value) > MAX_VERSION_BYTES:
        raise MisfitError(f"must be binary of at most {MAX_VERSION_BYTES} bytes")
    return value


def _check_flag(value: Wire) -> Wire:
    if type(value) is not bool:
        raise MisfitError("must be true or false")
    return value


def _integer_check(least: int, most: int) -> Callable[[Wire], Wire]:
    def check(value: Wire) -> Wire:
        if type(value) is int and least <= value <= most:
            return value
        integer = integer_from_wire(value)
        if integer is None or not least <= integer <= most:
            raise MisfitError(f"must be an integer from {least} to {most}")
        return integer

    return check


_check_count: Final = _integer_check(0, MAX_COUNT)


def _check_time(value: Wire) -> Wire:
    return list(_seconds_and_nanoseconds(value))


def _check_texts(value: Wire) -> Wire:
    if type(value) is not list or not all(type(text) is str for text in value):
        raise MisfitError("must be an array of texts")
    return value


def _map_check(
    checks: Mapping[str, Callable[[Wire], Wire]], *, required: bool
) -> Callable[[Wire], Wire]:
    """Make the check of a map, in which only the keys of `checks` are looked at; all are kept."""

    def check(value: Wire) -> Wire:
        if type(value) is not dict:
            raise MisfitError("must be a map")
        checked = dict(value)
        for name, check_one in checks.items():
            one = checked.get(name)
            if one is None:
                if required:
                    raise MisfitError(f"must have the key {name}")
                continue
            try:
                checked[name] = check_one(one)
            except MisfitError as misfit:
                raise MisfitError(f"has a key {name} that {misfit}") from None
        return checked

    return check


_check_worker: Final = _map_check(
    {
        "channel": _check_count,
        "id": _check_count,
        "method": _check_text,
        "busy_ms": _check_count,
        "moved_bytes": _check_count,
    },
    required=True,
)


def _check_workers(value: Wire) -> Wire:
    if type(value) is not list:
        raise MisfitError("must be an array")
    return [_check_worker(worker) for worker in value]


CHECKS: Final[Mapping[Type, Callable[[Wire], Wire]]] = {
    Type.TEXT: _check_text,
    Type.VERSION: _check_version,
    Type.FLAG: _check_flag,
    Type.COUNT: _check_count,
    Type.CREDIT: _integer_check(0, MAX_CREDIT_BYTES),
    Type.LIMIT: _integer_check(MIN_CHUNK_BYTES, MAX_CREDIT_BYTES),
    Type.TIME: _check_time,
    Type.TEXTS: _check_texts,
    Type.OPTIONS: _map_check({"method": _check_text, "expiry": _check_time}, required=False),
    Type.META: _map_check(
        {"deadline_ms": _check_count, "traceparent": _check_text}, required=False
    ),
    Type.WORKERS: _check_workers,
}
"""What returns a value of the type in its normal form, or raises MisfitError."""
