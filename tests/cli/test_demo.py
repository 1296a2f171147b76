from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.cli import demo
from storagedriver.cli.environment_archive import EnvironmentArchive, write_archive
from storagedriver.cli.suite_runs import SuiteSettings

if TYPE_CHECKING:
    from tests.cli.conftest import Command

FLAT_DRIVER = """#!{python}
from storagedriver.contract.features import FLAT_NAMESPACE
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import serve


class FlatDriver(InMemoryDriver):
    features = InMemoryDriver.features | frozenset([FLAT_NAMESPACE])


serve(lambda parameters: FlatDriver())
"""


def test_the_demonstration_tells_what_it_measured_and_leaves_nothing(
    storagedriver: Command,
) -> None:
    answer = storagedriver("demo", "--json")
    assert (answer.status, answer.stderr) == (0, "")
    (told,) = answer.objects
    assert isinstance(told["size"], int)
    assert told["size"] >= 100_000_000
    assert isinstance(told["cases"], int)
    assert told["cases"] > 100
    assert str(told["digest"]).startswith("sha256:")
    assert os.listdir(tempfile.gettempdir()) == []


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One case of the suite and an archive of one file."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100_000)

    def write_small(target: Path, sources: Iterable[Path]) -> EnvironmentArchive:
        return write_archive(target, [file], minimum_bytes=100_000)

    monkeypatch.setattr(demo, "write_archive", write_small)
    monkeypatch.setattr(demo, "SuiteSettings", partial(SuiteSettings, only=["list_of_2014"]))


@pytest.mark.usefixtures("_small")
def test_the_demonstration_for_people_is_four_lines(storagedriver: Command) -> None:
    answer = storagedriver("demo")
    assert (answer.status, answer.stderr) == (0, "")
    checked, packed, stored, fetched = answer.stdout.splitlines()
    assert checked == ("Checked: the filesystem driver, in a process of its own, passes 1 cases.")
    assert packed == "Packed:  1 files of this Python, 112.6 kB."
    assert stored.startswith("Stored:  in ")
    assert fetched.endswith(", the same digest.")


@pytest.mark.usefixtures("_small")
def test_a_driver_that_fails_the_suite_ends_the_demonstration(
    storagedriver: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another driver by the name: it skips the only case, so nothing has passed.
    program = tmp_path / "registry-storage-filesystem"
    program.write_text(FLAT_DRIVER.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("STORAGEDRIVER_PATH", str(tmp_path))
    monkeypatch.setattr(demo, "SuiteSettings", partial(SuiteSettings, only=["write_below_a_file"]))
    answer = storagedriver("demo")
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr.startswith(
        "storagedriver: the driver does not pass the suite: no case applies to it"
    )
