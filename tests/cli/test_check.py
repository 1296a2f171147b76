from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.contract import FileInfo, FileInfoFields, InvalidStorageDriverError
from storagedriver.drivers import factory
from storagedriver.drivers.inmemory import InMemoryDriver

if TYPE_CHECKING:
    from tests.cli.conftest import Command

# One case that is quick, and one that is skipped.
FEW = ("--case", "list_of_2014", "--case", "url_expires")


class WithoutSizes(InMemoryDriver):
    """Breaks the contract, in this process only: the program of its name is right."""

    def stat(self, path: str) -> FileInfo:
        info = super().stat(path)
        return FileInfoFields(path, 0, info.mod_time, info.is_dir)


@pytest.fixture
def _wrong_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(parameters: Mapping[str, object]) -> InMemoryDriver:
        return WithoutSizes()

    monkeypatch.setattr(factory, "_registered", {"inmemory": make})


def test_a_driver_is_checked_in_both_ways(storagedriver: Command) -> None:
    answer = storagedriver("check", "inmemory", *FEW)
    assert (answer.status, answer.stderr) == (0, "")
    assert "list_of_2014" in answer.stdout
    assert answer.stdout.splitlines()[-1] == (
        "inmemory: in-process 1 passed, 1 skipped (seed 2015); IPC 1 passed, 1 skipped (seed 2015);"
        " no differences"
    )


def test_a_crash_is_a_failed_case_though_the_driver_could_be_started_again(
    storagedriver: Command, tmp_path: Path
) -> None:
    rules = [{"do": "crash", "method": "Stat", "nth": 3}]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"rules": rules}))
    module = "storagedriver.drivers.executables.misbehaving"
    program = tmp_path / "registry-storage-misbehaving"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
    program.chmod(0o755)
    own = {"rootdirectory": str(tmp_path / "root")}
    parameters = {"script": str(script), "driver": "filesystem", "parameters": own}
    answer = storagedriver(
        *("check", "misbehaving", "--ipc", "--drivers-directory", str(tmp_path)),
        *("--parameters", json.dumps(parameters), "--case", "stat_*"),
    )
    assert answer.status == 1
    assert "DriverCrashedError" in answer.stdout
    assert " 1 failed" in answer.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("option", "ran", "not_run"),
    [("--in-process", "in_process", "ipc"), ("--ipc", "ipc", "in_process")],
)
def test_one_way_can_be_enough(storagedriver: Command, option: str, ran: str, not_run: str) -> None:
    answer = storagedriver("check", "inmemory", option, "--json", *FEW)
    first, _, summary = answer.objects
    assert answer.status == 0
    assert first[ran] is not None
    assert first[not_run] is None
    told = summary["summary"]
    assert isinstance(told, dict)
    assert told[not_run] is None


def test_both_ways_only_are_a_contradiction(storagedriver: Command) -> None:
    assert storagedriver("check", "inmemory", "--in-process", "--ipc").status == 2


def test_json_has_a_line_for_each_case_and_one_for_all(storagedriver: Command) -> None:
    answer = storagedriver("check", "inmemory", "--json", "--seed", "7", *FEW)
    *cases, summary = answer.objects
    assert {case["case"] for case in cases} == {"list_of_2014", "url_expires"}
    counts = {"passed": 1, "failed": 0, "skipped": 1, "seed": 7, "full": False}
    assert summary == {
        "summary": {
            "driver": "inmemory",
            "passed": True,
            "in_process": counts,
            "ipc": counts,
            "differences": 0,
        }
    }


@pytest.mark.usefixtures("_wrong_here")
def test_a_failed_case_and_a_difference_are_told_and_fail(storagedriver: Command) -> None:
    answer = storagedriver(
        "check", "inmemory", "--case", "stat_of_a_file*", "--case", "append_small*"
    )
    assert answer.status == 1
    lines = answer.stdout.splitlines()
    assert any(line.startswith("append_small_chunks, in-process: ") for line in lines)
    assert any(line.startswith("append_small_chunks, in-process / IPC: ") for line in lines)
    assert "1 failed" in lines[-1] or "2 failed" in lines[-1]


@pytest.mark.usefixtures("_wrong_here")
def test_a_failed_case_as_json_says_why(storagedriver: Command) -> None:
    answer = storagedriver("check", "inmemory", "--json", "--case", "append_small*")
    case, summary = answer.objects
    assert answer.status == 1
    result = case["in_process"]
    assert isinstance(result, dict)
    assert result["outcome"] == "failed"
    assert result["reason"] != ""
    assert case["differences"] != []
    assert isinstance(summary["summary"], dict)
    assert summary["summary"]["passed"] is False


def test_a_driver_that_is_a_program_only_is_checked_as_one(
    storagedriver: Command, drivers_directory: Path
) -> None:
    answer = storagedriver(
        "check", "dictionary", "--drivers-directory", drivers_directory, "--json", *FEW
    )
    assert answer.status == 0
    assert answer.objects[0]["in_process"] is None
    assert answer.stderr == "dictionary in-process: not available in this process\n"


def test_a_driver_that_is_broken_in_this_process_is_not_passed_over(
    storagedriver: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(parameters: Mapping[str, object]) -> InMemoryDriver:
        raise InvalidStorageDriverError("inmemory", reason="cannot be loaded")

    monkeypatch.setattr(factory, "_registered", {"inmemory": refuse})
    answer = storagedriver("check", "inmemory", *FEW)
    assert answer.status == 69
    assert "cannot be loaded" in answer.stderr


def test_a_driver_that_is_nowhere_is_not_checked(storagedriver: Command) -> None:
    answer = storagedriver("check", "nowhere")
    assert (answer.status, answer.stdout) == (69, "")


def test_a_pattern_that_fits_no_case_is_wrong_usage(storagedriver: Command) -> None:
    answer = storagedriver("check", "inmemory", "--case", "nonsense_*")
    assert answer.status == 2
    assert "no case is called nonsense_*" in answer.stderr


def test_each_run_gets_a_directory_of_its_own_which_is_removed(storagedriver: Command) -> None:
    answer = storagedriver("check", "filesystem", *FEW)
    assert answer.status == 0
    first, second = (
        line.partition("temporary directory ")[2].partition(",")[0]
        for line in answer.stderr.splitlines()
    )
    assert first != second
    for directory in (first, second):
        assert directory.startswith(tempfile.gettempdir())
        assert not Path(directory).exists()


def test_a_directory_that_is_given_is_used_and_kept(filesystem: Command, store: Path) -> None:
    answer = filesystem("check", *FEW)
    assert (answer.status, answer.stderr) == (0, "")
    assert store.is_dir()


def test_a_store_that_is_not_empty_is_left_alone(filesystem: Command, store: Path) -> None:
    store.mkdir()
    (store / "precious").write_bytes(b"content")
    answer = filesystem("check", *FEW)
    assert answer.status == 2
    assert "/precious" in answer.stderr
    assert (store / "precious").read_bytes() == b"content"
