"""A subject knows what its driver has left running, and nobody else's."""

from __future__ import annotations

import os
import signal
import subprocess

import psutil

from storagedriver.conformance.faults import Subject
from storagedriver.conformance.faults.subject import kill_and_wait, wait_until


def sleeping(subject: Subject) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "1000"], env={**os.environ, **subject.environment()})


def test_what_is_left_is_told_and_ended() -> None:
    one, other = Subject("one", ["true"], {}), Subject("other", ["true"], {})
    with sleeping(one) as ours, sleeping(other) as theirs:
        assert one.left(0) == [f"sleep 1000 (process {ours.pid})"]
        assert one.left(0, besides=ours.pid) == []
        one.end_all()
        assert ours.wait(10) == -signal.SIGKILL
        assert theirs.poll() is None
        other.end_all()


def test_what_ends_in_time_is_not_left() -> None:
    subject = Subject("one", ["true"], {})
    with sleeping(subject) as process:
        process.kill()
        process.wait(10)
        assert subject.left(10) == []


def test_a_killed_process_has_ended() -> None:
    with subprocess.Popen(["sleep", "1000"]) as process:
        kill_and_wait(process.pid)
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE


def test_a_process_that_has_ended_cannot_be_killed_and_that_is_no_error() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait(10)
        kill_and_wait(process.pid)
        assert process.returncode == 0


def test_a_condition_that_never_holds_is_given_up() -> None:
    assert not wait_until(lambda: False, 0.05)
    assert wait_until(lambda: True, 0.0)
