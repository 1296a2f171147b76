"""What the tests of drivers in other languages share: what was built, and what was found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest

from storagedriver.conformance import CaseOutcome, Report
from storagedriver.conformance.faults import Subject, Verdict, check_faults
from tests.languages.code_lines import count_code_lines
from tests.languages.findings import Findings
from tests.languages.languages import LANGUAGES, Builds, sizes_of
from tests.languages.matrix import Matrix, page_with
from tests.languages.tools import (
    Tools as Tools,
)
from tests.languages.tools import (
    ensure_debian_packages as ensure_debian_packages,
)
from tests.languages.tools import (
    find_tools as find_tools,
)

FAULT_SECONDS = 60.0


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


# LEAD: compatibility until all languages have landed; goes away.
def assert_all_passed(report: Report, features: frozenset[str]) -> None:
    """Hold a run to what it was to be: no case failed, or was skipped for want of a feature."""
    failed = {result.name: result.reason for result in report.with_outcome(CaseOutcome.FAILED)}
    assert failed == {}
    assert report.passed
    assert report.features == features


def assert_bears_faults(program: Path, name: str, parameters: dict[str, object]) -> None:
    """Hold a driver to the fault kit, which its store must be empty for."""
    subject = Subject(name, [str(program)], parameters)
    report = check_faults(subject, seconds=FAULT_SECONDS)
    failed = [found for found in report.findings if found.verdict is not Verdict.PASSED]
    assert failed == []
    assert report.passed
