"""The public names are written down, so that none comes or goes by accident."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

MODULES = (
    "storagedriver.conformance",
    "storagedriver.contract",
    "storagedriver.drivers.factory",
    "storagedriver.ipc",
)

WRITTEN_DOWN = Path(__file__).with_name("public_names.txt")

ORIGINALS = {
    "StorageDriver": "storagedriver.contract.StorageDriver",
    "FileInfo": "storagedriver.contract.FileInfo",
    "FileInfoFields": "storagedriver.contract.FileInfoFields",
    "FileInfoInternal": "storagedriver.contract.FileInfoFields",
    "PathRegexp": "storagedriver.contract.PATH_PATTERN",
    "Version": "storagedriver.contract.Version",
    "Version.Major": "storagedriver.contract.Version.major",
    "Version.Minor": "storagedriver.contract.Version.minor",
    "CurrentVersion": "storagedriver.contract.CURRENT_VERSION",
    "PathNotFoundError": "storagedriver.contract.PathNotFoundError",
    "InvalidOffsetError": "storagedriver.contract.InvalidOffsetError",
    "InvalidPathError": "storagedriver.contract.InvalidPathError",
    "ErrUnsupportedMethod": "storagedriver.contract.UnsupportedMethodError",
    "factory.InvalidStorageDriverError": "storagedriver.contract.InvalidStorageDriverError",
    "factory.Register": "storagedriver.drivers.factory.register",
    "factory.Create": "storagedriver.drivers.factory.create",
    "factory.StorageDriverFactory": "storagedriver.contract.StorageDriverFactory",
    "ipc.StorageDriverServer": "storagedriver.ipc.serve",
    "ipc.IPCStorageDriver": "storagedriver.ipc.IPCStorageDriver",
    "ipc.NewDriverClient": "storagedriver.drivers.factory.launch",
    "ipc: version check": "storagedriver.ipc.IPCStorageDriver.version",
    "testsuites.RegisterInProcessSuite": "storagedriver.conformance.in_process_suite",
    "testsuites.RegisterIPCSuite": "storagedriver.conformance.ipc_suite",
    "2014: StorageDriver": "storagedriver.contract.StorageDriver2014",
    "2014: ReadCloser": "storagedriver.contract.ReadCloser",
    "2014: ResumeWritePosition": "storagedriver.contract.StorageDriver2014.resume_write_position",
}
"""What the original calls something, and where it is here."""


def test_the_public_names_are_those_that_are_written_down() -> None:
    names = {f"{module}.{name}" for module in MODULES for name in public_names(module)}
    assert names == set(WRITTEN_DOWN.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there(module: str) -> None:
    for name in public_names(module):
        assert hasattr(import_module(module), name), name


@pytest.mark.parametrize("ours", ORIGINALS.values(), ids=ORIGINALS)
def test_every_name_of_the_original_has_its_place(ours: str) -> None:
    module = next(module for module in MODULES if ours.startswith(f"{module}."))
    found: object = import_module(module)
    for name in ours.removeprefix(f"{module}.").split("."):
        found = getattr(found, name)
    assert found is not None


def public_names(name: str) -> list[str]:
    """What a module says is public, or else the functions and classes that it defines."""
    module = import_module(name)
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name
    ]
