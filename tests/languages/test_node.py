"""The library and drivers in Node.js: examples/node is clean, its drivers keep the contract."""

from __future__ import annotations

import shutil
from pathlib import Path

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
    "node-inmemory": InMemoryDriver,
    "node-filesystem": FilesystemDriver,
}

# The drivers would do with 20.10; the linter would not.
NEW_ENOUGH = (
    'const [major, minor] = process.versions.node.split(".").map(Number);'
    "if (major < 20 || (major === 20 && minor < 19)) throw process.version"
)

drivers = pytest.mark.parametrize("name", MODELS)


def _build_node(tools: Tools, target: Path) -> Built:
    # In a copy: thousands of files of its libraries come to stand beside the sources.
    left_out = shutil.ignore_patterns("node_modules", "dist", "bin")
    copy = shutil.copytree(tools.folder, target / "node", ignore=left_out)
    vectors = tools.folder.parents[1] / "ipc" / "spec" / "vectors"
    copied = Tools(copy, {"STORAGEDRIVER_VECTORS": str(vectors)})
    copied.run("npm", "ci", "--no-audit", "--no-fund")
    copied.run("npm", "run", "build")
    return Built(copied, copy / "bin")


NODE = Language(
    "node",
    needs="Node.js 20.19 or later, with npm,",
    probe=("sh", "-c", f"npm --version && node -e '{NEW_ENOUGH}'"),
    build=_build_node,
    library=("src/storagedriver/**/*.ts",),
    drivers={
        "node-inmemory": ("src/drivers/inmemory/*.ts", "src/programs/inmemory.ts"),
        "node-filesystem": ("src/drivers/filesystem/*.ts", "src/programs/filesystem.ts"),
    },
)


@pytest.fixture
def node(builds: Builds) -> Tools:
    """The tools, in a copy that is built."""
    return builds.of(NODE).tools


@pytest.fixture
def programs(builds: Builds) -> Path:
    """The folder of the drivers, built."""
    return builds.of(NODE).programs


def test_the_code_is_formatted_and_the_linter_finds_nothing(node: Tools) -> None:
    node.run("npm", "run", "lint")


def test_its_own_tests_pass(node: Tools) -> None:
    # Not `npm test`, which would build it once more.
    node.run("node", "--test", "dist/")


@drivers
def test_it_keeps_the_contract(programs: Path, name: str, tmp_path: Path) -> None:
    report = run_suite(lambda: started(programs, name, tmp_path))
    assert_all_passed(report, told_features(MODELS[name].features))


def test_it_speaks_tcp_too(programs: Path) -> None:
    directory = str(programs)
    with launch("node-inmemory", drivers_directory=directory, transport="tcp") as driver:
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
    return {"rootdirectory": str(directory / "root")} if name == "node-filesystem" else {}
