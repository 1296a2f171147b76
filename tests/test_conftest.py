"""The rules that hold for every test are themselves able to fail a test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

LEAVES_A_FILE = """
import tempfile
def test_it():
    tempfile.mkdtemp()
"""
LEAVES_A_DESCRIPTOR = """
import os
def test_it():
    os.open("/dev/null", os.O_RDONLY)
"""
LEAVES_A_THREAD = """
import threading
def test_it():
    threading.Thread(target=threading.Event().wait, args=(60,), daemon=True).start()
"""
LEAVES_A_CHILD = """
import subprocess
kept = []
def test_it():
    kept.append(subprocess.Popen(["sleep", "60"]))
"""
LEAVES_A_GRANDCHILD = """
import subprocess
def test_it():
    subprocess.run(["sh", "-c", "sleep 60 >/dev/null 2>&1 &"], check=True)
"""
CLOSES_ITS_DESCRIPTOR_LATE = """
import os, threading
def test_it():
    descriptor = os.open("/dev/null", os.O_RDONLY)
    threading.Timer(0.1, os.close, [descriptor]).start()
"""


@pytest.mark.parametrize(
    ("test", "thing"),
    [
        pytest.param(LEAVES_A_FILE, "file /tmp/t", id="file"),
        pytest.param(LEAVES_A_DESCRIPTOR, "descriptor", id="descriptor"),
        pytest.param(LEAVES_A_THREAD, "thread", id="thread"),
        pytest.param(LEAVES_A_CHILD, "process", id="child"),
        pytest.param(LEAVES_A_GRANDCHILD, "process", id="grandchild"),
    ],
)
def test_what_is_left_behind_fails_the_test(tmp_path: Path, test: str, thing: str) -> None:
    output = run_under_the_conftest(tmp_path, test)
    assert re.search(r"^1 passed, 1 error", output, re.MULTILINE)
    assert f"left behind: {thing}" in output


def test_what_goes_away_by_itself_is_waited_for(tmp_path: Path) -> None:
    output = run_under_the_conftest(tmp_path, CLOSES_ITS_DESCRIPTOR_LATE)
    assert re.search(r"^1 passed in", output, re.MULTILINE)


MARKED_FULL = """
import pytest
@pytest.mark.full
def test_it():
    pass
"""


def test_a_test_marked_full_is_left_out_and_counted(tmp_path: Path) -> None:
    output = run_under_the_conftest(tmp_path, MARKED_FULL)
    assert re.search(r"^1 deselected in", output, re.MULTILINE)


def test_a_test_marked_full_runs_when_asked_for(tmp_path: Path) -> None:
    output = run_under_the_conftest(tmp_path, MARKED_FULL, "--full")
    assert re.search(r"^1 passed in", output, re.MULTILINE)


def run_under_the_conftest(directory: Path, test: str, *arguments: str) -> str:
    """The output of pytest for one file under the real conftest, with a shorter patience."""
    conftest = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    (directory / "conftest.py").write_text(conftest + "\nSETTLING_SECONDS = 0.5\n")
    (directory / "test_it.py").write_text(test)
    (directory / "pytest.ini").write_text("[pytest]\nmarkers =\n    full: slow\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--basetemp=base",
            *arguments,
        ],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout
