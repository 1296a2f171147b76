"""Reading a script: a file of rules, each checked, so that a slip of the pen is told at the start.

    {"rules": [{"do": "crash", "method": "PutContent", "nth": 1, "point": "after"}]}

in JSON, or the same in TOML where the file's name ends so. docs/fault-kit.md lists all keys.
"""

from __future__ import annotations

import json
import signal
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar, cast

from storagedriver.contract.errors import InvalidParametersError
from storagedriver.drivers.misbehaving.rules import ANY_METHOD, READS, Fault, Point, Rule
from storagedriver.ipc.calls import CALLS, Direction
from storagedriver.ipc.messages import Wire

DRIVER_NAME: Final = "misbehaving"

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True, slots=True)
class Script:
    """The rules of one file, in its order."""

    rules: tuple[Rule, ...]
    text: bytes
    """What the file holds: other rules are counted anew."""


def read_script(path: str) -> Script:
    """Read the file at `path`.

    Raises InvalidParametersError of the parameter `script` that names the rule and what would be
    right, also if the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            text = file.read()
        parsed: object = (
            tomllib.loads(text.decode()) if path.endswith(".toml") else json.loads(text)
        )
    except (OSError, ValueError) as error:
        raise _refused(f"{path} cannot be read: {error}") from error
    rules = _mapping(parsed, {}).get("rules")
    if not isinstance(rules, list):
        raise _refused(f'{path} must hold an object with a list of "rules"')
    entries = cast("Sequence[object]", rules)
    return Script(tuple(_rule(number, entry) for number, entry in enumerate(entries, 1)), text)


@dataclass(frozen=True, slots=True)
class _Form:
    """At which points a fault may stand, and which keys it may and must have."""

    points: frozenset[Point]
    keys: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    methods: frozenset[str] | None = None
    """None: any, and all at once."""


def _form(
    points: Collection[Point],
    *,
    keys: Collection[str] = (),
    needed: Collection[str] = (),
    methods: Collection[str] | None = None,
) -> _Form:
    return _Form(
        frozenset(points),
        frozenset(keys) | frozenset(needed),
        frozenset(needed),
        None if methods is None else frozenset(methods),
    )


_ANYWHERE: Final = tuple(Point)
_IN_CALLS: Final = (Point.BEFORE, Point.CONTENT, Point.AFTER)
_COUNTING: Final = tuple(call.method for call in CALLS.values() if call.count_key is not None)
_MOVING: Final = tuple(c.method for c in CALLS.values() if c.direction is not Direction.NONE)

_FORMS: Final[Mapping[Fault, _Form]] = {
    Fault.CRASH: _form(_ANYWHERE, keys=("status", "signal")),
    Fault.STOP: _form(_ANYWHERE),
    Fault.HANG: _form(_ANYWHERE),
    Fault.HOLD_LOCK: _form(_ANYWHERE, needed=("seconds",)),
    Fault.SLOW: _form(_ANYWHERE, needed=("seconds",)),
    Fault.PRINT: _form(_ANYWHERE, keys=("stream", "times"), needed=("text",)),
    Fault.ERROR: _form(_IN_CALLS, keys=("message", "temporary", "fields"), needed=("code",)),
    Fault.ANSWER: _form((Point.BEFORE,), keys=("result",)),
    Fault.FRAMES: _form(_IN_CALLS, keys=("instead",), needed=("frames",)),
    Fault.DISCONNECT: _form(_IN_CALLS),
    Fault.ANSWER_TWICE: _form((Point.AFTER,)),
    Fault.WRONG_COUNT: _form((Point.AFTER,), keys=("by",), methods=_COUNTING),
    Fault.END_EARLY: _form((Point.CONTENT,), methods=READS),
    Fault.EXCEED_CREDIT: _form((Point.CONTENT,), methods=READS),
    Fault.WRONG_TOKEN: _form((Point.START,), keys=("token",)),
    Fault.WRONG_VERSION: _form((Point.START,), keys=("version",)),
    Fault.KEEP_RUNNING: _form((Point.START,)),
    Fault.IGNORE_SIGTERM: _form((Point.START,)),
    Fault.LEAVE_CHILD: _form((Point.START,)),
}

_KEYS_OF_CALLS: Final = frozenset({"method", "path"})
_KEYS_OF_CONTENT: Final = frozenset({"after_bytes", "after_chunks"})


def _rule(number: int, entry: object) -> Rule:
    given = dict(_mapping(entry, {}))
    if not given:
        raise _refused(f'rule {number} must be an object that says what to "do"')
    fault = _choice(number, "do", given.pop("do", None), Fault)
    form = _FORMS[fault]
    default = next(iter(form.points)) if len(form.points) == 1 else Point.BEFORE
    point = _choice(number, "point", given.pop("point", default.value), Point)
    if point not in form.points:
        allowed = _one_of(point.value for point in Point if point in form.points)
        raise _refused(f"rule {number}: {fault.value!r} has its point at {allowed}")
    _check_keys(number, given, fault, point)
    values = {key: _value(number, key, value) for key, value in given.items()}
    # The keys are fields of the class, each checked by the function of its name.
    return cast("Callable[..., Rule]", Rule)(number=number, fault=fault, point=point, **values)


def _check_keys(number: int, given: Mapping[str, object], fault: Fault, point: Point) -> None:
    form = _FORMS[fault]
    known = {"nth", *form.keys}
    if point is not Point.START:
        known |= _KEYS_OF_CALLS
        if "method" not in given:
            raise _refused(f'rule {number} needs "method": the name of a call, or "*"')
    if point is Point.CONTENT:
        known |= _KEYS_OF_CONTENT
        if len(_KEYS_OF_CONTENT & given.keys()) != 1:
            raise _refused(f'rule {number} needs either "after_bytes" or "after_chunks"')
    _check_method(number, given.get("method", ANY_METHOD), fault, point)
    for key in given:
        if key not in known:
            what = f"{fault.value!r} at the point {point.value!r}"
            raise _refused(f"rule {number}: {what} has no {key!r}; it has {_one_of(known, 'and')}")
    for key in sorted(form.needed - given.keys()):
        raise _refused(f"rule {number}: {fault.value!r} needs {key!r}: {_VALUES[key].right}")


def _check_method(number: int, method: object, fault: Fault, point: Point) -> None:
    fitting = _FORMS[fault].methods
    if fitting is None and point is Point.CONTENT and method != ANY_METHOD:
        fitting = frozenset(_MOVING)
    if fitting is not None and method not in fitting:
        what = f"{fault.value!r} at the point {point.value!r}"
        raise _refused(f"rule {number}: {what} is for the method {_one_of(fitting)}")


def _value(number: int, key: str, value: object) -> object:
    check = _VALUES[key]
    try:
        return check.parse(value)
    except (ValueError, TypeError, KeyError) as error:
        raise _refused(f"rule {number}: {key!r} must be {check.right}, not {value!r}") from error


def _choice(number: int, key: str, value: object, choices: type[Choice]) -> Choice:
    for choice in choices:
        if choice.value == value:
            return choice
    allowed = _one_of(choice.value for choice in choices)
    raise _refused(f"rule {number}: {key!r} must be {allowed}, not {value!r}")


def _refused(reason: str) -> InvalidParametersError:
    return InvalidParametersError(DRIVER_NAME, "script", reason)


def _one_of(words: Iterable[str], last: str = "or") -> str:
    *most, final = sorted(map(repr, words))
    return f"{', '.join(most)} {last} {final}" if most else final


def _mapping(value: object, otherwise: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else otherwise


@dataclass(frozen=True, slots=True)
class _Check:
    """Makes the value of a key from what the file has; raises ValueError or TypeError."""

    parse: Callable[[object], object]
    right: str


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


_COUNT: Final = _Check(_integer_from(1), "an integer above 0")
_TEXT: Final = _Check(_text, "a text")
_MAP: Final = _Check(_wire_map, "an object")

_VALUES: Final[Mapping[str, _Check]] = {
    "method": _Check(_method, f'"*" or one of {", ".join(sorted(CALLS))}'),
    "path": _Check(_text, "a path, or a pattern of paths"),
    "nth": _Check(_nth, 'an integer above 0, a list of them, or "every"'),
    "after_bytes": _COUNT,
    "after_chunks": _COUNT,
    "status": _Check(_integer_from(0), "an exit status"),
    "signal": _Check(_signal, 'the number or name of a signal, "SIGKILL"'),
    "seconds": _Check(_seconds, "a number of seconds"),
    "code": _Check(_text, 'the code of an error, "NoSpace"'),
    "message": _TEXT,
    "temporary": _Check(_flag, "true or false"),
    "fields": _MAP,
    "result": _MAP,
    "frames": _Check(_frames, 'a list of messages, each a list of frames in hexadecimal, [["93"]]'),
    "instead": _Check(_flag, "true or false"),
    "by": _Check(_integer_from(-(1 << 53)), "an integer"),
    "stream": _Check(_stream, '"stdout" or "stderr"'),
    "text": _TEXT,
    "times": _COUNT,
    "token": _TEXT,
    "version": _TEXT,
}
