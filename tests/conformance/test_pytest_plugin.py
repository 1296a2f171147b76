"""The plugin for pytest, in runs of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from storagedriver.conformance import CASES, DEFAULT_SEED

PLUGIN = "storagedriver.conformance.pytest_plugin"

ONE_LINE = f"from {PLUGIN} import test_storagedriver\n"

FRESH_DIRECTORY = (
    ONE_LINE
    + """
import pytest

@pytest.fixture(scope="module")
def storagedriver_parameters(tmp_path_factory):
    return {"rootdirectory": str(tmp_path_factory.mktemp("root"))}
"""
)


def run_pytest(
    directory: Path, *arguments: str, test_file: str = ONE_LINE
) -> subprocess.CompletedProcess[str]:
    """Run pytest on one file, as strict as can be."""
    (directory / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"
    )
    (directory / "test_mine.py").write_text(test_file)
    # Named here, so that it does not matter whether it is installed; and nothing else is.
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "-rs"]
    return subprocess.run(
        [*command, f"--basetemp={directory / 'temporary'}", *arguments],
        cwd=directory,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_one_line_gives_a_test_for_each_case(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--storagedriver", "inmemory", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert collected == [f"test_mine.py::test_storagedriver[{case.name}]" for case in CASES]


@pytest.mark.parametrize("way", [(), ("--storagedriver-in-process",)])
def test_the_driver_is_chosen_on_the_command_line(tmp_path: Path, way: tuple[str, ...]) -> None:
    root = tmp_path / "root"
    parameters = f'{{"rootdirectory": "{root}"}}'
    done = run_pytest(
        tmp_path,
        *("--storagedriver", "filesystem", "--storagedriver-parameters", parameters),
        *("-k", "put_get_one_byte or url_gives_the_content", "-v"),
        *way,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_storagedriver[put_get_one_byte] PASSED" in done.stdout
    assert "test_storagedriver[url_gives_the_content] SKIPPED" in done.stdout
    assert root.is_dir()


def test_parameters_can_be_made_by_a_fixture(tmp_path: Path) -> None:
    done = run_pytest(
        tmp_path, "--storagedriver", "filesystem", "-k", "upload_", test_file=FRESH_DIRECTORY
    )
    assert done.returncode == 0, done.stdout + done.stderr
    count = sum("upload_" in case.name for case in CASES)
    assert f"{count} passed" in done.stdout


def test_without_a_choice_there_is_one_test_and_it_is_skipped(tmp_path: Path) -> None:
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 skipped" in done.stdout
    assert "no driver was chosen: --storagedriver NAME" in done.stdout


WRONG_DRIVER = """
from storagedriver.drivers import factory
from storagedriver.drivers.inmemory import InMemoryDriver

class Wrong(InMemoryDriver):
    def get_content(self, path):
        return b"wrong"

factory.register("wrong", lambda parameters: Wrong())
"""


def test_a_case_that_fails_fails_its_test_and_says_why(tmp_path: Path) -> None:
    done = run_pytest(
        tmp_path,
        *("--storagedriver", "wrong", "--storagedriver-in-process", "--storagedriver-seed", "7"),
        *("-k", "put_get_one_byte or root_of_an_empty_store"),
        test_file=ONE_LINE + WRONG_DRIVER,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "One ASCII byte can be put and got." in done.stdout
    assert "(seed 7)" in done.stdout


def test_full_runs_are_asked_for(tmp_path: Path) -> None:
    program = (
        ONE_LINE
        + """
def test_run(storagedriver_run):
    assert storagedriver_run._full
"""
    )
    chosen = ("--storagedriver", "inmemory", "-k", "test_run")
    assert run_pytest(tmp_path, *chosen, test_file=program).returncode == 1
    assert run_pytest(tmp_path, *chosen, "--storagedriver-full", test_file=program).returncode == 0


@pytest.mark.parametrize("parameters", ["", "{", "[]", "7"])
def test_parameters_that_are_no_object_are_refused(tmp_path: Path, parameters: str) -> None:
    done = run_pytest(
        tmp_path, "--storagedriver", "inmemory", "--storagedriver-parameters", parameters
    )
    assert done.returncode == 4
    assert "--storagedriver-parameters" in done.stderr


def test_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/precious").write_text("do not delete")
    parameters = f'{{"rootdirectory": "{tmp_path / "root"}"}}'
    done = run_pytest(
        tmp_path, "--storagedriver", "filesystem", "--storagedriver-parameters", parameters
    )
    assert done.returncode == 1
    assert "this one has /precious" in done.stdout
    assert (tmp_path / "root/precious").read_text() == "do not delete"


def test_a_run_that_does_not_use_it_is_not_disturbed(tmp_path: Path) -> None:
    program = """
import sys

def test_mine():
    loaded = {name for name in sys.modules if name.startswith("storagedriver.")}
    assert loaded == {"storagedriver.conformance", "storagedriver.conformance.pytest_plugin"}
"""
    done = run_pytest(tmp_path, test_file=program)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_it_is_installed_as_a_plugin(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (module,) = project["entry-points"]["pytest11"].values()
    assert module == PLUGIN
    assert callable(import_module(module).pytest_addoption)


def test_its_seed_is_that_of_the_suite(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, "--help")
    assert f"({DEFAULT_SEED})" in done.stdout
