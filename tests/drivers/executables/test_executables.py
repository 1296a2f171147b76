"""The programs serve the right driver."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from storagedriver.contract import StorageDriver, StorageDriverFactory
from storagedriver.drivers.executables import filesystem, inmemory
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver


@pytest.mark.parametrize(
    ("program", "expected", "parameters"),
    [(inmemory, InMemoryDriver, []), (filesystem, FilesystemDriver, ["rootdirectory"])],
)
def test_a_program_serves_its_driver(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    program: ModuleType,
    expected: type[StorageDriver],
    parameters: list[str],
) -> None:
    served: list[tuple[StorageDriverFactory, str, frozenset[str]]] = []

    def serve(factory: StorageDriverFactory, *, name: str, features: frozenset[str]) -> None:
        served.append((factory, name, features))

    monkeypatch.setattr(program, "serve", serve)
    program.main()
    ((factory, name, features),) = served
    with factory(dict.fromkeys(parameters, str(tmp_path))) as driver:
        assert type(driver) is expected
        assert (name, features) == (driver.name, driver.features)
