"""The library and the drivers in Node.js: examples/node is clean, and its own tests pass."""

from __future__ import annotations

import pytest

from tests.languages.languages import NODE, Builds
from tests.languages.tools import Tools


@pytest.fixture
def node(builds: Builds) -> Tools:
    """The tools, in a copy that is built."""
    return builds.of(NODE).tools


def test_the_code_is_formatted_and_the_linter_finds_nothing(node: Tools) -> None:
    node.run("npm", "run", "lint")


def test_its_own_tests_pass(node: Tools) -> None:
    # Not `npm test`, which would build it once more.
    node.run("node", "--test", "dist/")
