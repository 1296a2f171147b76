"""Every call of the protocol as data: its parameters, its result, and which way its content flows.

See spec/PROTOCOL.md, "Calls". The check functions hold what came against the table, once per
message. Everything here is immutable and may be used from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Final

from storagedriver.contract import ProtocolError, UnsupportedMethodError
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.wire_values import CHECKS, MisfitError, Type, time_from_wire, time_to_wire

__all__ = [
    "CALLS",
    "Call",
    "Direction",
    "Key",
    "check_entries",
    "check_info",
    "check_params",
    "check_result",
    "time_from_wire",
    "time_to_wire",
]


class Direction(Enum):
    """Which way the content of a call flows, seen from the host."""

    NONE = "none"
    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a map: nil means the same as absent, and then `default` stands for it."""

    name: str
    type: Type
    required: bool = True
    default: Wire = None


@dataclass(frozen=True, slots=True)
class Call:
    """One method. `info` are the keys of START, where the call has one."""

    method: str
    direction: Direction
    params: tuple[Key, ...]
    result: tuple[Key, ...]
    info: tuple[Key, ...] = ()
    entry: tuple[Key, ...] = ()
    """Of a listing: the elements of each of its entries, in order."""
    control: bool = False
    """Whether it belongs to the control channel."""
    count_key: str | None = None
    """The key of the result that must agree with the bytes of content that moved."""
    counts_from_offset: bool = False
    """Whether that count has the param `offset` in it."""


def check_params(method: str, params: Mapping[str, Wire]) -> dict[str, Wire]:
    """Return the known keys of `params`, normalised, with defaults for those that are absent.

    Integers that came as floats are ints, and times pairs of ints. Unknown keys are dropped.

    Raises UnsupportedMethodError if there is no such method, ProtocolError that names the key which
    is missing or of a wrong type.
    """
    plan = _PARAMS.get(method)
    if plan is None:
        raise UnsupportedMethodError(method)
    return _check(method, "params", plan, params)


def check_result(method: str, result: Mapping[str, Wire] | None) -> dict[str, Wire]:
    """As `check_params`, for the result of a success; None is an empty map.

    Raises ProtocolError also if there is no such method.
    """
    return _check(method, "result", _plan_of(_RESULTS, method), result or {})


def check_info(method: str, info: Mapping[str, Wire]) -> dict[str, Wire]:
    """As `check_result`, for the info of a START."""
    return _check(method, "info", _plan_of(_INFOS, method), info)


def check_entries(method: str, entries: list[list[Wire]]) -> list[list[Wire]]:
    """As `check_result`, for entries of a listing, which come back with all known elements only."""
    plan = _plan_of(_ENTRIES, method)
    return [_check_entry(method, plan, entry) for entry in entries]


_NONE: Final = Direction.NONE
_SENT: Final = Direction.SENT
_RECEIVED: Final = Direction.RECEIVED

_PATH: Final = Key("path", Type.TEXT)
_UPLOAD_ID: Final = Key("upload_id", Type.TEXT)
_OFFSET: Final = Key("offset", Type.COUNT)
_SIZE: Final = Key("size", Type.COUNT)
_VERSION: Final = Key("version", Type.VERSION, required=False, default=b"")
_CREDIT: Final = Key("credit", Type.CREDIT)
_END: Final = Key("end", Type.FLAG, required=False, default=False)
_COUNT: Final = Key("count", Type.COUNT)
_START_AFTER: Final = Key("start_after", Type.TEXT, required=False)
_META: Final = Key("meta", Type.META, required=False)

_READ_INFO: Final = (Key("size", Type.COUNT, required=False), _VERSION)

