"""The drivers in other languages keep the contract and bear faults; and it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run

import pytest

from storagedriver.conformance import CaseOutcome, Report, run_suite
from storagedriver.conformance.faults import FaultReport, Subject, Verdict, check_faults
from storagedriver.contract import StorageDriver
from storagedriver.drivers.factory import launch
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.serving import told_features
from tests.languages.languages import LANGUAGES, Builds, Language
from tests.languages.matrix import Matrix, Run

FAULT_SECONDS = 60.0

# Each has the features of one in Python: a feature less, and cases would be skipped.
MODELS: Mapping[str, type[StorageDriver]] = {
    "inmemory": InMemoryDriver,
    "filesystem": FilesystemDriver,
}


class Findings:
    """Puts what the tests find into the matrix."""

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


@pytest.fixture(scope="session")
def findings(matrix: Matrix, checkout: Path) -> Findings:
    git = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    # Of an archive without its history no commit is known.
    told = run(git, capture_output=True, text=True, check=False)
    return Findings(matrix, told.stdout.strip() if told.returncode == 0 else "")


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
    report = check_faults(subject, seconds=FAULT_SECONDS)
    findings.of_faults(starting.name, report)
    assert [found for found in report.findings if found.verdict is not Verdict.PASSED] == []
    assert report.passed
