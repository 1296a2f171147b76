"""Errors as maps, and maps as errors again: the same class with the same fields on the other side.

See spec/PROTOCOL.md, "Errors". An error must never be lost: whatever is odd about its fields, both
functions give the best that can be had. Pure functions, for any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from storagedriver.contract import ERRORS_BY_CODE, ProtocolError, StorageDriverError
from storagedriver.ipc.limits import (
    MAX_CONTAINER_ITEMS,
    MAX_COUNT,
    MAX_ERROR_FIELDS_BYTES,
    MAX_ERROR_MESSAGE_BYTES,
    MAX_ERROR_NAME_BYTES,
)
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.wire_values import integer_from_wire


def error_to_wire(error: StorageDriverError) -> dict[str, Wire]:
    """Return the error as the map that a RESPONSE carries. It fits into a header whatever it holds.

    What is too long is cut, and the message then names the fields that were: texts lose their end,
    `stderr` its beginning, `failed` its last pairs. Lone surrogates are written out as `\\udc80`.
    A class that the contract does not have sends its code and message, but no fields of its own.
    """
    fields, cut = _fields_to_wire(error)
    note = f" (cut: {', '.join(cut)})" if cut else ""
    message, _ = _cut_end(error.message, MAX_ERROR_MESSAGE_BYTES - len(note))
    return {
        "code": _cut_end(error.code, MAX_ERROR_NAME_BYTES)[0],
        "message": message + note,
        "temporary": bool(error.temporary),
        "driver": _cut_end(error.driver, MAX_ERROR_NAME_BYTES)[0],
        "fields": fields,
    }


def error_from_wire(error: Mapping[str, Wire]) -> StorageDriverError:
    """Return the error that the map means, for raising.

    An unknown code gives the base class, which keeps the code. Whatever is missing or of a wrong
    type gets a neutral value.

    Raises ProtocolError if the map has no code.
    """
    code = error.get("code")
    if type(code) is not str:
        raise ProtocolError("RESPONSE[2]: an error must have a code, which is a text")
    fields = error.get("fields")
    if type(fields) is not dict:
        fields = {}
    arguments: dict[str, object] = {
        "driver": _text_from_wire(error.get("driver")),
        "temporary": error.get("temporary") is True,
        "stored": _size_from_wire(fields.get("stored")),
    }
    message = error.get("message")
    if type(message) is str:
        arguments["message"] = message
    error_class = ERRORS_BY_CODE.get(code)
    if error_class is None:
        error_class = StorageDriverError
        if code != StorageDriverError.code:
            arguments["code"] = code
    for name in error_class.field_names:
        arguments[name] = _FIELDS[name].from_wire(fields.get(name))
    # Every class of the contract takes its fields by name, which no one type can say of them all.
    return cast("Callable[..., StorageDriverError]", error_class)(**arguments)


def _fields_to_wire(error: StorageDriverError) -> tuple[dict[str, Wire], list[str]]:
    """Return the fields, and the names of those that are cut."""
    fields: dict[str, Wire] = {}
    cut: list[str] = []
    names = ERRORS_BY_CODE.get(error.code, StorageDriverError).field_names
    for name in names:
        value = getattr(error, name, None)
        fields[name], is_cut = _FIELDS[name].to_wire(value, MAX_ERROR_FIELDS_BYTES // len(names))
        if is_cut:
            cut.append(name)
    if error.stored is not None:
        fields["stored"], _ = _integer_to_wire(error.stored, 0)
    return fields, cut


def _cut_end(value: object, room_bytes: int) -> tuple[str, bool]:
    """Return a text of at most `room_bytes` in UTF-8, and whether the end is missing."""
    encoded = _encoded(value)
    if len(encoded) <= room_bytes:
        return encoded.decode(), False
    # A character that was cut through is dropped.
    return encoded[:room_bytes].decode(errors="ignore"), True


def _cut_start(value: object, room_bytes: int) -> tuple[str, bool]:
    encoded = _encoded(value)
    if len(encoded) <= room_bytes:
        return encoded.decode(), False
    return encoded[-room_bytes:].decode(errors="ignore"), True


def _encoded(value: object) -> bytes:
    # Drivers are not all typed: a path that is None, or a Path, must not cost the error.
    text = "" if value is None else str(value)
    return text.encode(errors="backslashreplace")


def _integer_to_wire(value: object, room_bytes: int) -> tuple[Wire, bool]:
    if not isinstance(value, int):
        return None, False
    fitting = max(-MAX_COUNT, min(value, MAX_COUNT))
    return fitting, fitting != value


def _seconds_to_wire(value: object, room_bytes: int) -> tuple[Wire, bool]:
    return (value, False) if isinstance(value, float) else _integer_to_wire(value, room_bytes)


def _pairs_to_wire(value: object, room_bytes: int) -> tuple[Wire, bool]:
    pairs: list[Wire] = []
    given = cast("tuple[tuple[str, str], ...]", value or ())
    for path, code in given:
        # A path that had to be cut here leaves no room for the pair, so that only whole ones go.
        path_text, _ = _cut_end(path, room_bytes)
        code_text, _ = _cut_end(code, MAX_ERROR_NAME_BYTES)
        room_bytes -= len(path_text.encode()) + len(code_text.encode()) + _PAIR_OVERHEAD_BYTES
        if room_bytes < 0 or len(pairs) == MAX_CONTAINER_ITEMS:
            return pairs, True
        pairs.append([path_text, code_text])
    return pairs, False


_PAIR_OVERHEAD_BYTES: Final = 11
"""What msgpack adds at most: a byte for the array and five for each text."""


def _text_from_wire(value: Wire) -> str:
    return value if type(value) is str else ""


def _integer_from_wire(value: Wire) -> int:
    return integer_from_wire(value) or 0


def _size_from_wire(value: Wire) -> int | None:
    size = integer_from_wire(value)
    return None if size is None or size < 0 else size


def _seconds_from_wire(value: Wire) -> float:
    return value if type(value) is float or type(value) is int else 0.0


def _pairs_from_wire(value: Wire) -> tuple[tuple[str, str], ...]:
    return tuple(map(_pair_from_wire, value)) if type(value) is list else ()


def _pair_from_wire(value: Wire) -> tuple[str, str]:
    path, code, *_ = [*value, None, None] if type(value) is list else (None, None)
    return _text_from_wire(path), _text_from_wire(code) or StorageDriverError.code


@dataclass(frozen=True, slots=True)
class _Field:
    """To the wire within so many bytes, and whether something was cut for that; and back."""

    to_wire: Callable[[object, int], tuple[Wire, bool]]
    from_wire: Callable[[Wire], object]


_TEXT: Final = _Field(_cut_end, _text_from_wire)
_INTEGER: Final = _Field(_integer_to_wire, _integer_from_wire)
_OPTIONAL_INTEGER: Final = _Field(_integer_to_wire, integer_from_wire)

# A field of one name has one type, whichever class it belongs to.
_FIELDS: Final[Mapping[str, _Field]] = {
    "path": _TEXT,
    "offset": _INTEGER,
    "method": _TEXT,
    "name": _TEXT,
    "parameter": _TEXT,
    "reason": _TEXT,
    "host_version": _TEXT,
    "driver_version": _TEXT,
    "exit_status": _OPTIONAL_INTEGER,
    "signal": _OPTIONAL_INTEGER,
    # The last lines are those that tell why.
    "stderr": _Field(_cut_start, _text_from_wire),
    "seconds": _Field(_seconds_to_wire, _seconds_from_wire),
    "failed": _Field(_pairs_to_wire, _pairs_from_wire),
    "limit": _INTEGER,
    "detail": _TEXT,
}
