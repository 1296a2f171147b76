"""The libraries in Go: examples/go is clean, and its own tests pass."""

from __future__ import annotations

import sysconfig
from dataclasses import replace

import pytest

from tests.languages.languages import GO, Builds
from tests.languages.tools import Tools


@pytest.fixture
def go(builds: Builds) -> Tools:
    return builds.of(GO).tools


def test_the_code_is_formatted(go: Tools) -> None:
    assert go.run("gofmt", "-l", ".") == ""


def test_vet_finds_nothing(go: Tools) -> None:
    go.run("go", "vet", "./...")


def test_its_own_tests_pass(go: Tools) -> None:
    # Always run: Go does not see that the vectors, which are outside of its module, have changed.
    # The host library is tested with the drivers in Python too.
    python = {"STORAGEDRIVER_PYTHON_DRIVERS": sysconfig.get_path("scripts")}
    tools = replace(go, environment={**go.environment, **python})
    tools.run("go", "test", "-count=1", "./...")
