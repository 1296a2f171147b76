"""The examples work as they stand. The one that `new` writes is tested by tests/cli/test_new.py."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from storagedriver.conformance import run_suite
from storagedriver.drivers.factory import launch


def test_the_audited_driver_keeps_the_contract_and_logs(
    tmp_path: Path, checkout: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "registry-storage-audited"
    example = checkout / "examples" / "audited_driver.py"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {example} "$@"\n')
    program.chmod(0o755)
    parameters = {"rootdirectory": str(tmp_path / "root")}
    with caplog.at_level(logging.INFO, logger="storagedriver.driver.audited"):
        report = run_suite(lambda: launch("audited", parameters, drivers_directory=str(tmp_path)))
    assert report.passed
    assert any(record.message.startswith("deleted /") for record in caplog.records)
