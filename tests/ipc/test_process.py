"""A child process that cannot be taken over is not left behind; see test_client.py for the rest."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from storagedriver.ipc.process import DriverProcess

FOREVER = ["/bin/sh", "-c", "sleep 1000"]


def start(command: list[str]) -> DriverProcess:
    # TMPDIR is how the fixture that looks for what is left knows a process.
    return DriverProcess(command, environment={"TMPDIR": os.environ["TMPDIR"]}, name="odd")


def test_a_process_without_a_descriptor_to_watch_it_by_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_pid: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        start(FOREVER)


def test_a_process_without_a_thread_to_watch_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="thread"):
        start(FOREVER)


def test_a_program_that_cannot_be_executed_says_why(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="it is a directory"):
        start([str(tmp_path)])
