from __future__ import annotations

from pathlib import Path

import click
import pytest

from storagedriver.cli.parameters import parse_parameters
from storagedriver.contract import Secret


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("0", 0),
        ("-7", -7),
        ("007", 7),
        ("1.5", "1.5"),
        ("True", "True"),
        ("null", "null"),
        ("", ""),
        ("a=b", "a=b"),
        ("/srv/store", "/srv/store"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_a_value_is_a_json_scalar_or_text(written: str, value: object) -> None:
    parsed = parse_parameters(None, [f"key={written}"])["key"]
    assert (parsed, type(parsed)) == (value, type(value))


def test_a_pair_wins_over_the_object_and_a_later_pair_over_an_earlier() -> None:
    parsed = parse_parameters('{"a": 1, "b": [2], "c": {}}', ["a=2", "a=3"])
    assert parsed == {"a": 3, "b": [2], "c": {}}


def test_a_file_gives_a_secret_without_its_final_newline(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("two\nlines\n")
    assert parse_parameters(None, [f"key=@{path}"]) == {"key": Secret("two\nlines")}


def test_a_file_that_is_no_text_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"sesame\xff")
    with pytest.raises(click.BadParameter, match="key wants a file that is not text") as caught:
        parse_parameters(None, [f"key=@{path}"])
    assert caught.value.__context__ is None


def test_the_environment_gives_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "12")
    assert parse_parameters(None, ["key=env:A_KEY"]) == {"key": Secret("12")}


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(click.BadParameter, match="key wants the environment variable NOT_SET"):
        parse_parameters(None, ["key=env:NOT_SET"])


def test_a_file_that_is_not_there_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        parse_parameters(None, [f"key=@{tmp_path}/none"])


@pytest.mark.parametrize("pair", ["key", "=value", ""])
def test_what_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises(click.BadParameter, match="KEY=VALUE"):
        parse_parameters(None, [pair])


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "{'a': 1}"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_parameters(text, [])


def test_no_message_repeats_a_value() -> None:
    for json_text, pairs in [
        ('{"password": "hunter2"', []),
        ('"hunter2"', []),
        (None, ["hunter2"]),
    ]:
        with pytest.raises(click.BadParameter) as caught:
            parse_parameters(json_text, pairs)
        assert "hunter2" not in str(caught.value)
