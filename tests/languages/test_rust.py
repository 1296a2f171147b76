"""The library and the drivers in Rust: examples/rust is clean, and its own tests pass."""

from __future__ import annotations

import pytest

from tests.languages.languages import RUST, Builds
from tests.languages.tools import Tools

# One profile for all: with two, all that it depends on would be compiled twice.
BUILT_ONCE = ("--release", "--locked")


@pytest.fixture
def rust(builds: Builds) -> Tools:
    return builds.of(RUST).tools


def test_the_code_is_formatted(rust: Tools) -> None:
    rust.run("cargo", "fmt", "--check")


def test_clippy_finds_nothing(rust: Tools) -> None:
    rust.run("cargo", "clippy", *BUILT_ONCE, "--all-targets", "--", "--deny=warnings")


def test_its_own_tests_pass(rust: Tools) -> None:
    rust.run("cargo", "test", *BUILT_ONCE)
