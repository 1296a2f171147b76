"""Drivers by name, from each of the places that the factory knows."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from storagedriver.contract import (
    RELAXED_PATHS,
    InvalidParametersError,
    InvalidPathError,
    InvalidStorageDriverError,
    PathNotFoundError,
    Secret,
    StorageDriver,
    StorageDriverError,
    StorageDriverFactory,
)
from storagedriver.drivers import factory
from storagedriver.drivers.factory import create, launch, register
from storagedriver.drivers.inmemory import InMemoryDriver


@pytest.fixture(autouse=True)
def _nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "_registered", {})


class Recorder:
    """A factory that keeps the parameters it was given."""

    def __init__(self) -> None:
        self.parameters: Mapping[str, object] | None = None

    def __call__(self, parameters: Mapping[str, object]) -> StorageDriver:
        self.parameters = parameters
        return InMemoryDriver()


def test_a_registered_driver_is_created_with_its_parameters() -> None:
    recorder = Recorder()
    register("mine", recorder)
    with create("mine", {"key": [1, True, None]}) as driver:
        driver.put_content("/a", b"content")
        assert driver.get_content("/a") == b"content"
    assert recorder.parameters == {"key": [1, True, None]}


def test_no_parameters_are_an_empty_mapping() -> None:
    recorder = Recorder()
    register("mine", recorder)
    create("mine")
    assert recorder.parameters == {}


def test_a_created_driver_is_checked_and_named() -> None:
    register("mine", Recorder())
    with pytest.raises(InvalidPathError):
        create("mine").put_content("/Upper", b"")
    with pytest.raises(PathNotFoundError, match="driver mine"):
        create("mine", path_rule=RELAXED_PATHS).get_content("/Upper")


def test_secrets_are_revealed_to_a_driver_in_this_process() -> None:
    recorder = Recorder()
    register("mine", recorder)
    nested = {"keys": [Secret("b"), {"deep": Secret("c")}], "plain": "d"}
    create("mine", {"key": Secret("a"), "nested": nested})
    assert recorder.parameters == {
        "key": "a",
        "nested": {"keys": ["b", {"deep": "c"}], "plain": "d"},
    }
    assert nested["keys"][0] == Secret("b")


def test_a_name_is_registered_once() -> None:
    first = Recorder()
    register("mine", first)
    with pytest.raises(ValueError, match="mine is registered already"):
        register("mine", Recorder())
    create("mine")
    assert first.parameters == {}


@pytest.mark.parametrize("wrong", [None, "factory"])
def test_what_cannot_be_called_is_no_factory(wrong: object) -> None:
    with pytest.raises(TypeError):
        register("mine", cast("StorageDriverFactory", wrong))
    register("mine", Recorder())


def test_a_name_that_no_driver_can_have_is_not_registered() -> None:
    with pytest.raises(InvalidStorageDriverError):
        register("Mine", Recorder())


def test_wrong_parameters_are_reported_as_such() -> None:
    with pytest.raises(InvalidParametersError) as caught:
        create("inmemory", {"unknown": 1})
    assert (caught.value.driver, caught.value.parameter) == ("inmemory", "unknown")


def test_a_factory_that_fails_is_an_internal_error() -> None:
    def fail(parameters: Mapping[str, object]) -> StorageDriver:
        raise RuntimeError("no network")

    register("mine", fail)
    with pytest.raises(StorageDriverError, match="RuntimeError: no network") as caught:
        create("mine")
    assert caught.value.driver == "mine"


def test_a_factory_that_gives_no_driver_is_an_error() -> None:
    register("mine", cast("StorageDriverFactory", str))
    with pytest.raises(StorageDriverError, match="gave str, not a driver"):
        create("mine")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """What seems to be installed, to be filled by the test."""
    entries: list[EntryPoint] = []

    def find(*, group: str, name: str) -> Sequence[EntryPoint]:
        return [entry for entry in entries if (entry.group, entry.name) == (group, name)]

    monkeypatch.setattr(importlib.metadata, "entry_points", find)
    return entries


def entry(value: str) -> EntryPoint:
    return EntryPoint("mine", value, "storagedriver.drivers")


INMEMORY = "storagedriver.drivers.inmemory:InMemoryDriver.from_parameters"


def test_an_installed_driver_is_created(installed: list[EntryPoint]) -> None:
    installed.append(entry(INMEMORY))
    assert create("mine").list("/") == []


def test_an_installed_driver_that_cannot_be_loaded_says_why(installed: list[EntryPoint]) -> None:
    installed.append(entry("no.such.module:factory"))
    with pytest.raises(InvalidStorageDriverError, match=r"No module named 'no'"):
        create("mine")


def test_one_name_for_several_installed_drivers_is_an_error(installed: list[EntryPoint]) -> None:
    installed += [entry(INMEMORY), entry("other:factory")]
    with pytest.raises(InvalidStorageDriverError, match="other:factory"):
        create("mine")


def test_a_registered_driver_comes_before_an_installed_one(installed: list[EntryPoint]) -> None:
    installed.append(entry("no.such.module:factory"))
    register("mine", Recorder())
    assert create("mine").list("/") == []


def test_the_drivers_of_this_project_are_installed() -> None:
    assert create("inmemory").list("/") == []


class FakeClient(ModuleType):
    """Stands in for the IPC client: keeps how it was started."""

    def __init__(self) -> None:
        super().__init__("storagedriver.ipc.client")
        self.started: list[tuple[list[str], object, dict[str, object]]] = []
        self.IPCStorageDriver = self

    def start(
        self, command: list[str], parameters: Mapping[str, object], **options: object
    ) -> StorageDriver:
        self.started.append((command, parameters, options))
        return InMemoryDriver()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    client = FakeClient()
    monkeypatch.setitem(sys.modules, client.__name__, client)
    return client


@pytest.fixture
def executable(tmp_path: Path) -> Path:
    path = tmp_path / "registry-storage-mine"
    path.write_text("")
    path.chmod(0o755)
    return path


def test_launch_starts_the_executable_with_its_secrets_hidden(
    client: FakeClient, executable: Path
) -> None:
    parameters = {"key": Secret("a")}
    launch("mine", parameters, drivers_directory=str(executable.parent), path_rule=RELAXED_PATHS)
    options = {"name": "mine", "path_rule": RELAXED_PATHS}
    assert client.started == [([str(executable)], parameters, options)]


def test_launch_starts_a_child_also_for_a_registered_driver(
    client: FakeClient, executable: Path
) -> None:
    register("mine", Recorder())
    launch("mine", drivers_directory=str(executable.parent))
    assert client.started == [([str(executable)], {}, {"name": "mine"})]


def test_create_comes_to_the_executable_last(client: FakeClient, executable: Path) -> None:
    create("mine", {"key": 1}, drivers_directory=str(executable.parent))
    assert client.started == [([str(executable)], {"key": 1}, {"name": "mine"})]


def test_a_driver_that_is_nowhere_is_an_error(client: FakeClient) -> None:
    for make in (create, launch):
        with pytest.raises(InvalidStorageDriverError) as caught:
            make("mine")
        assert caught.value.name == "mine"
    assert client.started == []


def test_a_driver_in_this_process_loads_nothing_of_ipc() -> None:
    program = (
        "import sys\n"
        "from storagedriver.drivers.factory import create\n"
        "create('inmemory').put_content('/a', b'')\n"
        "sys.exit('storagedriver.ipc' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
