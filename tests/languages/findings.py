"""Puts into the matrix what the tests find."""

from __future__ import annotations

from datetime import UTC, datetime

from storagedriver.conformance import CaseOutcome, Report
from storagedriver.conformance.faults import FaultReport, Verdict
from tests.languages.matrix import Matrix, Run


class Findings:
    """What the tests of one run find: it carries the day and the commit."""

    def __init__(self, matrix: Matrix, commit: str) -> None:
        self._matrix = matrix
        self._date = datetime.now(UTC).date().isoformat()
        self._commit = commit

    def of_suite(self, name: str, check: str, report: Report) -> None:
        passed, failed, skipped = (
            len(report.with_outcome(outcome))
            for outcome in (CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.SKIPPED)
        )
        self._matrix.features[name] = sorted(report.features)
        self._take(name, check, passed, failed, skipped)

    def of_faults(self, name: str, report: FaultReport) -> None:
        verdicts = [finding.verdict for finding in report.findings]
        passed, failed = verdicts.count(Verdict.PASSED), verdicts.count(Verdict.FAILED)
        self._take(name, "faults", passed, failed, skipped=0)

    def of_channels(self, name: str, channels: int) -> None:
        self._matrix.channels[name] = channels

    def _take(self, name: str, check: str, passed: int, failed: int, skipped: int) -> None:
        one = Run(self._date, self._commit, passed, failed, skipped)
        self._matrix.runs.setdefault(name, {})[check] = one
