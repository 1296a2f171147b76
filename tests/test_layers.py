"""The folders are layers: imports go down only, and a library has one file that imports it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ALLOWED: dict[str, set[str]] = {
    "contract": set(),
    "ipc": {"contract"},
    "drivers": {"contract", "ipc"},
    "conformance": {"contract", "ipc", "drivers"},
    "benchmarks": {"contract", "ipc", "drivers"},
    "cli": {"contract", "ipc", "drivers", "conformance", "benchmarks"},
}
"""Which layers each layer may import besides itself."""

ONLY_IMPORTED_BY: dict[str, tuple[str, ...]] = {
    "zmq": (
        "conformance/faults/zeromq.py",
        "benchmarks/peers/raw_pyzmq.py",
        "benchmarks/peers/children/raw_pyzmq.py",
    ),
    "msgpack": ("ipc/codec.py",),
    "subprocess": ("ipc/process.py", "benchmarks/programs.py", "benchmarks/peers/child.py"),
    "psutil": ("ipc/process.py",),
    "pytest": ("conformance/pytest_plugin.py",),
    "matplotlib": ("benchmarks/plot.py",),
    "Pyro5": ("benchmarks/peers/pyro.py", "benchmarks/peers/children/pyro.py"),
    "rpyc": (
        "benchmarks/peers/rpyc_store.py",
        "benchmarks/peers/children/rpyc_store.py",
        "benchmarks/peers/children/rpyc_tuning.py",
    ),
    "grpc": ("benchmarks/peers/grpc_store.py", "benchmarks/peers/children/grpc_store.py"),
    "click": ("cli/",),
    "rich": ("cli/",),
}
"""The files, or folders, that may import a library. No other library may be imported at all, but
the standard one; of that, subprocess is listed because starting processes is one file's work: that
of a driver, and that of any program which a benchmark measures."""

# Modules of type stubs only, never there at run time.
STUBS_ONLY = {"_typeshed"}

# The folders as they are installed: this also holds for a wheel, without the checkout.
FOLDERS = {
    layer: Path(str(import_module(f"storagedriver.{layer}").__file__)).parent for layer in ALLOWED
}
FILES = [
    pytest.param(layer, path, id=f"{layer}/{path.relative_to(folder)}")
    for layer, folder in FOLDERS.items()
    for path in sorted(folder.rglob("*.py"))
]


@pytest.mark.parametrize(("layer", "path"), FILES)
def test_imports_go_down_only(layer: str, path: Path) -> None:
    upward = {
        name
        for name in imported_names(path)
        if name.startswith("storagedriver.") and name.split(".")[1] not in ALLOWED[layer] | {layer}
    }
    assert not upward


@pytest.mark.parametrize(("layer", "path"), FILES)
def test_libraries_are_imported_by_their_own_file_only(layer: str, path: Path) -> None:
    here = f"{layer}/{path.relative_to(FOLDERS[layer])}"
    misplaced = {
        name
        for name in imported_names(path)
        if is_restricted(name.split(".")[0])
        and not here.startswith(ONLY_IMPORTED_BY.get(name.split(".")[0], ()))
    }
    assert not misplaced


@pytest.mark.parametrize(("layer", "path"), FILES)
def test_imports_are_absolute(layer: str, path: Path) -> None:
    relative = [node for node in import_nodes(path) if getattr(node, "level", 0)]
    assert not relative


def test_conformance_knows_no_driver_but_by_the_factory() -> None:
    known = {
        name
        for path in FOLDERS["conformance"].rglob("*.py")
        for name in imported_names(path)
        if name.startswith("storagedriver.drivers")
    }
    # Wrappers stand around any driver.
    allowed = ("storagedriver.drivers.factory.", "storagedriver.drivers.wrappers.")
    assert not {name for name in known if not name.startswith(allowed)}


def test_every_package_is_a_layer_with_a_row_in_the_table(checkout: Path) -> None:
    packages = {path.parent.name for path in checkout.glob("*/__init__.py")}
    assert packages == set(ALLOWED)


def test_importing_the_contract_loads_the_standard_library_only() -> None:
    loaded = loaded_by("storagedriver.contract")
    foreign = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert foreign == {"storagedriver"}


@pytest.mark.parametrize("driver", ["filesystem", "inmemory"])
def test_a_driver_executable_loads_nothing_that_only_hosts_need(driver: str) -> None:
    loaded = loaded_by(f"storagedriver.drivers.executables.{driver}")
    needless = {
        "psutil",
        "click",
        "rich",
        "boto3",
        "subprocess",
        "asyncio",
        "pytest",
        "storagedriver.ipc.client",
        "storagedriver.ipc.process",
        "storagedriver.drivers.factory",
        "storagedriver.conformance",
        "storagedriver.benchmarks",
        "storagedriver.cli",
    }
    assert not needless & loaded


def is_restricted(library: str) -> bool:
    if library in ONLY_IMPORTED_BY:
        return True
    ours = library == "storagedriver"
    return not ours and library not in STUBS_ONLY and library not in sys.stdlib_module_names


def imported_names(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file, as a full dotted name."""
    for node in import_nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            # `from storagedriver import x` imports the module x.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_nodes(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def loaded_by(module: str) -> set[str]:
    """The names of all modules that importing `module` loads into a fresh interpreter."""
    program = (
        "import sys; before = set(sys.modules)\n"
        f"import {module}\n"
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())
