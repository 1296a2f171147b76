"""A process held by a descriptor."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from storagedriver.ipc.pidfd import PidFd

PATIENCE_SECONDS = 30.0


def sleeping(command: str = "exec sleep 1000") -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True)


def test_is_readable_when_the_process_has_ended() -> None:
    with sleeping() as process:
        held = PidFd(process.pid)
        assert not held.has_ended()
        held.signal(signal.SIGKILL)
        assert held.has_ended(PATIENCE_SECONDS)


def test_signals_after_the_end_have_no_effect() -> None:
    with sleeping("exit") as process:
        held = PidFd(process.pid)
    held.signal(signal.SIGKILL)
    held.signal_group(signal.SIGKILL)


def test_the_group_is_signalled_though_its_leader_has_been_waited_for() -> None:
    with subprocess.Popen(
        ["/bin/sh", "-c", "sleep 1000 & echo $!"], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        held = PidFd(leader.pid)
        assert leader.stdout is not None
        member = PidFd(int(leader.stdout.readline()))
        leader.wait()
        if not held.signal_group(signal.SIGKILL):
            member.signal(signal.SIGKILL)
            pytest.skip("Linux before 6.9 signals no group by a descriptor")
        assert member.has_ended(PATIENCE_SECONDS)


def test_a_number_that_is_nobodys_is_an_error() -> None:
    with sleeping("exit") as process:
        pass
    with pytest.raises(ProcessLookupError):
        PidFd(process.pid)


def test_closing_twice_is_no_error() -> None:
    held = PidFd(os.getpid())
    held.close()
    held.close()
