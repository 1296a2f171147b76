"""What the tests of drivers in other languages share: what was built, and what was found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest

from tests.languages.code_lines import count_code_lines
from tests.languages.findings import Findings
from tests.languages.languages import LANGUAGES, Builds, sizes_of
from tests.languages.matrix import Matrix, page_with


@pytest.fixture(scope="session")
def builds(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """The examples in all languages, each built when it is first asked for."""
    return Builds(checkout / "examples", tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def matrix(checkout: Path, request: pytest.FixtureRequest) -> Iterator[Matrix]:
    """What is known of the drivers, for tests to put in what they find.

    Full runs and those of continuous integration write it down, with the page that shows it.
    """
    data, page = checkout / "examples" / "matrix.json", checkout / "examples" / "README.md"
    matrix = Matrix.read(data)
    yield matrix
    if request.config.getoption("--full") or os.environ.get("CI"):
        matrix.lines = {}
        for language in LANGUAGES:
            matrix.lines |= sizes_of(language, data.parent)
        minimal = data.parent / "minimal" / "registry-storage-minimal"
        matrix.lines["minimal"] = count_code_lines(minimal, suffix=".py")
        matrix.write(data)
        text = page_with(matrix, page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def findings(matrix: Matrix, checkout: Path) -> Findings:
    git = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    # Of an archive without its history no commit is known.
    told = run(git, capture_output=True, text=True, check=False)
    return Findings(matrix, told.stdout.strip() if told.returncode == 0 else "")
