from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.cli.driver_options import (
    TRANSFER_TIMEOUT_SECONDS,
    DriverChoice,
    OnlyAProgramError,
)
from storagedriver.contract import DriverTimeoutError, InvalidStorageDriverError
from storagedriver.ipc import IPCStorageDriver

if TYPE_CHECKING:
    from tests.cli.conftest import Command, StallingDriver


def test_a_driver_is_used_in_a_process_of_its_own_unless_told_otherwise() -> None:
    with DriverChoice("inmemory").open() as driver:
        assert isinstance(driver, IPCStorageDriver)
    with DriverChoice("inmemory", in_process=True).open() as driver:
        assert not isinstance(driver, IPCStorageDriver)


def test_a_driver_is_looked_for_in_the_given_directory(drivers_directory: Path) -> None:
    choice = DriverChoice("dictionary", drivers_directory=str(drivers_directory))
    with choice.open() as driver:
        assert driver.list("/") == []


def test_a_driver_that_is_a_program_only_cannot_be_used_in_this_process(
    drivers_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(drivers_directory), prepend=":")
    with pytest.raises(OnlyAProgramError, match="it is a program"):
        DriverChoice("dictionary", in_process=True).open()


def test_a_program_is_not_started_to_find_out_that_it_is_only_a_program(tmp_path: Path) -> None:
    # It would refuse its parameters, or crash, and that is not what is wrong.
    program = tmp_path / "registry-storage-crashing"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nexit 3\n")
    program.chmod(0o755)
    choice = DriverChoice("crashing", in_process=True, drivers_directory=str(tmp_path))
    with pytest.raises(OnlyAProgramError, match="it is a program"):
        choice.open()
    assert not (tmp_path / "started").exists()


def test_a_driver_that_is_nowhere_is_no_program_either(tmp_path: Path) -> None:
    choice = DriverChoice("nowhere", in_process=True, drivers_directory=str(tmp_path))
    with pytest.raises(InvalidStorageDriverError, match="no registry-storage-nowhere in"):
        choice.open()


def test_the_timeout_is_the_drivers(stalling: StallingDriver) -> None:
    choice = DriverChoice(
        "stalling",
        {"fifo": str(stalling.fifo)},
        drivers_directory=str(stalling.directory),
        timeout_seconds=0.2,
    )
    with choice.open() as driver, pytest.raises(DriverTimeoutError) as caught:
        driver.read_stream("/a").read()
    assert caught.value.seconds == 0.2


@pytest.mark.parametrize(
    ("choice", "seconds"),
    [
        (DriverChoice("inmemory"), TRANSFER_TIMEOUT_SECONDS),
        (DriverChoice("inmemory", timeout_seconds=5), 5),
        (DriverChoice("inmemory", in_process=True), None),
        (DriverChoice("attach:/somewhere"), None),
    ],
)
def test_a_driver_has_more_time_to_store_what_is_large(
    choice: DriverChoice, seconds: float | None
) -> None:
    assert choice.for_transfers().timeout_seconds == seconds


@pytest.mark.parametrize("given", [("--parameters", '{"a": 1}'), ("-p", "a=1")])
def test_parameters_reach_the_driver(
    storagedriver: Command, drivers_directory: Path, given: tuple[str, str]
) -> None:
    where = ("--drivers-directory", drivers_directory)
    assert storagedriver("ls", "dictionary", *where, "--timeout", "5").status == 0
    answer = storagedriver("ls", "dictionary", *where, *given)
    assert answer.status == 1
    assert "Invalid parameter 'a' of dictionary" in answer.stderr


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_timeout_is_a_number_above_zero(storagedriver: Command, seconds: str) -> None:
    assert storagedriver("ls", "inmemory", "--timeout", seconds).status == 2


def test_a_timeout_makes_no_sense_in_this_process(storagedriver: Command) -> None:
    answer = storagedriver("ls", "inmemory", "--in-process", "--timeout", "5")
    assert answer.status == 2
    assert "a process of its own" in answer.stderr
