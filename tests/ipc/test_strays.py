"""Strays are found by their mark or their parents, and nothing else is ever touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from storagedriver.ipc.pidfd import PidFd
from storagedriver.ipc.strays import MARK_VARIABLE, descendants, kill_marked, new_mark

PATIENCE_SECONDS = 30.0


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        with process:
            pass


def start(
    processes: list[subprocess.Popen[bytes]], mark: str | None, command: str = "exec sleep 1000"
) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **({} if mark is None else {MARK_VARIABLE: mark})}
    # It says when it runs: before, its environment is this process's.
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"echo; {command}"],
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    processes.append(process)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_those_with_the_mark_are_killed_and_no_others(
    processes: list[subprocess.Popen[bytes]],
) -> None:
    mark = new_mark()
    marked = [start(processes, mark) for _ in range(3)]
    others = [start(processes, other) for other in (None, new_mark(), mark + "0", mark[:-1])]
    kill_marked(mark)
    for process in marked:
        assert process.wait(PATIENCE_SECONDS) == -9
    assert all(process.poll() is None for process in others)


def test_what_starts_another_before_it_is_killed_does_not_get_away(
    processes: list[subprocess.Popen[bytes]],
) -> None:
    mark = new_mark()
    # Each lives for as long as it takes to start the next one.
    start(processes, mark, "exec sh -c 'while :; do setsid sh -c \"sleep 0.1\" & wait; done'")
    kill_marked(mark)
    # What is left would be found after the test, by its TMPDIR.


def test_descendants_are_children_and_theirs(processes: list[subprocess.Popen[bytes]]) -> None:
    process = start(processes, None, "sh -c 'sleep 1000 & wait' & wait")
    found: list[PidFd] = []
    while len(found) < 2:
        found = descendants(process.pid)
    for descendant in found:
        descendant.signal(9)
        assert descendant.has_ended(PATIENCE_SECONDS)
    assert process.wait(PATIENCE_SECONDS) == 0


def test_what_has_no_children_has_no_descendants(
    processes: list[subprocess.Popen[bytes]],
) -> None:
    assert descendants(start(processes, None).pid) == []
