"""The library and drivers in Java: examples/java is clean, its drivers keep the contract."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from storagedriver.conformance import run_suite
from storagedriver.contract import StorageDriver
from storagedriver.drivers.factory import launch
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.serving import told_features
from tests.languages.conftest import assert_all_passed, assert_bears_faults
from tests.languages.languages import Builds, Built, Language
from tests.languages.tools import Tools

# Each has the features of one in Python: a feature less, and cases would be skipped.
MODELS: dict[str, type[StorageDriver]] = {
    "java-inmemory": InMemoryDriver,
    "java-filesystem": FilesystemDriver,
}

# Maven says which Java it has found.
NEW_ENOUGH = "mvn --version | grep -E 'Java version: (1[7-9]|[2-9][0-9])'"

drivers = pytest.mark.parametrize("name", MODELS)


def _build_java(tools: Tools, target: Path) -> Built:
    # In a copy: what is made comes to stand beside the sources.
    left_out = shutil.ignore_patterns("target", "bin")
    copy = shutil.copytree(tools.folder, target / "java", ignore=left_out)
    vectors = tools.folder.parents[1] / "ipc" / "spec" / "vectors"
    copied = Tools(copy, {"STORAGEDRIVER_VECTORS": str(vectors)})
    # All at once: it compiles without a warning, tests, and looks at the format. Maven takes as
    # long to start as for any of these.
    copied.run("mvn", "--batch-mode", "--no-transfer-progress", "verify")
    return Built(copied, copy / "bin")


JAVA = Language(
    "java",
    needs="Maven with JDK 17 or later",
    probe=("sh", "-c", NEW_ENOUGH),
    build=_build_java,
    library=("storagedriver/src/main/java/**/*.java",),
    drivers={
        "java-inmemory": ("drivers/src/main/java/**/inmemory/*.java",),
        "java-filesystem": ("drivers/src/main/java/**/filesystem/*.java",),
    },
)


@pytest.fixture
def java(builds: Builds) -> Tools:
    """Maven, in a copy in which it has run."""
    return builds.of(JAVA).tools


@pytest.fixture
def programs(builds: Builds) -> Path:
    """The folder of the drivers, built."""
    return builds.of(JAVA).programs


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


@drivers
def test_it_keeps_the_contract(programs: Path, name: str, tmp_path: Path) -> None:
    report = run_suite(lambda: started(programs, name, tmp_path))
    assert_all_passed(report, told_features(MODELS[name].features))


def test_it_speaks_tcp_too(programs: Path) -> None:
    directory = str(programs)
    with launch("java-inmemory", drivers_directory=directory, transport="tcp") as driver:
        driver.put_content("/a", bytes(2 << 20))
        assert driver.get_content("/a") == bytes(2 << 20)


@pytest.mark.full
@drivers
def test_it_keeps_the_contract_in_full(programs: Path, name: str, tmp_path: Path) -> None:
    report = run_suite(lambda: started(programs, name, tmp_path), full=True)
    assert_all_passed(report, told_features(MODELS[name].features))


@pytest.mark.full
@drivers
def test_it_bears_faults(programs: Path, name: str, tmp_path: Path) -> None:
    program = programs / f"registry-storage-{name}"
    assert_bears_faults(program, name, parameters_of(name, tmp_path))


def started(programs: Path, name: str, directory: Path) -> IPCStorageDriver:
    parameters = parameters_of(name, directory)
    # A crash is to be seen, and not made good.
    return launch(name, parameters, drivers_directory=str(programs), restart=None)


def parameters_of(name: str, directory: Path) -> dict[str, object]:
    return {"rootdirectory": str(directory / "root")} if name == "java-filesystem" else {}
