"""Every line of the contract has a case, every case stands for a line, and the table says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver.conformance import CASES, REQUIREMENTS, Case
from storagedriver.conformance.requirements import table


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_every_requirement_has_a_case(requirement: str) -> None:
    assert any(requirement in case.covers for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_stands_for_a_requirement(case: Case) -> None:
    assert case.covers
    assert set(case.covers) <= set(REQUIREMENTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_says_in_a_sentence_what_it_checks(case: Case) -> None:
    assert case.sentence.endswith(".")


def test_all_edge_cases_disputes_and_tests_of_the_original_are_there() -> None:
    for kind, count in (("edge", 22), ("dispute", 17), ("2015", 31)):
        assert sum(key.startswith(f"{kind} ") for key in REQUIREMENTS) == count


def test_the_documentation_shows_the_table(checkout: Path) -> None:
    assert table(CASES) in (checkout / "docs/suite.md").read_text(encoding="utf-8")
