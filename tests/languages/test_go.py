"""The library and the drivers in Go: examples/go is clean, and its drivers keep the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver.conformance import run_suite
from storagedriver.contract import StorageDriver
from storagedriver.drivers.factory import launch
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.serving import told_features
from tests.languages.conftest import (
    Tools,
    assert_all_passed,
    assert_bears_faults,
    find_tools,
)

# Each has the features of one in Python: a feature less, and cases would be skipped.
MODELS: dict[str, type[StorageDriver]] = {
    "go-inmemory": InMemoryDriver,
    "go-filesystem": FilesystemDriver,
}

drivers = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="session")
def go(checkout: Path) -> Tools:
    # It reads go.mod, which says the version, and nothing from the network but a newer toolchain.
    return find_tools(checkout / "examples" / "go", ["go", "list", "-m"], needs="Go 1.25 or later")


@pytest.fixture(scope="session")
def programs(go: Tools, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the drivers, built."""
    folder = tmp_path_factory.mktemp("go") / "bin"
    # No commit in the programs: git refuses to tell it in a checkout of another user.
    go.run("go", "build", "-buildvcs=false", "-o", f"{folder}/", "./cmd/...")
    return folder


def test_the_code_is_formatted(go: Tools) -> None:
    assert go.run("gofmt", "-l", ".") == ""


def test_vet_finds_nothing(go: Tools) -> None:
    go.run("go", "vet", "./...")


def test_its_own_tests_pass(go: Tools) -> None:
    # Always run: Go does not see that the vectors, which are outside of its module, have changed.
    go.run("go", "test", "-count=1", "./...")


@drivers
def test_it_keeps_the_contract(programs: Path, name: str, tmp_path: Path) -> None:
    report = run_suite(lambda: started(programs, name, tmp_path))
    assert_all_passed(report, told_features(MODELS[name].features))


def test_it_speaks_tcp_too(programs: Path) -> None:
    directory = str(programs)
    with launch("go-inmemory", drivers_directory=directory, transport="tcp") as driver:
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
    return {"rootdirectory": str(directory / "root")} if name == "go-filesystem" else {}
