"""One child process: what is not taken over, or dropped, is ended, and nobody else ever is."""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storagedriver.ipc import process as process_module
from storagedriver.ipc.output import OutputPipe
from storagedriver.ipc.pidfd import PidFd
from storagedriver.ipc.process import DriverProcess, Ladder

FOREVER = ["/bin/sh", "-c", "sleep 1000"]

PATIENCE_SECONDS = 30.0
SHORT = Ladder(calls=0.1, shutdown=0.1, terminate=0.1)


def start(command: list[str]) -> DriverProcess:
    # TMPDIR is how the fixture that looks for what is left knows a process.
    return DriverProcess(command, environment={"TMPDIR": os.environ["TMPDIR"]}, name="odd")


def end(process: DriverProcess) -> None:
    process.end(SHORT)
    process.handle.close()


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


def test_a_process_that_is_dropped_is_ended() -> None:
    process = start(FOREVER)
    held = PidFd(process.pid)
    del process
    gc.collect()
    assert held.has_ended(PATIENCE_SECONDS)
    held.close()


def test_a_process_is_ended_where_the_kernel_knows_no_leash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: int) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    end(start(FOREVER))


def test_a_write_to_a_process_that_ends_is_a_broken_pipe() -> None:
    process = start(["/bin/sleep", "0.1"])
    with pytest.raises(BrokenPipeError):
        # More than a pipe holds.
        process.write_line(memoryview(bytes(1 << 20)), timeout_seconds=PATIENCE_SECONDS)
    end(process)


def test_an_end_does_not_wait_for_another_thread_that_writes() -> None:
    process = start(FOREVER)
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(
            process.write_line, memoryview(bytes(1 << 20)), timeout_seconds=10 * PATIENCE_SECONDS
        )
        end(process)
        assert isinstance(writing.exception(PATIENCE_SECONDS), BrokenPipeError)


def test_an_exit_status_that_the_kernel_has_thrown_away_is_not_known() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        process = start(["/bin/sleep", "1000"])
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE_SECONDS)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (process.exit_status, process.exit_signal) == (None, None)
    end(process)


@pytest.mark.parametrize("is_new_kernel", [True, False], ids=["since 6.9", "before"])
def test_another_process_that_has_got_its_number_is_not_signalled(
    is_new_kernel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_process: PidFd, _number: int) -> bool:
        return False

    if not is_new_kernel:
        monkeypatch.setattr(PidFd, "signal_group", refuse)
    go_on = threading.Event()
    read_rest = OutputPipe.read_rest

    def hold(pipe: OutputPipe) -> None:
        go_on.wait(PATIENCE_SECONDS)
        read_rest(pipe)

    # The watcher knows of the end, and has not reaped yet.
    monkeypatch.setattr(OutputPipe, "read_rest", hold)
    process = start(["/bin/sleep", "1000"])
    os.kill(process.pid, signal.SIGKILL)
    # Some hosts wait for whatever child there is.
    os.waitpid(process.pid, 0)
    try:
        with ThreadPoolExecutor(1) as threads, with_number(process.pid) as stranger:
            killed = threads.submit(process.kill)
            go_on.set()
            killed.result(PATIENCE_SECONDS)
            assert process.wait(PATIENCE_SECONDS)
            assert stranger.poll() is None
            stranger.kill()
    finally:
        go_on.set()
    assert (process.exit_status, process.exit_signal) == (None, None)
    end(process)


def with_number(pid: int) -> subprocess.Popen[bytes]:
    """Start a process that leads a group of its own and has this number, which is free."""
    for _ in range(100):
        try:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        except OSError as error:
            pytest.skip(f"only root may choose the number of the next process: {error}")
        process = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
        if process.pid == pid:
            return process
        # Another one has started meanwhile somewhere on the machine.
        process.kill()
        process.wait()
    pytest.skip(f"something else has got the number {pid}")


def test_an_end_is_known_before_the_process_is_reaped(monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = threading.Event()
    read_rest = OutputPipe.read_rest

    def read_later(pipe: OutputPipe) -> None:
        assert may_go_on.wait(PATIENCE_SECONDS)
        read_rest(pipe)

    monkeypatch.setattr(OutputPipe, "read_rest", read_later)
    process = start(["/bin/true"])
    assert process.wait_for_end(PATIENCE_SECONDS)
    assert not process.exited.is_set()
    may_go_on.set()
    end(process)
    # Its descriptor is closed by now.
    assert process.wait_for_end(0)


def test_the_news_of_an_end_does_not_wait_for_strays_but_a_stop_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_go_on = threading.Event()
    swept: list[str] = []

    def sweep(mark: str) -> None:
        assert may_go_on.wait(PATIENCE_SECONDS)
        swept.append(mark)

    monkeypatch.setattr(process_module, "kill_marked", sweep)
    process = start(["/bin/true"])
    assert process.wait(PATIENCE_SECONDS)
    assert not swept
    may_go_on.set()
    end(process)
    assert len(swept) == 1
