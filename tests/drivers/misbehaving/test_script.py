"""A script says what is wrong with it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from storagedriver.contract import InvalidParametersError
from storagedriver.drivers.misbehaving.rules import Fault, Point, Rule
from storagedriver.drivers.misbehaving.script import read_script


def rules_of(path: Path, *rules: object) -> tuple[Rule, ...]:
    path.write_text(json.dumps({"rules": rules}))
    return read_script(str(path)).rules


def test_a_rule_is_read_with_its_defaults(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path / "s", {"do": "crash", "method": "Stat"})
    assert (rule.number, rule.fault, rule.point) == (1, Fault.CRASH, Point.BEFORE)
    assert (rule.method, rule.path, rule.nth) == ("Stat", "*", frozenset({1}))
    assert rule.signal is signal.SIGKILL


def test_toml_says_the_same_as_json(tmp_path: Path) -> None:
    wanted = rules_of(
        tmp_path / "s.json",
        {"do": "slow", "method": "*", "point": "content", "after_bytes": 3, "seconds": 0.5},
    )
    toml = tmp_path / "s.toml"
    toml.write_text(
        '[[rules]]\ndo = "slow"\nmethod = "*"\npoint = "content"\nafter_bytes = 3\nseconds = 0.5\n'
    )
    assert read_script(str(toml)).rules == wanted


def test_a_fault_with_one_point_needs_not_name_it(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path / "s", {"do": "wrong-token"})
    assert rule.point is Point.START


@pytest.mark.parametrize(
    ("value", "expected"), [(2, {2}), ([1, 3], {1, 3}), ("every", None)], ids=str
)
def test_occurrences(tmp_path: Path, value: object, expected: object) -> None:
    (rule,) = rules_of(tmp_path / "s", {"do": "stop", "method": "Stat", "nth": value})
    assert rule.nth == expected


def test_frames_are_bytes(tmp_path: Path) -> None:
    rule = {"do": "frames", "method": "Stat", "frames": [["93", "00ff"], ["c0"]]}
    assert rules_of(tmp_path / "s", rule)[0].frames == ((b"\x93", b"\0\xff"), (b"\xc0",))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({}, 'an object that says what to "do"'),
        ("crash", 'an object that says what to "do"'),
        ({"do": "explode", "method": "Stat"}, "'do' must be 'answer'"),
        ({"do": "crash"}, 'needs "method"'),
        ({"do": "crash", "method": "stat"}, "'method' must be \"*\" or one of CancelUpload"),
        ({"do": "crash", "method": "Stat", "point": "late"}, "'point' must be 'after', 'before'"),
        ({"do": "crash", "method": "Stat", "nth": 0}, "'nth' must be an integer above 0"),
        ({"do": "crash", "method": "Stat", "nth": True}, "'nth' must be an integer above 0"),
        ({"do": "crash", "method": "Stat", "signal": "SIGNOT"}, "'signal' must be the number or"),
        ({"do": "crash", "method": "Stat", "sginal": 9}, "has no 'sginal'; it has 'method'"),
        ({"do": "crash", "point": "start", "method": "Stat"}, "has no 'method'"),
        ({"do": "crash", "method": "ReadStream", "point": "content"}, 'either "after_bytes" or'),
        (
            {"do": "crash", "method": "Stat", "point": "content", "after_bytes": 1},
            "at the point 'content' is for the method 'GetContent'",
        ),
        (
            {"do": "end-early", "method": "WriteStream", "after_bytes": 1},
            "is for the method 'GetContent' or 'ReadStream'",
        ),
        ({"do": "wrong-count", "method": "Move"}, "is for the method"),
        ({"do": "wrong-token", "point": "before"}, "has its point at 'start'"),
        ({"do": "error", "method": "Stat"}, "needs 'code': the code of an error"),
        ({"do": "slow", "method": "Stat", "seconds": "long"}, "must be a number of seconds"),
        ({"do": "frames", "method": "Stat", "frames": ["93"]}, "must be a list of messages"),
        ({"do": "frames", "method": "Stat", "frames": [["9"]]}, "must be a list of messages"),
    ],
    ids=str,
)
def test_a_mistake_names_the_rule_and_what_would_be_right(
    tmp_path: Path, rule: object, told: str
) -> None:
    good = {"do": "stop", "method": "Stat"}
    with pytest.raises(InvalidParametersError) as caught:
        rules_of(tmp_path / "s", good, rule)
    assert caught.value.parameter == "script"
    assert caught.value.reason.startswith("rule 2")
    assert told in caught.value.reason


@pytest.mark.parametrize("text", ["", "[]", "{", '{"rules": {}}', "\xff"])
def test_what_is_no_script_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(InvalidParametersError) as caught:
        read_script(str(path))
    assert str(path) in caught.value.reason


def test_a_script_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParametersError, match="cannot be read"):
        read_script(str(tmp_path / "none"))
