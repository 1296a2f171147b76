"""Structured lines, as the usual log libraries write them."""

from __future__ import annotations

import json
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver.ipc.log_fields import parse_json, parse_logfmt

Case = tuple[str, int | None, str | None, dict[str, object] | None]

JSON_LINES: dict[str, Case] = {
    "pino": ('{"level":40,"time":1,"pid":7,"msg":"m"}', WARNING, "m", {"time": 1, "pid": 7}),
    "bunyan": ('{"name":"n","level":60,"msg":"m","v":0}', CRITICAL, "m", {"name": "n", "v": 0}),
    "zap": ('{"level":"dpanic","ts":1.5,"msg":"m"}', CRITICAL, "m", {"ts": 1.5}),
    "logrus": ('{"level":"warning","msg":"m","time":"t"}', WARNING, "m", {"time": "t"}),
    "zerolog": ('{"level":"error","error":"e","message":"m"}', ERROR, "m", {"error": "e"}),
    "slog": (
        '{"time":"t","level":"ERROR+2","msg":"m","k":[1]}',
        ERROR,
        "m",
        {"time": "t", "k": [1]},
    ),
    "hclog": (
        '{"@level":"warn","@message":"m","@timestamp":"t"}',
        WARNING,
        "m",
        {"@timestamp": "t"},
    ),
    "structlog": ('{"event":"m","level":"info","user":1}', INFO, "m", {"user": 1}),
    "python-json-logger": (
        '{"levelname":"CRITICAL","message":"m","name":"n"}',
        CRITICAL,
        "m",
        {"name": "n"},
    ),
    "ECS": ('{"log.level":"debug","message":"m","x":null}', DEBUG, "m", {"x": None}),
    "Cloud Logging": ('{"severity":"WARNING","message":"m"}', WARNING, "m", {}),
    "winston": ('{"level":"error","message":"m"}', ERROR, "m", {}),
    "GELF": ('{"level":3,"short_message":"m","host":"h"}', ERROR, "m", {"host": "h"}),
    "log15": ('{"lvl":"crit","msg":"m","t":"t"}', CRITICAL, "m", {"t": "t"}),
    "tracing": (
        '{"level":"WARN","fields":{"message":"m","n":1},"target":"t"}',
        WARNING,
        "m",
        {"fields": {"n": 1}, "target": "t"},
    ),
    "capital letters": ('{"Level":"Error","Message":"m"}', ERROR, "m", {}),
    "number as text": ('{"level":"50","msg":"m"}', ERROR, "m", {}),
    "severity before level": (
        '{"level":"9","severity":"ERROR","msg":"m"}',
        ERROR,
        "m",
        {"level": "9"},
    ),
    "no level": ('{"msg":"m","a":1}', None, "m", {"a": 1}),
    "no message": ('{"level":"warn","a":1}', WARNING, None, {"a": 1}),
    "an unknown level": ('{"level":"banana","msg":"m"}', None, "m", {"level": "banana"}),
    "true is no level": ('{"level":true,"msg":"m"}', None, "m", {"level": True}),
    "a message that is no text": ('{"level":"warn","msg":5}', WARNING, None, {"msg": 5}),
    "a space behind": ('{"level":"warn","msg":"m"} ', WARNING, "m", {}),
    "nothing": ("{}", None, None, {}),
}


@pytest.mark.parametrize("case", JSON_LINES)
def test_json(case: str) -> None:
    line, *meaning = JSON_LINES[case]
    assert parse_json(line) == tuple(meaning)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "text",
        "[1, 2]",
        '"text"',
        '{"cut": ',
        "{not json}",
        '{"a":' * 30_000 + "1" + "}" * 30_000,
        '{"level":' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_object_is_text(line: str) -> None:
    assert parse_json(line) is None


def test_a_level_of_many_digits_is_none() -> None:
    line = json.dumps({"level": "9" * 5000, "msg": "m"})
    assert parse_json(line) == (None, "m", {"level": "9" * 5000})


LOGFMT_LINES: dict[str, Case] = {
    "level first": ('level=warn msg="two words" n=1', WARNING, "two words", {"n": "1"}),
    "slog": (
        "time=2026-11-21T12:00:00Z level=ERROR msg=m",
        ERROR,
        "m",
        {"time": "2026-11-21T12:00:00Z"},
    ),
    "logrus": ('time="t" level=fatal msg="a \\"b\\""', CRITICAL, 'a "b"', {"time": "t"}),
    "log15": ("t=1 lvl=eror msg=m", None, None, None),
    "lvl": ("t=1 lvl=crit msg=m", CRITICAL, "m", {"t": "1"}),
    "severity in quotes": ('severity="error" message=m', ERROR, "m", {}),
    "a time before it": ("2026-11-21 12:00:00 level=debug msg=m", DEBUG, "m", {}),
    "no message": ("level=info a=b", INFO, None, {"a": "b"}),
    "words between": ("level=info hello msg=m", INFO, None, {}),
    "an empty value": ("level=info a= msg=m", INFO, "m", {"a": ""}),
    "a bad escape": (r'level=info msg="\q"', INFO, r"\q", {}),
}


@pytest.mark.parametrize("case", LOGFMT_LINES)
def test_logfmt(case: str) -> None:
    line, level, message, fields = LOGFMT_LINES[case]
    expected = None if level is None else (level, message, fields)
    assert parse_logfmt(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "started with level=debug",
        "a=b c=d",
        "url=http://host/?level=error",
        "level",
        "level=",
        "level=banana",
        "a=b level=" + "x" * 100_000,
        'a="' * 30_000 + "level=x",
    ],
)
def test_text_with_equals_signs_is_text(line: str) -> None:
    assert parse_logfmt(line) is None


@given(st.text())
def test_no_line_is_an_error(line: str) -> None:
    parse_json(line)
    parse_json("{" + line + "}")
    parse_logfmt("level=info " + line)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["level", "msg", "fields", "message", "a"]), inner)
        ),
    )
)
def test_no_object_is_an_error(value: object) -> None:
    assert parse_json(json.dumps({"level": value, "msg": value, "fields": value})) is not None
