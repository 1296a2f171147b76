from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command

PROGRAM = [sys.executable, "-m", "storagedriver.cli.main"]


@pytest.fixture
def directory() -> Iterator[str]:
    """Where an in-memory driver is served by hand; Ctrl-C ends it as it should."""
    with subprocess.Popen(
        [*PROGRAM, "serve", "inmemory"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        assert second == "Ctrl-C ends it.\n"
        yield first.split('"')[1]
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == 130


def test_drivers_are_listed_with_their_place(
    storagedriver: Command, drivers_directory: Path
) -> None:
    answer = storagedriver("drivers", "--drivers-directory", drivers_directory)
    assert (answer.status, answer.stderr) == (0, "")
    (line,) = (line for line in answer.stdout.splitlines() if line.startswith("dictionary "))
    assert f"{drivers_directory}/registry-storage-dictionary" in line
    assert "  0.1 " in line


def test_drivers_as_json(storagedriver: Command, drivers_directory: Path) -> None:
    broken = drivers_directory / "registry-storage-broken"
    broken.write_text("#!/bin/sh\nexit 7\n")
    broken.chmod(0o755)
    answer = storagedriver("drivers", "--drivers-directory", drivers_directory, "--json")
    assert answer.status == 0
    found = {
        told["name"]: told for told in answer.objects if told["place"] == str(drivers_directory)
    }
    assert set(found) == {"broken", "dictionary"}
    assert found["dictionary"]["broken"] is None
    assert "DriverCrashed" in str(found["broken"]["broken"])


def test_one_command_after_another_uses_a_driver_that_is_served_by_hand(
    storagedriver: Command, directory: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"content")
    assert storagedriver("put", f"attach:{directory}", tmp_path / "file", "/a").status == 0
    answer = storagedriver("ls", f"attach:{directory}")
    assert (answer.status, answer.stdout) == (0, "/a\n")


def test_objects_are_copied_within_a_driver_that_is_served_by_hand(
    storagedriver: Command, directory: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"content")
    store = f"attach:{directory}"
    assert storagedriver("cp", tmp_path / "file", f"{store}:/a/").status == 0
    assert storagedriver("cp", "-r", f"{store}:/a", f"{store}:/b").status == 0
    assert storagedriver("ls", "-r", store).stdout == "/a/file\n/b/file\n"


def test_where_nobody_serves_is_told(storagedriver: Command) -> None:
    answer = storagedriver("ls", "attach:/nowhere")
    assert answer.status == 1
    assert "no driver is served in /nowhere" in answer.stderr


@pytest.mark.parametrize("option", [("-p", "a=b"), ("--in-process",), ("--timeout", "1")])
def test_what_runs_already_takes_no_options(
    storagedriver: Command, option: tuple[str, ...]
) -> None:
    answer = storagedriver("ls", "attach:/nowhere", *option)
    assert answer.status == 2
    assert "runs already" in answer.stderr


def test_serving_a_driver_that_is_nowhere_is_status_69(storagedriver: Command) -> None:
    assert storagedriver("serve", "nowhere").status == 69


def test_serve_leaves_nothing(directory: str) -> None:
    assert os.listdir(directory) == ["attach"]
