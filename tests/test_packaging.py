"""What pyproject.toml says about the project is what the folders hold."""

from __future__ import annotations

import fnmatch
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    """What pyproject.toml says, of no particular type, as TOML is."""
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_on_disk_is_installed(checkout: Path, project: dict[str, Any]) -> None:
    on_disk = {
        "storagedriver." + ".".join(init.parent.relative_to(checkout).parts)
        for layer in checkout.glob("*/__init__.py")
        for init in layer.parent.rglob("__init__.py")
    }
    # The one that `storagedriver new` copies is a package of whoever it is written for.
    copied = {"storagedriver.examples.python"}
    assert on_disk | copied == set(project["tool"]["setuptools"]["packages"])


def test_all_of_the_example_that_is_copied_is_installed(
    checkout: Path, project: dict[str, Any]
) -> None:
    data = project["tool"]["setuptools"]["package-data"]["storagedriver.examples.python"]
    for path in (checkout / "examples" / "python").iterdir():
        # Folders are what Python and pytest have left there.
        assert path.is_dir() or path.suffix == ".py" or path.name in data, path


def test_the_packages_are_typed(checkout: Path) -> None:
    for layer in checkout.glob("*/__init__.py"):
        assert layer.with_name("py.typed").is_file(), layer.parent.name


def test_every_file_that_is_no_python_is_package_data(
    checkout: Path, project: dict[str, Any]
) -> None:
    data = project["tool"]["setuptools"]["package-data"]
    for layer in checkout.glob("*/__init__.py"):
        patterns = data[f"storagedriver.{layer.parent.name}"]
        for path in layer.parent.rglob("*"):
            name = str(path.relative_to(layer.parent))
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), path


def test_every_command_and_driver_can_be_loaded(project: dict[str, Any]) -> None:
    entries = {
        **project["project"]["scripts"],
        **project["project"]["entry-points"]["storagedriver.drivers"],
    }
    for entry in entries.values():
        module, _, names = entry.partition(":")
        found: object = import_module(module)
        for name in names.split("."):
            found = getattr(found, name)
        assert callable(found)


def test_every_command_runs_from_the_checkout(checkout: Path, project: dict[str, Any]) -> None:
    for name in project["project"]["scripts"]:
        mode = (checkout / "bin" / name).stat().st_mode
        assert mode & 0o111 == 0o111, name


def test_the_change_log_tells_about_this_version(checkout: Path, project: dict[str, Any]) -> None:
    version = project["project"]["version"]
    assert f"\n## {version}" in (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
