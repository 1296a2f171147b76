"""The executables of the checkout, with a Python that only pretends to make environments."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Answers -c as Python does, and makes an environment that has only what is called.
DRIVERS = [f"registry-storage-{name}" for name in ("filesystem", "inmemory", "misbehaving")]

PRETENDING_PYTHON = f"""#!/bin/sh
case $1 in
-c) exec {sys.executable} "$@" ;;
-m) mkdir -p "$3/bin" && cp "${{0%/*}}/environment-python" "$3/bin/python" ;;
esac
"""

# In place of pip: one line for each install, then what the test wants, then the command itself.
PRETENDING_PIP = """#!/bin/sh
echo "$*" >>"$INSTALLS"
eval "$DURING_INSTALL"
printf '#!/bin/sh\\necho "ran $*"\\n' >"${0%/*}/storagedriver"
chmod +x "${0%/*}/storagedriver"
"""


class Checkout:
    """A copy of bin/ in a project of one package."""

    def __init__(self, root: Path, bin_folder: Path) -> None:
        self.root = root / "checkout"
        self.installs_file = root / "installs"
        self.pythons = root / "pythons"
        self.pythons.mkdir()
        write_program(self.pythons / "python3.13", PRETENDING_PYTHON)
        write_program(self.pythons / "environment-python", PRETENDING_PIP)
        shutil.copytree(bin_folder, self.root / "bin")
        (self.root / "layer").mkdir()
        (self.root / "layer" / "__init__.py").touch()
        (self.root / "pyproject.toml").write_text("[project]\n")

    @property
    def installs(self) -> int:
        return len(self.installs_file.read_text().splitlines())

    def start(
        self, *command: str | Path, during_install: str = "", path: str | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command or [self.root / "bin" / "storagedriver", "an argument"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": path or f"{self.pythons}:/usr/bin:/bin",
                "INSTALLS": str(self.installs_file),
                "DURING_INSTALL": during_install,
                "TMPDIR": os.environ["TMPDIR"],
            },
        )

    def run(
        self, *command: str | Path, during_install: str = "", path: str | None = None
    ) -> tuple[int, str, str]:
        """The exit status, stdout and stderr of a command; the storagedriver one unless given."""
        process = self.start(*command, during_install=during_install, path=path)
        stdout, stderr = process.communicate(timeout=30)
        return process.returncode, stdout, stderr


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def project(tmp_path: Path, checkout: Path) -> Checkout:
    return Checkout(tmp_path, checkout / "bin")


def test_the_first_use_makes_the_environment_and_says_so_in_one_line(project: Checkout) -> None:
    status, stdout, stderr = project.run()
    assert (status, stdout) == (0, "ran an argument\n")
    assert stderr.startswith("storagedriver: making the environment in ")
    assert stderr.count("\n") == 1
    assert project.installs == 1


def test_the_next_use_makes_nothing_and_says_nothing(project: Checkout) -> None:
    project.run()
    assert project.run() == (0, "ran an argument\n", "")
    assert project.installs == 1


def test_the_type_checkers_are_minded(project: Checkout) -> None:
    project.run()
    assert "--config-settings editable_mode=strict" in project.installs_file.read_text()


def test_two_first_uses_at_once_make_one_environment(project: Checkout) -> None:
    # Whichever comes first is held up in the middle.
    waiting = project.root / "waiting"
    os.mkfifo(waiting)
    processes = [project.start(during_install=f"read -r line <{waiting}") for _ in range(2)]
    with open(waiting, "w") as pipe:
        pipe.write("go on\n")
    for process in processes:
        stdout, stderr = process.communicate(timeout=30)
        assert (process.returncode, stdout) == (0, "ran an argument\n"), stderr
    assert project.installs == 1


def test_a_half_made_environment_is_made_again(project: Checkout) -> None:
    status, stdout, _ = project.run(during_install="kill -KILL $PPID")
    assert (status, stdout) == (-9, "")
    status, stdout, stderr = project.run()
    assert (status, stdout) == (0, "ran an argument\n")
    assert "making the environment" in stderr


def test_a_failed_install_is_told_and_made_again(project: Checkout) -> None:
    status, stdout, stderr = project.run(during_install="echo no network >&2; exit 1")
    assert (status, stdout) == (69, "")
    assert stderr.splitlines()[1] == "no network"
    assert "cannot install into" in stderr.splitlines()[2]
    assert project.run()[0] == 0


@pytest.mark.parametrize("change", ["pyproject", "new file", "lost file"])
def test_a_change_of_the_package_is_installed(project: Checkout, change: str) -> None:
    (project.root / "layer" / "old.py").touch()
    project.run()
    if change == "pyproject":
        (project.root / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    elif change == "new file":
        (project.root / "layer" / "new.py").touch()
    else:
        (project.root / "layer" / "old.py").unlink()
    assert "bringing the environment" in project.run()[2]
    assert project.installs == 2
    assert project.run()[2] == ""


def test_a_change_of_code_needs_no_install(project: Checkout) -> None:
    project.run()
    (project.root / "layer" / "__init__.py").write_text("new = 'code'\n")
    assert project.run()[2] == ""


def test_a_moved_checkout_gets_an_environment_of_its_own(project: Checkout) -> None:
    project.run()
    project.root = project.root.rename(project.root.with_name("moved"))
    status, stdout, stderr = project.run()
    assert (status, stdout) == (0, "ran an argument\n")
    assert "making the environment in " + str(project.root) in stderr


def test_a_python_that_is_too_old_or_broken_is_passed_over(project: Checkout) -> None:
    (project.pythons / "python3.13").rename(project.pythons / "python3.12")
    write_program(project.pythons / "python3.13", "#!/bin/sh\necho broken shim >&2\nexit 127\n")
    status, stdout, stderr = project.run()
    assert (status, stdout) == (0, "ran an argument\n")
    assert "broken shim" not in stderr


def test_without_a_python_it_says_so_in_one_line(project: Checkout, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "readlink", "find", "sort", "cksum"):
        (tools / tool).symlink_to(f"/usr/bin/{tool}")
    status, stdout, stderr = project.run(path=str(tools))
    assert (status, stdout) == (69, "")
    assert stderr.startswith("storagedriver: needs Python 3.11 or later")
    assert stderr.count("\n") == 1


def test_it_runs_by_a_link_and_from_anywhere(project: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project.root / "bin" / "storagedriver")
    assert project.run("sh", "-c", f"cd / && {link} here")[:2] == (0, "ran here\n")


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_without_an_environment_says_so_in_one_line(project: Checkout, name: str) -> None:
    status, stdout, stderr = project.run(project.root / "bin" / name)
    assert (status, stdout) == (69, "")
    assert stderr == f"{name}: this checkout has no environment yet; bin/storagedriver makes it\n"


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize("how", ["its path", "a link", "its folder"])
def test_a_driver_becomes_the_one_of_the_environment(
    project: Checkout, tmp_path: Path, name: str, how: str
) -> None:
    installed = project.root / ".venv" / "bin" / name
    installed.parent.mkdir(parents=True)
    write_program(installed, '#!/bin/sh\necho "$$ $*"\n')
    link = tmp_path / "link"
    link.symlink_to(project.root / "bin" / name)
    start = {
        "its path": f"exec {project.root}/bin/{name} '{{}}'",
        "a link": f"exec {link} '{{}}'",
        "its folder": f"cd {project.root}/bin; exec sh {name} '{{}}'",
    }[how]
    process = project.start("sh", "-c", start)
    stdout, stderr = process.communicate(timeout=30)
    # The same process: what a host starts is what it can signal and wait for.
    assert (stdout, stderr) == (f"{process.pid} {{}}\n", "")
