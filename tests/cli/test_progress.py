from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from storagedriver.cli.progress import object_progress, progress

PROGRAM = """
from storagedriver.cli.progress import progress
with progress("put /a", 4000) as advance:
    advance(3000)
    advance(1000)
"""

OBJECTS_PROGRAM = """
from storagedriver.cli.progress import object_progress
with object_progress("sync") as shown:
    shown.bytes(3000)
    shown.objects(2)
    shown.objects(5)
"""


def test_nothing_is_shown_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("put /a", 10) as advance:
        advance(10)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_no_objects_are_shown_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    with object_progress("sync") as shown:
        shown.bytes(10)
        shown.objects(1)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_terminal_shows_how_far_it_is() -> None:
    shown = shown_on_a_terminal(PROGRAM)
    assert "put /a" in shown
    assert "4.0/4.0 kB" in shown


def test_a_terminal_shows_bytes_and_objects() -> None:
    shown = shown_on_a_terminal(OBJECTS_PROGRAM)
    assert "sync" in shown
    assert "7 objects" in shown
    assert "3.0" in shown


def shown_on_a_terminal(program: str) -> str:
    """Run a program whose stderr is a terminal, and return what stands there."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
            check=True,
            timeout=60,
        )
        shown = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stdout == b""
    return shown
