"""The library and the drivers in Java: examples/java is clean, and its own tests pass."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.languages.languages import JAVA, Builds
from tests.languages.tools import Tools


@pytest.fixture
def java(builds: Builds) -> Tools:
    """Maven, in a copy in which it has run."""
    return builds.of(JAVA).tools


def test_its_own_tests_have_run_and_passed(java: Tools) -> None:
    suites = [
        ElementTree.parse(report).getroot()
        for report in java.folder.glob("*/target/surefire-reports/*.xml")
    ]
    assert {module.parent.name for module in java.folder.glob("*/target")} == {
        "storagedriver",
        "drivers",
    }
    assert sum(int(suite.attrib["tests"]) for suite in suites) > 600
    for outcome in ("errors", "failures", "skipped"):
        assert {suite.attrib[outcome] for suite in suites} == {"0"}


def test_the_code_is_formatted_and_compiles_without_warnings(java: Tools) -> None:
    # Maven has failed if it is not; here is to be seen that it was asked.
    project = (java.folder / "pom.xml").read_text(encoding="utf-8")
    for asked in ("-Xlint:all", "<failOnWarning>true", "<goal>check</goal>"):
        assert asked in project
