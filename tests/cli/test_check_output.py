from __future__ import annotations

import pytest

from storagedriver.cli.check_output import Checked, print_for_people
from storagedriver.conformance import CaseOutcome, CaseResult, Difference, Report


def result(name: str, outcome: CaseOutcome, reason: str = "") -> CaseResult:
    error = AssertionError(reason) if outcome is CaseOutcome.FAILED else None
    return CaseResult(name, outcome, reason, 0.5, (), error)


def report(*results: CaseResult) -> Report:
    return Report("driver", frozenset(), 1, False, results)


PASSED = result("case", CaseOutcome.PASSED)
FAILED = result("case", CaseOutcome.FAILED, "because")
SKIPPED = result("other", CaseOutcome.SKIPPED, "no feature")


def test_two_runs_without_failure_or_difference_have_passed() -> None:
    assert Checked(report(PASSED, SKIPPED), report(PASSED, SKIPPED), []).passed


def test_one_failure_is_a_failure() -> None:
    assert not Checked(report(PASSED), report(FAILED), []).passed
    assert not Checked(None, report(FAILED), []).passed


def test_one_difference_is_a_failure() -> None:
    difference = Difference("case", "list('/')", "[]", "['/a']")
    assert not Checked(report(PASSED), report(PASSED), [difference]).passed


def test_nothing_but_skipped_cases_is_no_success() -> None:
    assert not Checked(None, report(SKIPPED), []).passed


def test_a_case_that_only_one_run_has_gets_a_row() -> None:
    rows = list(Checked(report(PASSED), report(SKIPPED), []).rows())
    assert [(row.case, row.in_process, row.ipc) for row in rows] == [
        ("case", PASSED, None),
        ("other", None, SKIPPED),
    ]


def test_a_failure_is_told_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_for_people("driver", Checked(None, report(FAILED, SKIPPED), []))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["case, IPC: because", "driver: IPC 1 failed, 1 skipped (seed 1)"]


def test_a_long_reason_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    failed = result("case", CaseOutcome.FAILED, "x" * 10_000)
    print_for_people("driver", Checked(None, report(failed), []))
    assert len(capsys.readouterr().out) < 3_000
