"""The library and the drivers in C++: examples/cpp is clean, and its own tests pass."""

from __future__ import annotations

import pytest

from tests.languages.languages import CPP, Builds, Built


@pytest.fixture
def cpp(builds: Builds) -> Built:
    return builds.of(CPP)


def test_the_code_is_formatted(cpp: Built) -> None:
    folder = cpp.tools.folder
    files = [
        str(file)
        for part in ("storagedriver", "drivers")
        for file in sorted((folder / part).rglob("*.[ch]pp"))
    ]
    assert files
    cpp.tools.run("clang-format", "--dry-run", "--Werror", *files)


def test_its_own_tests_pass(cpp: Built) -> None:
    build = cpp.programs.parent / "build"
    cpp.tools.run("ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error")
