"""Lines of structured logs, JSON or logfmt: level, message, and the rest as fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final, cast

from storagedriver.ipc.log_levels import level_of_name, level_of_number, without_time

Fields = dict[str, object]

# The names under which log libraries put the level, in lower case, the more special ones first:
# a line may have `severity` and an unrelated `level`.
_LEVEL_KEYS: Final = (
    "@level",
    "@l",
    "log.level",
    "levelname",
    "severity_text",
    "severitytext",
    "severity",
    "loglevel",
    "log_level",
    "lvl",
    "level",
)
_MESSAGE_KEYS: Final = ("@message", "@m", "message", "msg", "event", "short_message")

# Where a level has to be in logfmt: looking for it takes its time.
_HEAD_CHARACTERS: Final = 1000

_PAIR: Final = re.compile(r'(?<!\S)([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
_LOGFMT_LEVEL: Final = re.compile(rf'\b(?:{"|".join(map(re.escape, _LEVEL_KEYS))})="?\w', re.I)


def parse_json(line: str) -> tuple[int | None, str | None, Fields] | None:
    """Return level, message and fields of one JSON object; None if the line is none.

    Level and message are None, and stay in the fields, where they are not what is known.
    """
    if not (line.startswith("{") and line.rstrip().endswith("}")):
        return None
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _parted(cast("Fields", value))


def parse_logfmt(line: str) -> tuple[int | None, str | None, Fields] | None:
    """Return likewise what a line `level=warn msg="..."` says, also one with a time before it.

    None if the line does not begin with a pair, or has no level among its pairs: any text may have
    equals signs in it.
    """
    if not _LOGFMT_LEVEL.search(line[:_HEAD_CHARACTERS]):
        return None
    line = without_time(line)
    if not _PAIR.match(line):
        return None
    fields: Fields = {key: _unquoted(value) for key, value in _PAIR.findall(line)}
    level, message, rest = _parted(fields)
    if level is None:
        return None
    # Words between the pairs would be lost, so then the whole line is the message.
    return level, None if _PAIR.sub("", line).strip() else message, rest


def _parted(fields: Fields) -> tuple[int | None, str | None, Fields]:
    names = {key.lower(): key for key in reversed(fields)}
    level = _take_level(fields, names)
    return level, _take_message(fields, names), fields


def _take_level(fields: Fields, names: dict[str, str]) -> int | None:
    for name in _known(_LEVEL_KEYS, names):
        if (level := _level(fields[name])) is not None:
            del fields[name]
            return level
    return None


def _take_message(fields: Fields, names: dict[str, str]) -> str | None:
    for name in _known(_MESSAGE_KEYS, names):
        if isinstance(message := fields[name], str):
            del fields[name]
            return message
    # Rust's tracing: {"level": ..., "fields": {"message": ...}}
    inner = fields.get("fields")
    if isinstance(inner, dict):
        inner_fields = cast("Fields", inner)
        if isinstance(inner_fields.get("message"), str):
            return str(inner_fields.pop("message"))
    return None


def _known(keys: Iterable[str], names: dict[str, str]) -> Iterable[str]:
    return (names[key] for key in keys if key in names)


def _level(value: object) -> int | None:
    if isinstance(value, str):
        return level_of_number(int(value[:4])) if value.isdecimal() else level_of_name(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return level_of_number(value)
    return None


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1]
