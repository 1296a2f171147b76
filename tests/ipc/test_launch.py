"""What a driver is started with, and that nothing secret is where others can see it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from storagedriver.contract import InvalidParametersError, Secret
from storagedriver.ipc.launch import ALLOWED_VARIABLES, Launch, environment, prepare

TOKEN = "6e2c"  # noqa: S105 - made up
SECRET = "open sesame"  # noqa: S105 - made up

ENDLESS: dict[str, object] = {}
ENDLESS["b"] = ENDLESS


def first_line(launch: Launch) -> object:
    line = bytes(launch.first_line)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return json.loads(line)


class TestParameters:
    def test_plain_ones_are_the_argument(self) -> None:
        parameters = {"a": "text", "b": [1, 2.5, None, True], "c": {"d": ("x", "é\n\0")}}
        launch = prepare("demo", parameters, TOKEN)
        assert json.loads(launch.argument) == {**parameters, "c": {"d": ["x", "é\n\0"]}}
        assert first_line(launch) == {"token": TOKEN}

    @pytest.mark.parametrize(
        "parameters",
        [
            {"key": Secret(SECRET)},
            {"nested": {"key": Secret(SECRET)}},
            {"listed": [1, {"key": Secret(SECRET)}]},
        ],
    )
    def test_a_secret_anywhere_sends_all_of_them_through_the_input(
        self, parameters: dict[str, object]
    ) -> None:
        launch = prepare("demo", {"plain": 1, **parameters}, TOKEN)
        assert launch.argument == "-"
        sent = first_line(launch)
        assert isinstance(sent, dict)
        assert sent["token"] == TOKEN
        assert sent["parameters"]["plain"] == 1
        assert SECRET in bytes(launch.first_line).decode()

    def test_what_is_secret_is_not_shown(self) -> None:
        launch = prepare("demo", {"key": Secret(SECRET)}, TOKEN)
        assert SECRET not in repr(launch)
        assert TOKEN not in repr(launch)

    def test_what_is_too_long_for_an_argument_goes_through_the_input(self) -> None:
        parameters = {"long": "x" * 200_000}
        launch = prepare("demo", parameters, TOKEN)
        assert launch.argument == "-"
        assert first_line(launch) == {"token": TOKEN, "parameters": parameters}

    @pytest.mark.parametrize(
        ("parameters", "where", "reason"),
        [
            ({"a": b"x"}, "a", "JSON has no bytes"),
            ({"a": {"b": [0, object()]}}, "a.b[1]", "JSON has no object"),
            ({"a": [{"b": date(2015, 1, 1)}]}, "a[0].b", "JSON has no date"),
            ({"a": float("nan")}, "a", "JSON has no nan"),
            ({"a": [float("-inf")]}, "a[0]", "JSON has no -inf"),
            ({"a": {1: 2}}, "a.1", "the name of a parameter is a str, not int"),
            ({2: 3}, "2", "the name of a parameter is a str, not int"),
            ({"a": {"b": 1 << 64}}, "a.b", "a number beyond 64 bits"),
            ({"a": ENDLESS}, "a", "nested deeper than 64 levels"),
        ],
    )
    def test_a_value_that_json_does_not_have_is_named_with_its_path(
        self, parameters: dict[str, object], where: str, reason: str
    ) -> None:
        with pytest.raises(InvalidParametersError) as caught:
            prepare("demo", parameters, TOKEN)
        error = caught.value
        assert (error.name, error.parameter, error.reason) == ("demo", where, reason)


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def _environment_of_the_host(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ALLOWED_VARIABLES:
            monkeypatch.setenv(name, f"our {name}")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy")

    def test_only_what_is_allowed_is_handed_on(self) -> None:
        assert environment("ipc:///x", passed=(), added={}) == {
            **{name: f"our {name}" for name in ALLOWED_VARIABLES},
            "STORAGEDRIVER_ENDPOINT": "ipc:///x",
        }

    def test_what_is_not_set_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LANG")
        assert "LANG" not in environment("ipc:///x", passed=("NOT_SET",), added={})
        assert "NOT_SET" not in environment("ipc:///x", passed=("NOT_SET",), added={})

    def test_more_is_handed_on_when_it_is_asked_for(self) -> None:
        variables = environment("ipc:///x", passed=["HTTPS_PROXY"], added={})
        assert variables["HTTPS_PROXY"] == "http://proxy"
        assert "AWS_SECRET_ACCESS_KEY" not in variables

    def test_what_is_added_counts_more_than_ours_and_less_than_the_endpoint(self) -> None:
        added = {"HOME": "/elsewhere", "NEW": "1", "STORAGEDRIVER_ENDPOINT": "ipc:///y"}
        variables = environment("ipc:///x", passed=(), added=added)
        assert (variables["HOME"], variables["NEW"]) == ("/elsewhere", "1")
        assert variables["STORAGEDRIVER_ENDPOINT"] == "ipc:///x"
