"""The drivers in other languages keep the contract and bear faults; and it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from storagedriver.conformance import CaseOutcome, Report, run_suite
from storagedriver.conformance.faults import Subject, Verdict, check_faults
from storagedriver.conformance.faults.run import DEFAULT_SECONDS
from storagedriver.contract import StorageDriver
from storagedriver.drivers.factory import launch
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.serving import told_features
from tests.languages.findings import Findings
from tests.languages.languages import LANGUAGES, Builds, Language

# Each has the features of one in Python: a feature less, and cases would be skipped.
MODELS: Mapping[str, type[StorageDriver]] = {
    "inmemory": InMemoryDriver,
    "filesystem": FilesystemDriver,
}


def drivers(*kinds: str) -> pytest.MarkDecorator:
    """Run a test with the drivers of these kinds in all languages."""
    all_of_them = [(language, kind) for language in LANGUAGES for kind in kinds]
    names = [f"{language.name}-{kind}" for language, kind in all_of_them]
    return pytest.mark.parametrize(("language", "kind"), all_of_them, ids=names)


every_driver = drivers(*MODELS)


class Starting:
    """Starts one driver, with a root of its own."""

    def __init__(self, builds: Builds, language: Language, kind: str, directory: Path) -> None:
        self.name = f"{language.name}-{kind}"
        self.features = told_features(MODELS[kind].features)
        self.programs = builds.of(language).programs
        self.parameters: dict[str, object] = {}
        if kind == "filesystem":
            self.parameters["rootdirectory"] = str(directory / "root")

    def over_ipc(self) -> IPCStorageDriver:
        # A crash is to be seen, and not made good.
        return launch(
            self.name, self.parameters, drivers_directory=str(self.programs), restart=None
        )

    def over_tcp(self) -> IPCStorageDriver:
        return launch(
            self.name,
            self.parameters,
            drivers_directory=str(self.programs),
            restart=None,
            transport="tcp",
        )

    def assert_all_passed(self, report: Report) -> None:
        failed = {result.name: result.reason for result in report.with_outcome(CaseOutcome.FAILED)}
        assert failed == {}
        assert report.passed
        assert report.features == self.features


@pytest.fixture
def starting(builds: Builds, language: Language, kind: str, tmp_path: Path) -> Starting:
    return Starting(builds, language, kind, tmp_path)


@every_driver
def test_it_keeps_the_contract(starting: Starting, findings: Findings) -> None:
    report = run_suite(starting.over_ipc)
    findings.of_suite(starting.name, "suite", report)
    starting.assert_all_passed(report)


@drivers("inmemory")
def test_it_keeps_the_contract_over_tcp(starting: Starting, findings: Findings) -> None:
    report = run_suite(starting.over_tcp)
    findings.of_suite(starting.name, "suite over tcp", report)
    starting.assert_all_passed(report)


@every_driver
def test_it_takes_many_calls_at_once(starting: Starting, findings: Findings) -> None:
    with starting.over_ipc() as driver:
        findings.of_channels(starting.name, driver.max_channels)
        assert driver.max_channels > 1


@pytest.mark.full
@every_driver
def test_it_keeps_the_contract_in_full(starting: Starting, findings: Findings) -> None:
    report = run_suite(starting.over_ipc, full=True)
    findings.of_suite(starting.name, "full suite", report)
    starting.assert_all_passed(report)


@pytest.mark.full
@every_driver
def test_it_bears_faults(starting: Starting, findings: Findings) -> None:
    program = str(starting.programs / f"registry-storage-{starting.name}")
    subject = Subject(starting.name, [program], starting.parameters)
    report = check_faults(subject, seconds=DEFAULT_SECONDS)
    findings.of_faults(starting.name, report)
    assert [found for found in report.findings if found.verdict is not Verdict.PASSED] == []
    assert report.passed
