"""Reading a script: a file of rules, each checked, so that a slip of the pen is told at the start.

    {"rules": [{"do": "crash", "method": "PutContent", "nth": 1, "point": "after"}]}

in JSON, or the same in TOML where the file's name ends so. docs/fault-kit.md lists all keys.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar, cast

from storagedriver.contract.errors import InvalidParametersError
from storagedriver.drivers.misbehaving.keys import KEYS
from storagedriver.drivers.misbehaving.rules import ANY_METHOD, READS, Fault, Point, Rule
from storagedriver.ipc.calls import CALLS, Direction

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
        raise _refused(f"rule {number}: {fault.value!r} needs {key!r}: {KEYS[key].right}")


def _check_method(number: int, method: object, fault: Fault, point: Point) -> None:
    fitting = _FORMS[fault].methods
    if fitting is None and point is Point.CONTENT and method != ANY_METHOD:
        fitting = frozenset(_MOVING)
    if fitting is not None and method not in fitting:
        what = f"{fault.value!r} at the point {point.value!r}"
        raise _refused(f"rule {number}: {what} is for the method {_one_of(fitting)}")


def _value(number: int, key: str, value: object) -> object:
    check = KEYS[key]
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
