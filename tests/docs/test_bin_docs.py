"""bin/docs, with a Python that only tells how it was called."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Answers -c as Python does, and makes an environment that holds a Python that writes down its
# arguments.
PRETENDING_PYTHON = f"""#!/bin/sh
case $1 in
-c) exec {sys.executable} "$@" ;;
-m) mkdir -p "$3/bin" && cp "${{0%/*}}/environment-python" "$3/bin/python" ;;
esac
"""

NOTING_PYTHON = """#!/bin/sh
echo "$*" >>"$CALLS"
case $2 in
sphinx) exit "$SPHINX_STATUS" ;;
esac
"""


@pytest.fixture
def copied(tmp_path: Path, checkout: Path) -> Path:
    """A checkout of one empty package, beside which stands the Python to use."""
    copied = tmp_path / "checkout"
    shutil.copytree(checkout / "bin", copied / "bin")
    (copied / "layer").mkdir()
    (copied / "layer" / "__init__.py").touch()
    (copied / "pyproject.toml").touch()
    for name, text in (("python3.13", PRETENDING_PYTHON), ("environment-python", NOTING_PYTHON)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return copied


def run(copied: Path, *arguments: str, sphinx_status: int = 0) -> tuple[int, str, list[str]]:
    """The exit status, stderr, and how the environment's Python was called."""
    calls = copied.parent / "calls"
    done = subprocess.run(
        [copied / "bin" / "docs", *arguments],
        env={
            "PATH": f"{copied.parent}:/usr/bin:/bin",
            "CALLS": str(calls),
            "SPHINX_STATUS": str(sphinx_status),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stderr, calls.read_text(encoding="utf-8").splitlines()


def test_it_installs_what_the_site_needs_and_builds_with_warnings_as_errors(copied: Path) -> None:
    status, stderr, (install, build) = run(copied, "-j", "2")
    assert status == 0
    assert f"--editable {copied}[docs]" in install
    assert build.startswith("-m sphinx --fail-on-warning --keep-going ")
    assert build.endswith(" -j 2 docs build/docs")
    assert stderr.splitlines()[-1].startswith(f"bin/docs: the site is in {copied}/build/docs")


def test_a_site_with_a_warning_is_a_failure(copied: Path) -> None:
    status, stderr, _ = run(copied, sphinx_status=1)
    assert status == 1
    assert "the site is in" not in stderr


def test_an_environment_for_the_tests_will_do(copied: Path) -> None:
    # As bin/test does.
    program = (
        f'checkout={copied} program=x; . "$checkout"/bin/environment.sh; ensure_environment test'
    )
    environment = {"PATH": f"{copied.parent}:/usr/bin:/bin", "CALLS": str(copied.parent / "calls")}
    subprocess.run(["sh", "-c", program], env=environment, check=True, timeout=30)
    _, _, (install, _) = run(copied)
    assert "docs" in install.split("[")[1]
