"""The keys of a rule: what each of them may hold, and the words for what else there is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from storagedriver.drivers.misbehaving.rules import ANY_METHOD
from storagedriver.ipc.calls import CALLS
from storagedriver.ipc.messages import Wire


@dataclass(frozen=True, slots=True)
class Key:
    """What is done with the value of a key that the file has."""

    parse: Callable[[object], object]
    """Return it as the field of a Rule. Raises ValueError, TypeError or KeyError if it is wrong."""
    right: str
    """What would be right."""


def _integer_from(least: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if type(value) is not int or value < least:
            raise ValueError
        return value

    return parse


def _nth(value: object) -> frozenset[int] | None:
    if value == "every":
        return None
    values = cast("Sequence[object]", value if isinstance(value, list) else [value])
    return frozenset(map(_integer_from(1), values))


def _seconds(value: object) -> float:
    if type(value) not in (int, float) or not 0 <= cast("float", value) < 1e9:
        raise ValueError
    return float(cast("float", value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _method(value: object) -> str:
    if value != ANY_METHOD and value not in CALLS:
        raise ValueError
    return str(value)


def _signal(value: object) -> int:
    return (
        signal.Signals[value] if isinstance(value, str) else signal.Signals(_integer_from(1)(value))
    )


def _wire_map(value: object) -> Mapping[str, Wire]:
    if not isinstance(value, dict):
        raise TypeError
    # JSON and TOML have nothing that the wire lacks, but for TOML's times, which cannot be encoded.
    return cast("Mapping[str, Wire]", value)


def _frames(value: object) -> tuple[tuple[bytes, ...], ...]:
    """A list of messages, each of them a list of frames in hexadecimal."""
    if not isinstance(value, list) or not value:
        raise TypeError
    messages = cast("Sequence[Sequence[str]]", value)
    if not all(isinstance(message, list) and message for message in messages):
        raise TypeError
    return tuple(tuple(map(bytes.fromhex, message)) for message in messages)


def _stream(value: object) -> str:
    if value not in ("stdout", "stderr"):
        raise ValueError
    return str(value)


_COUNT: Final = Key(_integer_from(1), "an integer above 0")
_TEXT: Final = Key(_text, "a text")
_MAP: Final = Key(_wire_map, "an object")

KEYS: Final[Mapping[str, Key]] = {
    "method": Key(_method, f'"*" or one of {", ".join(sorted(CALLS))}'),
    "path": Key(_text, "a path, or a pattern of paths"),
    "nth": Key(_nth, 'an integer above 0, a list of them, or "every"'),
    "after_bytes": _COUNT,
    "after_chunks": _COUNT,
    "status": Key(_integer_from(0), "an exit status"),
    "signal": Key(_signal, 'the number or name of a signal, "SIGKILL"'),
    "seconds": Key(_seconds, "a number of seconds"),
    "code": Key(_text, 'the code of an error, "NoSpace"'),
    "message": _TEXT,
    "temporary": Key(_flag, "true or false"),
    "fields": _MAP,
    "result": _MAP,
    "frames": Key(_frames, 'a list of messages, each a list of frames in hexadecimal, [["93"]]'),
    "instead": Key(_flag, "true or false"),
    "by": Key(_integer_from(-(1 << 53)), "an integer"),
    "stream": Key(_stream, '"stdout" or "stderr"'),
    "text": _TEXT,
    "times": _COUNT,
    "token": _TEXT,
    "version": _TEXT,
}
