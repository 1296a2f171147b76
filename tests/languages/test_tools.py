"""A missing tool skips tests where somebody works, and fails them in continuous integration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.languages.tools import ensure_debian_packages, find_tools

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


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for a Debian: a package is a file in it, and apt-get has been called."""
    programs = tmp_path / "programs"
    programs.mkdir()
    query = 'for name; do :; done; test -e "$name" && printf "ii "'
    # It installs nothing before it is told what there is.
    apt = """echo "$@" >> calls; case "$*" in
        *update) touch updated;;
        *) test -e updated || exit 100; for name; do touch -- "$name"; done;;
        esac"""
    for name, script in (("dpkg-query", query), ("apt-get", apt)):
        program = programs / name
        program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return tmp_path


def test_packages_that_are_there_are_left_alone(
    debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    (debian / "libthing-dev").touch()
    ensure_debian_packages("libthing-dev")
    assert not (debian / "calls").exists()


@pytest.mark.usefixtures("at_a_desk")
def test_a_package_that_is_not_there_skips(debian: Path) -> None:
    (debian / "libthing-dev").touch()
    with pytest.raises(pytest.skip.Exception, match=r"apt-get install other-dev$"):
        ensure_debian_packages("libthing-dev", "other-dev")
    assert not (debian / "calls").exists()


def test_continuous_integration_installs_as_root(
    debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    ensure_debian_packages("libthing-dev", "other-dev")
    assert (debian / "libthing-dev").exists()
    assert (debian / "other-dev").exists()


def test_continuous_integration_that_may_not_install_fails(
    debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(pytest.fail.Exception, match=r"apt-get install other-dev$"):
        ensure_debian_packages("other-dev")
    assert not (debian / "calls").exists()
