"""The list of drivers: what is found, in which order, and what is broken."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from storagedriver.contract import StorageDriver
from storagedriver.drivers import factory
from storagedriver.drivers.available import AvailableDriver, available
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import about


@pytest.fixture(autouse=True)
def _only_what_a_test_puts_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGEDRIVER_PATH", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'none'}:{tmp_path / 'path'}")
    monkeypatch.setattr(sysconfig, "get_path", {"scripts": str(tmp_path / "scripts")}.get)
    (tmp_path / "path").mkdir()


def program(directory: Path, name: str, script: str, mode: int = 0o755) -> None:
    path = directory / f"registry-storage-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(mode)


def programs(drivers_directory: Path | None = None) -> list[AvailableDriver]:
    directory = None if drivers_directory is None else str(drivers_directory)
    return [found for found in available(directory) if found.is_program]


def test_installed_drivers_are_listed() -> None:
    found = {driver.name: driver for driver in available()}
    assert found["filesystem"].place == "storagedriver.drivers"
    assert found["filesystem"].target.startswith("storagedriver.drivers.filesystem:")
    assert found["inmemory"].broken is None


def test_registered_drivers_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(parameters: Mapping[str, object]) -> StorageDriver:
        return InMemoryDriver()

    monkeypatch.setattr(factory, "_registered", {"mine": make})
    first = next(iter(available()))
    assert (first.name, first.place, first.is_program) == ("mine", "registered", False)


def test_a_program_tells_its_version_and_features(drivers_directory: Path) -> None:
    (found,) = programs(drivers_directory)
    assert (found.name, found.version, found.broken) == ("dictionary", "0.1", None)
    assert found.place == str(drivers_directory)
    assert found.target == str(drivers_directory / "registry-storage-dictionary")
    assert "ping" in found.features


def test_programs_come_in_the_order_of_the_lookup(tmp_path: Path, drivers_directory: Path) -> None:
    program(tmp_path / "path", "dictionary", "exit 1")
    assert [found.place for found in programs(drivers_directory)] == [
        str(drivers_directory),
        "PATH",
    ]


def test_a_directory_is_looked_into_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "path", "thing", "exit 1")
    monkeypatch.setenv("STORAGEDRIVER_PATH", str(tmp_path / "path"))
    assert [found.place for found in programs()] == ["STORAGEDRIVER_PATH"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo oh dear >&2; exit 3", "oh dear"),
        ("kill -9 $$", "DriverCrashed"),
        ("echo no JSON", "does not answer in JSON"),
        ("echo []", "does not answer with an object"),
        ("echo '{}'", "version"),
        ("""echo '{"version": "0.1", "features": 1}'""", "no list"),
    ],
)
def test_a_program_that_does_not_answer_is_broken(tmp_path: Path, script: str, reason: str) -> None:
    program(tmp_path / "path", "thing", script)
    (found,) = programs()
    assert found.version is None
    assert found.broken is not None
    assert reason in found.broken


def test_a_program_that_hangs_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "path", "thing", "exec /bin/sleep 60")
    monkeypatch.setattr(about.ask_about, "__kwdefaults__", {"timeout_seconds": 0.1})
    (found,) = programs()
    assert str(found.broken).startswith("DriverTimeout")


def test_what_cannot_be_executed_is_broken(tmp_path: Path) -> None:
    program(tmp_path / "path", "thing", "", mode=0o644)
    program(tmp_path / "path", "Wrong", "")
    assert [found.broken for found in programs()] == [
        "no driver can have this name",
        "not executable",
    ]


def test_what_is_no_program_at_all_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "path" / "registry-storage-thing"
    path.write_bytes(b"\x7fELF, but not really")
    path.chmod(0o755)
    (found,) = programs()
    assert str(found.broken).startswith("cannot be started: ")
