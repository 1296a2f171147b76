"""The start and the end go wrong as the script says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from storagedriver.contract import (
    DriverCrashedError,
    IncompatibleVersionError,
    InvalidParametersError,
    ProtocolError,
    StorageDriverError,
)
from storagedriver.ipc import IPCStorageDriver, Ladder
from tests.drivers.misbehaving.conftest import PROGRAM, Start


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"do": "crash", "point": "start", "status": 7}, DriverCrashedError),
        ({"do": "wrong-token"}, ProtocolError),
        ({"do": "wrong-version", "version": "98.7"}, IncompatibleVersionError),
        ({"do": "crash", "method": "Hello"}, DriverCrashedError),
    ],
    ids=str,
)
def test_a_start_fails(
    start: Start, rule: dict[str, object], error: type[StorageDriverError]
) -> None:
    with pytest.raises(error):
        start([rule])


def test_the_second_start_fails(start: Start) -> None:
    start([{"do": "crash", "point": "start", "nth": 2}]).close()
    with pytest.raises(DriverCrashedError):
        start()
    start().close()


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"script": 7}, "script"),
        ({"surplus": 1}, "surplus"),
        ({"driver": "other"}, "driver"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"surplus": 1}}, "surplus"),
        ({"journal": "/dev/null/no"}, "journal"),
        ({"features": "walk"}, "features"),
    ],
    ids=str,
)
def test_wrong_parameters_are_refused(
    start: Start, parameters: dict[str, object], parameter: str
) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        start([], **parameters)
    assert caught.value.parameter == parameter


def test_a_mistake_in_the_script_reaches_the_caller(start: Start) -> None:
    with pytest.raises(InvalidParametersError, match="rule 1: 'do' must be"):
        start([{"do": "explode", "method": "Stat"}])


def test_a_journal_may_stand_elsewhere(start: Start, tmp_path: Path) -> None:
    start([], journal=str(tmp_path / "elsewhere")).stat("/")
    assert "Stat" in (tmp_path / "elsewhere").read_text()


def test_a_driver_that_does_not_end_by_itself_is_killed(script: Path) -> None:
    script.write_text('{"rules": [{"do": "keep-running"}, {"do": "ignore-sigterm"}]}')
    driver = IPCStorageDriver.start(
        PROGRAM,
        {"script": str(script)},
        name="misbehaving",
        ladder=Ladder(calls=0.1, shutdown=0.1, terminate=0.1),
        restart=None,
    )
    process = psutil.Process(driver.pid)
    assert process.is_running()
    driver.close()
    assert not process.is_running()


def test_it_tells_its_version_without_a_script() -> None:
    told = subprocess.run([*PROGRAM, "--version"], capture_output=True, check=True, text=True)
    assert '"name": "misbehaving"' in told.stdout
