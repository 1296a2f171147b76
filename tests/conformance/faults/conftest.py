"""Drivers to make trouble for: right ones, and ones that are wrong in one way each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from storagedriver.conformance import CASES
from storagedriver.conformance.faults import Subject
from storagedriver.conformance.faults.trouble import Endurance

CARELESS = Path(__file__).with_name("careless_driver.py")
MISBEHAVING = (sys.executable, "-m", "storagedriver.drivers.executables.misbehaving")

# Wrong drivers are waited for until it is over, and right ones need far less on any machine.
SHORT_LIFE_SECONDS = 2.0

MakeSubject = Callable[..., Subject]


@pytest.fixture
def right(tmp_path: Path) -> MakeSubject:
    """Makes the subject of one of the project's own drivers."""

    def make(name: str) -> Subject:
        command = [sys.executable, "-m", f"storagedriver.drivers.executables.{name}"]
        return Subject(name, command, own_parameters(name, tmp_path))

    return make


@pytest.fixture
def careless(tmp_path: Path) -> MakeSubject:
    """Makes the subject of a driver that is careless in this way."""

    def make(way: str, *, driver: str = "inmemory") -> Subject:
        command = [sys.executable, str(CARELESS), way]
        parameters = own_parameters(driver, tmp_path)
        return Subject("careless", command, parameters, life_seconds=SHORT_LIFE_SECONDS)

    return make


@pytest.fixture
def misbehaving(tmp_path: Path) -> MakeSubject:
    """Makes the subject of a driver with a script of these rules."""

    def make(*rules: Mapping[str, object], driver: str = "inmemory", **more: object) -> Subject:
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"rules": rules}))
        parameters = {
            "script": str(script),
            "driver": driver,
            "parameters": own_parameters(driver, tmp_path),
            **more,
        }
        return Subject("misbehaving", MISBEHAVING, parameters, life_seconds=SHORT_LIFE_SECONDS)

    return make


@pytest.fixture
def endurance() -> Endurance:
    """Little of the suite: what concerns single objects."""
    cases = [case for case in CASES if case.topic in ("content", "reading")]
    return Endurance(cases, seed=1, seconds=1.0)


def own_parameters(driver: str, directory: Path) -> dict[str, object]:
    return {"rootdirectory": str(directory / "root")} if driver == "filesystem" else {}
