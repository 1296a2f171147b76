from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from storagedriver.cli.progress import progress

PROGRAM = """
from storagedriver.cli.progress import progress
with progress("put /a", 4000) as advance:
    advance(3000)
    advance(1000)
"""


def test_nothing_is_shown_where_nobody_looks(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("put /a", 10) as advance:
        advance(10)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_terminal_shows_how_far_it_is() -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
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
    assert "put /a" in shown
    assert "4.0/4.0 kB" in shown
    assert done.stdout == b""