_TABLE: Final = (
    Call(
        "Hello",
        _NONE,
        params=(
            Key("version", Type.TEXT),
            Key("features", Type.TEXTS),
            Key("max_chunk", Type.LIMIT),
        ),
        result=(
            Key("version", Type.TEXT),
            Key("name", Type.TEXT),
            Key("features", Type.TEXTS),
            Key("max_channels", Type.COUNT),
            Key("write_credit", Type.LIMIT),
            Key("max_chunk", Type.LIMIT),
        ),
        control=True,
    ),
    Call(
        "OpenChannel",
        _NONE,
        params=(Key("channel", Type.COUNT), Key("endpoint", Type.TEXT)),
        result=(),
        control=True,
    ),
    Call("Ping", _NONE, params=(), result=(Key("workers", Type.WORKERS),), control=True),
    Call("Shutdown", _NONE, params=(), result=(), control=True),
    Call(
        "GetContent",
        _RECEIVED,
        params=(_PATH, _CREDIT),
        result=(_SIZE, _VERSION),
        info=_READ_INFO,
        count_key="size",
    ),
    Call(
        "ReadStream",
        _RECEIVED,
        params=(_PATH, _OFFSET, _CREDIT, _VERSION),
        result=(_SIZE, _VERSION),
        info=_READ_INFO,
        count_key="size",
    ),
    Call(
        "PutContent",
        _SENT,
        params=(_PATH, _END),
        result=(Key("written", Type.COUNT),),
        count_key="written",
    ),
    Call(
        "WriteStream",
        _SENT,
        params=(_PATH, _OFFSET, _END),
        result=(Key("written", Type.COUNT),),
        count_key="written",
    ),
    Call(
        "Stat",
        _NONE,
        params=(_PATH,),
        result=(
            _PATH,
            _SIZE,
            Key("mod_time", Type.TIME, required=False),
            Key("is_dir", Type.FLAG),
        ),
    ),
    Call(
        "List",
        _RECEIVED,
        params=(_PATH, _START_AFTER, _CREDIT),
        result=(_COUNT,),
        entry=(Key("name", Type.TEXT), Key("is_dir", Type.FLAG, required=False)),
    ),
    Call(
        "Walk",
        _RECEIVED,
        params=(_PATH, _START_AFTER, _CREDIT),
        result=(_COUNT,),
        entry=(_PATH, _SIZE, Key("mod_time", Type.TIME)),
    ),
    Call(
        "Move",
        _NONE,
        params=(Key("source", Type.TEXT), Key("destination", Type.TEXT)),
        result=(),
    ),
    Call("Delete", _NONE, params=(_PATH,), result=()),
    Call(
        "URLFor",
        _NONE,
        params=(_PATH, Key("options", Type.OPTIONS)),
        result=(Key("url", Type.TEXT),),
    ),
    Call(
        "OpenUpload",
        _NONE,
        params=(_PATH, Key("upload_id", Type.TEXT, required=False)),
        result=(_UPLOAD_ID, _SIZE),
    ),
    Call(
        "WriteUpload",
        _SENT,
        params=(_UPLOAD_ID, _OFFSET, _END),
        result=(_SIZE,),
        count_key="size",
        counts_from_offset=True,
    ),
    Call(
        "CommitUpload",
        _NONE,
        params=(
            _UPLOAD_ID,
            Key("size", Type.COUNT, required=False),
            Key("digest", Type.TEXT, required=False),
        ),
        result=(),
    ),
    Call("CancelUpload", _NONE, params=(_UPLOAD_ID,), result=()),
    Call("CloseUpload", _NONE, params=(_UPLOAD_ID,), result=()),
    Call(
        "ListUploads",
        _RECEIVED,
        params=(_PATH, _CREDIT),
        result=(_COUNT,),
        entry=(_UPLOAD_ID, _PATH, _SIZE, Key("time", Type.TIME)),
    ),
)

CALLS: Final[Mapping[str, Call]] = {call.method: call for call in _TABLE}
"""Every method by its name on the wire."""

# Of a name that is not known, and may be of any length.
_SHOWN_CHARACTERS: Final = 40

_Check = Callable[[Wire], Wire]
_Plan = tuple[tuple[str, _Check, bool, Wire], ...]


def _plan(keys: tuple[Key, ...]) -> _Plan:
    return tuple((key.name, CHECKS[key.type], key.required, key.default) for key in keys)


_PARAMS: Final = {call.method: _plan((*call.params, _META)) for call in _TABLE}
_RESULTS: Final = {call.method: _plan(call.result) for call in _TABLE}
_INFOS: Final = {call.method: _plan(call.info) for call in _TABLE}
_ENTRIES: Final = {call.method: _plan(call.entry) for call in _TABLE if call.entry}


def _plan_of(plans: Mapping[str, _Plan], method: str) -> _Plan:
    plan = plans.get(method)
    if plan is None:
        raise ProtocolError(f"nothing is known of the answer to {method[:_SHOWN_CHARACTERS]!r}")
    return plan


def _check(method: str, part: str, plan: _Plan, given: Mapping[str, Wire]) -> dict[str, Wire]:
    checked: dict[str, Wire] = {}
    for name, check, required, default in plan:
        value = given.get(name)
        if value is not None:
            try:
                checked[name] = check(value)
            except MisfitError as misfit:
                raise ProtocolError(f"{method} {part}: {name} {misfit}") from None
        elif required:
            raise ProtocolError(f"{method} {part}: {name} is missing")
        else:
            checked[name] = default
    return checked


def _check_entry(method: str, plan: _Plan, entry: list[Wire]) -> list[Wire]:
    checked: list[Wire] = []
    for (name, check, required, default), value in zip_longest(plan, entry[: len(plan)]):
        if value is not None:
            try:
                checked.append(check(value))
            except MisfitError as misfit:
                raise ProtocolError(f"{method} entry: {name} {misfit}") from None
        elif required:
            raise ProtocolError(f"{method} entry: {name} is missing")
        else:
            checked.append(default)
    return checked
