"""The examples work as they stand."""

from __future__ import annotations

from pathlib import Path

from storagedriver.conformance import CaseOutcome, run_suite
from storagedriver.drivers.factory import launch


def test_the_example_driver_keeps_the_contract(drivers_directory: Path) -> None:
    report = run_suite(lambda: launch("dictionary", drivers_directory=str(drivers_directory)))
    failed = {result.name: result.reason for result in report.with_outcome(CaseOutcome.FAILED)}
    assert not failed
    assert report.passed
