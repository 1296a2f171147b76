"""Reports: what counts as passed, and what as a difference."""

from __future__ import annotations

import pytest

from storagedriver.conformance import CaseOutcome, CaseResult, Outcome, Report, compare


def result(
    name: str = "case",
    outcome: CaseOutcome = CaseOutcome.PASSED,
    reason: str = "",
    recorded: tuple[Outcome, ...] = (),
    duration_seconds: float = 0.0,
) -> CaseResult:
    return CaseResult(name, outcome, reason, duration_seconds, recorded)


def report(*results: CaseResult, seed: int = 1, full: bool = False) -> Report:
    return Report("driver", frozenset(), seed, full, results)


def test_equal_runs_have_no_differences() -> None:
    recorded = (Outcome("stat('/')", ("/", 0)),)
    assert (
        compare(
            report(result(recorded=recorded, duration_seconds=1.0)),
            report(result(recorded=recorded, duration_seconds=2.0)),
        )
        == []
    )


def test_another_outcome_is_a_difference() -> None:
    skipped = result(outcome=CaseOutcome.SKIPPED, reason="no feature")
    [difference] = compare(report(result()), report(skipped))
    assert str(difference) == "case: outcome: passed / skipped no feature"


def test_another_answer_is_a_difference() -> None:
    first = result(recorded=(Outcome("stat", 1), Outcome("list", 2)))
    second = result(recorded=(Outcome("stat", 1), Outcome("list", 3)))
    assert [str(each) for each in compare(report(first), report(second))] == ["case: list: 2 / 3"]


def test_another_call_is_a_difference() -> None:
    first = result(recorded=(Outcome("stat", 1),))
    second = result(recorded=(Outcome("list", 1),))
    assert [str(each) for each in compare(report(first), report(second))] == [
        "case: stat: 1 / list instead"
    ]


def test_a_missing_call_is_a_difference() -> None:
    first = result(recorded=(Outcome("stat", 1),))
    assert [str(each) for each in compare(report(first), report(result()))] == [
        "case: stat: 1 / no such call"
    ]


def test_a_case_that_only_one_run_has_is_a_difference() -> None:
    both, one = result("both"), result("one")
    assert [str(each) for each in compare(report(both, one), report(both))] == [
        "one: ran: yes / no"
    ]
    assert [str(each) for each in compare(report(both), report(both, one))] == [
        "one: ran: no / yes"
    ]


def test_runs_that_made_other_calls_are_not_compared() -> None:
    for other in (report(seed=2), report(full=True)):
        with pytest.raises(ValueError, match="cannot be compared"):
            compare(report(), other)


def test_a_report_has_passed_if_something_did_and_nothing_failed() -> None:
    failed = result(outcome=CaseOutcome.FAILED, reason="wrong")
    skipped = result(outcome=CaseOutcome.SKIPPED, reason="no feature")
    assert report(result(), skipped).passed
    assert not report(result(), failed).passed
    assert not report(skipped).passed


def test_cases_are_found_by_outcome() -> None:
    skipped = result("b", CaseOutcome.SKIPPED)
    assert report(result("a"), skipped).with_outcome(CaseOutcome.SKIPPED) == [skipped]
