"""What an example is built with, and may be missing: tools of its language, system packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

# The first build on a machine fetches libraries and compiles them, beside other tests.
TOOL_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of a language, run in one folder."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Beside that of this process."""

    def run(self, *command: str) -> str:
        """Return what a command prints, with its errors; the test fails with that if it does."""
        done = self.try_to_run(command)
        if done.returncode != 0:
            pytest.fail(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}")
        return done.stdout

    def try_to_run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TOOL_SECONDS,
        )


def find_tools(folder: Path, probe: Sequence[str], *, needs: str) -> Tools:
    """Return the tools for an example if the command `probe` succeeds in its folder.

    Otherwise the test is skipped, and told so with what it `needs`. In continuous integration it
    fails: what is skipped there is not tested anywhere.
    """
    tools = Tools(folder)
    try:
        done = tools.try_to_run(probe)
    except FileNotFoundError:
        _unavailable(f"{needs} is not on PATH")
    if done.returncode != 0:
        _unavailable(f"{needs} is wanted, and {' '.join(probe)} says: {done.stdout.strip()}")
    return tools


def ensure_debian_packages(*names: str) -> None:
    """Have system packages of Debian there, for an example that is built with them.

    Continuous integration installs what is missing, if it is root. Everywhere else the test is
    skipped, and told so with what is missing, or fails as in `find_tools`. Where packages are not
    those of Debian nothing is done: the build says what it does not find.
    """
    if shutil.which("dpkg-query") is None:
        return
    missing = _missing_packages(names)
    if missing and os.environ.get("CI") and os.geteuid() == 0:
        _install(missing)
        missing = _missing_packages(names)
    if missing:
        _unavailable(f"packages are not installed: apt-get install {' '.join(missing)}")


def _missing_packages(names: Sequence[str]) -> list[str]:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}"]
    tools = Tools(Path("/"))
    # One that was removed and has left its settings is known too: it is not "ii".
    return [name for name in names if not tools.try_to_run([*query, name]).stdout.startswith("ii")]


def _install(names: Sequence[str]) -> None:
    apt = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300")
    install = (*apt, "install", "--yes", "--no-install-recommends", *names)
    tools = Tools(Path("/"))
    if tools.try_to_run(install).returncode != 0:
        # A new machine knows no packages yet, one that is not new those of some time ago.
        tools.run(*apt, "update")
        tools.run(*install)


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
