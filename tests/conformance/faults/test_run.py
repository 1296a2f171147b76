"""check_faults runs all sections, and tells whatever happens as findings."""

from __future__ import annotations

import pytest

from storagedriver.conformance.faults import Finding, Section, Verdict, check_faults
from tests.conformance.faults.conftest import MakeSubject

FEW = ["put_get_one_byte", "read_from_offsets"]


def test_right_driver_passes_all_sections(right: MakeSubject) -> None:
    told: list[Finding] = []
    report = check_faults(right("inmemory"), only=FEW, seconds=0.5, on_finding=told.append)
    assert report.passed, [f for f in report.findings if f.verdict is not Verdict.PASSED]
    assert [section for section, _ in report.sections()] == list(Section)
    assert tuple(told) == report.findings


def test_wrong_driver_fails_with_what_it_did(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "ignore-sigterm", "nth": "every"})
    report = check_faults(subject, only=FEW, sections=[Section.LIFE])
    failed = [finding for finding in report.findings if finding.verdict is Verdict.FAILED]
    assert [(finding.check, finding.reason) for finding in failed] == [
        ("ends_at_sigterm", "after SIGTERM it does not exit within 2 seconds")
    ]
    assert not report.passed


def test_a_store_that_is_not_empty_is_refused(right: MakeSubject) -> None:
    subject = right("filesystem")
    with subject.start() as driver:
        driver.put_content("/a", b"one")
    with pytest.raises(ValueError, match="an empty one; this one has /a"):
        check_faults(subject)


def test_an_unknown_case_is_refused(right: MakeSubject) -> None:
    with pytest.raises(ValueError, match="no such case"):
        check_faults(right("inmemory"), only=["none"])


@pytest.mark.full
@pytest.mark.parametrize("driver", ["filesystem", "inmemory"])
def test_own_drivers_pass_in_full(right: MakeSubject, driver: str) -> None:
    report = check_faults(right(driver), seconds=60.0)
    assert report.passed, [f for f in report.findings if f.verdict is not Verdict.PASSED]
