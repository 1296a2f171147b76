"""A missing tool skips tests where somebody works, and fails them in continuous integration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.languages.conftest import find_tools

MISSING = ["storagedriver-has-no-such-tool"]
TOO_OLD = ["sh", "-c", "echo too old >&2; exit 1"]


@pytest.fixture
def at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.usefixtures("at_a_desk")
def test_a_missing_tool_skips(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="Tool 2 or later is not on PATH"):
        find_tools(tmp_path, MISSING, needs="Tool 2 or later")


@pytest.mark.usefixtures("at_a_desk")
def test_a_tool_that_cannot_do_skips_with_what_it_says(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"Tool 2 or later is wanted.* too old"):
        find_tools(tmp_path, TOO_OLD, needs="Tool 2 or later")


@pytest.mark.parametrize("probe", [MISSING, TOO_OLD])
def test_continuous_integration_skips_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: list[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Tool 2 or later"):
        find_tools(tmp_path, probe, needs="Tool 2 or later")


def test_a_command_that_fails_fails_the_test_with_what_it_says(tmp_path: Path) -> None:
    tools = find_tools(tmp_path, ["true"], needs="nothing")
    with pytest.raises(pytest.fail.Exception, match="exit status 1\ntoo old"):
        tools.run(*TOO_OLD)
