from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command

# Far more than an installation takes.
PATIENCE_SECONDS = 600


def contents(directory: Path) -> dict[str, str]:
    """The files of a directory; its folders are what Python and pytest have left there."""
    return {path.name: path.read_text() for path in directory.iterdir() if path.is_file()}


def test_the_example_is_what_is_written(
    storagedriver: Command, checkout: Path, tmp_path: Path
) -> None:
    answer = storagedriver("new", "dictionary", tmp_path / "written")
    assert (answer.status, answer.stderr) == (0, "")
    assert contents(tmp_path / "written") == contents(checkout / "examples" / "python")


def test_another_name_stands_everywhere(storagedriver: Command, tmp_path: Path) -> None:
    # A name that has the example's in it, and is no name of a module.
    storagedriver("new", "my-dictionary.v2", tmp_path)
    written = contents(tmp_path)
    module = "my_dictionary_v2_driver"
    assert set(written) == {"README.md", "pyproject.toml", f"{module}.py", f"test_{module}.py"}
    names = set(re.findall(r"[\w.-]*dictionary[\w.-]*", str(written), re.IGNORECASE))
    ours = ("my-dictionary.v2", module, "MyDictionaryV2Driver")
    assert {name for name in names if not any(own in name for own in ours)} == set()
    assert "class MyDictionaryV2Driver(StorageDriver):" in written[f"{module}.py"]


def test_the_directory_has_the_name_unless_told(
    storagedriver: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = storagedriver("new", "class")
    assert answer.stdout.startswith("Wrote README.md, class_driver.py, pyproject.toml, ")
    assert "pip install --editable class" in answer.stdout
    assert (tmp_path / "class" / "class_driver.py").is_file()


def test_the_files_are_told_in_json(storagedriver: Command, tmp_path: Path) -> None:
    (told,) = storagedriver("new", "mine", tmp_path / "new" / "one", "--json").objects
    assert told == {
        "directory": str(tmp_path / "new" / "one"),
        "files": ["README.md", "mine_driver.py", "pyproject.toml", "test_mine_driver.py"],
    }


@pytest.mark.parametrize("name", ["", "Mine", "a b", "../a", "a--b", "-a", "a\n", "9p", "ä"])
def test_a_name_that_no_driver_can_have_is_refused(
    storagedriver: Command, tmp_path: Path, name: str
) -> None:
    answer = storagedriver("new", "--", name, tmp_path / "new")
    assert answer.status == 2
    assert answer.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_the_name_of_an_installed_driver_is_refused(storagedriver: Command, tmp_path: Path) -> None:
    answer = storagedriver("new", "filesystem", tmp_path / "new")
    assert answer.status == 2
    assert "a driver filesystem is installed here already" in answer.stderr
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_into_a_directory_in_which_something_is(
    storagedriver: Command, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("mine")
    answer = storagedriver("new", "mine", tmp_path)
    assert answer.status == 2
    assert f"{tmp_path} is not empty" in answer.stderr
    assert contents(tmp_path) == {"README.md": "mine"}


def test_a_place_where_nothing_can_be_written_is_told(
    storagedriver: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for place in ("file", "file/below", "a" * 300):
        answer = storagedriver("new", "mine", tmp_path / place)
        assert answer.status == 1
        assert answer.stderr.endswith(f": {tmp_path / place}\n")
    assert os.listdir(tmp_path) == ["file"]


def test_it_passes_the_suite_both_ways(storagedriver: Command, tmp_path: Path) -> None:
    """As if it were installed: on the path, with its entry points, and its program."""
    package = tmp_path / "new"
    storagedriver("new", "mine", package)
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    about = package / "storagedriver_mine-0.dist-info"
    about.mkdir()
    ((group, entries),) = project["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (about / "entry_points.txt").write_text("\n".join(lines))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: storagedriver-mine\nVersion: 0\n")
    ((script, target),) = project["scripts"].items()
    module, _, function = target.partition(":")
    program = tmp_path / "programs" / script
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(package)!r})\n"
        f"from {module} import {function}\n{function}()\n"
    )
    program.chmod(0o755)
    path = os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])])
    places = {"PYTHONPATH": path, "STORAGEDRIVER_PATH": str(program.parent)}
    check_both_ways(Path(sys.executable), package, {**os.environ, **places})


@pytest.mark.full
def test_it_passes_the_suite_when_pip_has_installed_it(
    storagedriver: Command, checkout: Path, tmp_path: Path
) -> None:
    """In an environment that has nothing else but this project. It needs a package index."""
    storagedriver("new", "mine", tmp_path / "new")
    # pip builds where the sources are, and leaves its traces there.
    left_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(checkout, tmp_path / "checkout", ignore=left_out)
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for what in ([str(tmp_path / "checkout")], ["--editable", f"{tmp_path / 'new'}[test]"]):
        subprocess.run([*pip, *what], env=clean, check=True, timeout=PATIENCE_SECONDS)
    check_both_ways(python, tmp_path / "new", clean)
    # The command of the wheel writes the same.
    subprocess.run(
        [python, "-m", "storagedriver.cli.main", "new", "dictionary", tmp_path / "again"],
        check=True,
        timeout=PATIENCE_SECONDS,
        env=clean,
    )
    assert contents(tmp_path / "again") == contents(checkout / "examples" / "python")


def check_both_ways(python: Path, package: Path, environment: dict[str, str]) -> None:
    """The package's own tests, and `storagedriver check mine`."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, "-m", *arguments],
            cwd=package,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    tested = run("pytest", "-q", "-p", "no:cacheprovider")
    ((passed, skipped),) = re.findall(r"(\d+) passed, (\d+) skipped", tested)
    # It fails also where the answers of the two ways differ.
    checked = run("storagedriver.cli.main", "check", "mine", "--json").splitlines()
    summary = json.loads(checked[-1])["summary"]
    assert int(passed) == summary["in_process"]["passed"] + summary["ipc"]["passed"]
    assert int(skipped) == summary["in_process"]["skipped"] + summary["ipc"]["skipped"]
