"""The leash: the kernel kills a process group once the other end has gone."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator

import pytest

from storagedriver.ipc.leash import Leash

PATIENCE_SECONDS = 30.0


def fastened(leash: Leash) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        ["/bin/sleep", "1000"], pass_fds=[leash.driver_end], start_new_session=True
    )
    leash.fasten(process.pid)
    return process


@pytest.fixture
def leash() -> Iterator[Leash]:
    leash = Leash()
    yield leash
    leash.let_go()


def test_letting_go_kills_and_may_be_done_twice(leash: Leash) -> None:
    process = fastened(leash)
    leash.let_go()
    leash.let_go()
    assert process.wait(PATIENCE_SECONDS) == -9


def test_its_end_kills() -> None:
    process = fastened(Leash())
    assert process.wait(PATIENCE_SECONDS) == -9


def test_a_copy_in_a_forked_child_holds_and_its_closing_kills_nothing(leash: Leash) -> None:
    process = fastened(leash)
    child = os.fork()
    if child == 0:
        leash.let_go()
        os._exit(0)
    os.waitpid(child, 0)
    assert process.poll() is None
    leash.let_go()
    assert process.wait(PATIENCE_SECONDS) == -9


def test_a_kernel_without_it_harms_nobody(leash: Leash, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: int) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    process = fastened(leash)
    leash.let_go()
    assert process.poll() is None
    process.kill()
    process.wait()
