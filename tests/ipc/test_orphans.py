"""No driver outlives its host, and none ends before it, whatever the host does or suffers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.pidfd import PidFd

DRIVER = [sys.executable, str(Path(__file__).with_name("stubborn_driver.py"))]

# Long enough that only a hang reaches it.
PATIENCE_SECONDS = 30.0

HOST = f"""
import ctypes, gc, multiprocessing, os, signal, subprocess, sys, threading
from storagedriver.contract import StorageDriverError
from storagedriver.ipc import IPCStorageDriver

def start(command={DRIVER!r}, **parameters):
    options = parameters.pop("options", {{}})
    return IPCStorageDriver.start(command, parameters, name="stubborn", restart=None, **options)

def tell(*words):
    print(*words, flush=True)

def wait():
    sys.stdin.read()

def in_thread(action, *arguments):
    thread = threading.Thread(target=action, args=arguments, daemon=True)
    thread.start()
    return thread

"""


@contextmanager
def host(body: str) -> Generator[subprocess.Popen[str], None, None]:
    """A host that runs `body`; killed in the end, and what it has left is swept."""
    with subprocess.Popen(
        [sys.executable, "-c", HOST + body],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        # A host that hangs, or a child of it, would have the test wait for what it tells.
        watchdog = threading.Timer(PATIENCE_SECONDS, kill_family, [process.pid])
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            watchdog.join()
            process.kill()
    SocketDirectory().remove()


def kill_family(pid: int) -> None:
    for child in children(pid):
        kill_family(int(child))
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def told(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def processes(process: subprocess.Popen[str]) -> list[PidFd]:
    """The processes whose numbers the host tells."""
    return [PidFd(int(pid)) for pid in told(process)]


def assert_ended(drivers: list[PidFd], since: float, what: object) -> None:
    assert drivers
    for driver in drivers:
        assert driver.has_ended(PATIENCE_SECONDS)
    # To be seen with -s, and never judged: machines are slow at times.
    print(f"gone {1000 * (monotonic() - since):.1f} ms after its host: {what}")


class TestKilledHost:
    @pytest.mark.parametrize(
        "body",
        [
            "driver = start(); tell(driver.pid); wait()",
            "driver = start(); in_thread(driver.get_content, '/block'); tell(driver.pid); wait()",
            # No thread of the driver's interpreter can run.
            "driver = start(); in_thread(driver.get_content, '/lock'); tell(driver.pid); wait()",
            "driver = start(); s = driver.read_stream('/endless'); tell(driver.pid); wait()",
            "driver = start(); os.kill(driver.pid, signal.SIGSTOP); tell(driver.pid); wait()",
            "driver = start(ways=['ignore-signals']); tell(driver.pid); wait()",
            "driver = start(ways=['flood']); tell(driver.pid); wait()",
            "driver = start(options={'transport': 'tcp'}); tell(driver.pid); wait()",
        ],
        ids=["idle", "call", "lock", "stream", "stopped", "deaf", "flood", "tcp"],
    )
    def test_its_driver_is_gone(self, body: str, request: pytest.FixtureRequest) -> None:
        with host(body) as process:
            drivers = processes(process)
            since = monotonic()
            process.kill()
            assert_ended(drivers, since, request.node.callspec.id)

    @pytest.mark.parametrize("kind", ["child", "copy"])
    def test_what_its_driver_has_started_is_gone_with_it(self, kind: str) -> None:
        body = f"driver = start(family=[{kind!r}]); family = driver.get_content('/family').decode()"
        with host(f"{body}; tell(driver.pid, family); wait()") as process:
            drivers = processes(process)
            since = monotonic()
            process.kill()
            assert len(drivers) == 2
            assert_ended(drivers, since, kind)

    @pytest.mark.parametrize(
        "body",
        [
            "start(['/bin/sh', '-c', 'echo made; sleep 1000'])",
            "start(ways=['hang-in-hello'])",
            "start(ways=['lock-in-hello'])",
        ],
        ids=["before it has read anything", "in Hello", "in Hello, holding its interpreter"],
    )
    def test_a_driver_that_was_starting_is_gone(
        self, body: str, request: pytest.FixtureRequest
    ) -> None:
        log = "import logging; logging.basicConfig(stream=sys.stdout, level=logging.INFO)\n"
        with host(log + body) as process:
            assert "made" in " ".join(told(process))
            drivers = [PidFd(int(child)) for child in children(process.pid)]
            since = monotonic()
            process.kill()
            assert_ended(drivers, since, request.node.callspec.id)

    def test_a_driver_behind_a_shell_is_gone(self, tmp_path: Path) -> None:
        wrapper = tmp_path / "wrapper"
        # Without exec: the shell stays, and is the driver's parent.
        wrapper.write_text(f'#!/bin/sh\n{" ".join(DRIVER)} "$@"\nexit\n')
        wrapper.chmod(0o755)
        body = f"driver = start([{str(wrapper)!r}]); in_thread(driver.get_content, '/lock')"
        with host(f"{body}; tell(driver.pid); wait()") as process:
            (shell,) = told(process)
            drivers = [PidFd(int(pid)) for pid in (shell, *children(int(shell)))]
            since = monotonic()
            process.kill()
            assert len(drivers) == 2
            assert_ended(drivers, since, "behind a shell")

    def test_a_driver_is_gone_where_another_ancestor_takes_in_orphans(self) -> None:
        # Then the parent of an orphan is never process 1.
        body = (
            "ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER\n"
            "if not os.fork():\n"
            "    driver = start()\n"
            "    tell(os.getpid(), driver.pid)\n"
            "wait()\n"
        )
        with host(body) as ancestor:
            real_host, *drivers = processes(ancestor)
            since = monotonic()
            real_host.signal(signal.SIGKILL)
            assert_ended(drivers, since, "under a subreaper")

    @pytest.mark.parametrize(
        "other",
        [
            "subprocess.Popen(['sleep', '1000'], close_fds=False).pid",
            "os.posix_spawn('/bin/sleep', ['sleep', '1000'], os.environ)",
            "os.fork() or stay()",
            "multiprocessing_child('fork')",
            "multiprocessing_child('spawn')",
            "multiprocessing_child('forkserver')",
            # No hook of the interpreter runs: it holds the ends of all pipes.
            "ctypes.CDLL(None).fork() or stay()",
        ],
        ids=["subprocess", "posix_spawn", "fork", "mp-fork", "mp-spawn", "mp-forkserver", "C"],
    )
    def test_its_driver_is_gone_though_another_child_of_it_lives(
        self, other: str, request: pytest.FixtureRequest
    ) -> None:
        body = (
            "def stay():\n"
            "    while True:\n"
            "        signal.pause()\n"
            "def multiprocessing_child(method):\n"
            "    child = multiprocessing.get_context(method).Process(target=signal.pause)\n"
            "    child.start()\n"
            "    return child.pid\n"
            # Others are started while a driver is started, too.
            "starting = in_thread(lambda: [start().close() for _ in range(3)])\n"
            "driver = start()\n"
            f"other = {other}\n"
            "starting.join()\n"
            "tell(other, driver.pid)\n"
            "wait()\n"
        )
        with host(body) as process:
            other_child, *drivers = processes(process)
            since = monotonic()
            process.kill()
            try:
                assert_ended(drivers, since, request.node.callspec.id)
                assert not other_child.has_ended()
            finally:
                other_child.signal(signal.SIGKILL)
                assert other_child.has_ended(PATIENCE_SECONDS)
                # Of a fork server, which could not remove it.
                for left in Path(os.environ["TMPDIR"]).glob("pymp-*"):
                    shutil.rmtree(left)


class TestEndingHost:
    @pytest.mark.parametrize(
        ("ending", "status"),
        [
            ("", 0),
            ("raise RuntimeError", 1),
            ("in_thread(sys.exit, 3).join()", 0),
            ("os._exit(5)", 5),
            ("os.abort()", -6),
            ("del driver; gc.collect(); start().close()", 0),
            ("os.execv('/bin/sh', ['sh', '-c', 'exit 4'])", 4),
            ("if os.fork() == 0: sys.exit(0)\nos.wait()", 0),
            ("if os.fork() == 0: os._exit(0)\nos.wait()", 0),
        ],
    )
    @pytest.mark.parametrize("state", ["", "in_thread(driver.get_content, '/block')"])
    def test_does_not_hang_and_its_driver_is_gone(
        self, ending: str, status: int, state: str
    ) -> None:
        # It ends when its driver is held: a number that is free again says nothing.
        body = f"driver = start(); {state}\ntell(driver.pid)\nsys.stdin.readline()\n{ending}\n"
        with host("sys.stderr = open(os.devnull, 'w')\n" + body) as process:
            drivers = processes(process)
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.wait(PATIENCE_SECONDS) == status
            since = monotonic()
            assert_ended(drivers, since, ending)


class TestLivingHost:
    def test_a_driver_outlives_the_thread_that_has_started_it(self) -> None:
        body = (
            "drivers = []\n"
            "in_thread(lambda: drivers.append(start())).join()\n"
            # Until the kernel has let the thread go, too: only the watcher is left.
            "while any(t.name.startswith('Thread-') for t in threading.enumerate()): pass\n"
            "drivers[0].put_content('/a', b'alive')\n"
            "tell(drivers[0].get_content('/a').decode())\n"
            "drivers[0].close()\n"
        )
        with host(body) as process:
            assert told(process) == ["alive"]
            assert process.wait(PATIENCE_SECONDS) == 0

    @pytest.mark.parametrize(
        "child",
        [
            "driver.close()",
            "driver.close(); os._exit(0)",
            "del driver; gc.collect()",
            "stream.close(); del stream, driver; gc.collect()",
            "sys.exit(0)",
            "os.kill(os.getpid(), 9)",
            "os.execv('/bin/true', ['true'])",
        ],
    )
    def test_a_driver_is_not_harmed_by_what_a_forked_child_does(self, child: str) -> None:
        body = (
            "driver = start(); driver.put_content('/a', b'alive')\n"
            "stream = driver.read_stream('/endless')\n"
            f"if os.fork() == 0:\n    {child}\n    sys.exit(0)\n"
            "os.wait()\n"
            "stream.read(1 << 24)\n"
            "tell(driver.get_content('/a').decode())\n"
            "stream.close(); driver.close()\n"
        )
        with host(body) as process:
            assert told(process) == ["alive"]
            assert process.wait(PATIENCE_SECONDS) == 0

    def test_a_forked_child_is_told_that_a_driver_is_not_its_own_and_has_its_own(self) -> None:
        body = (
            "driver = start(); driver.put_content('/a', b'of the parent')\n"
            "if os.fork() == 0:\n"
            "    try:\n"
            "        driver.get_content('/a')\n"
            "    except StorageDriverError as error:\n"
            "        tell(error)\n"
            "    with start() as own:\n"
            "        own.put_content('/a', b'of the child')\n"
            "        tell(own.get_content('/a').decode())\n"
            "    sys.exit(0)\n"
            "os.wait()\n"
            "tell(driver.get_content('/a').decode())\n"
            "driver.close()\n"
        )
        with host(body) as process:
            assert "forked child" in " ".join(told(process))
            assert told(process) == ["of", "the", "child"]
            assert told(process) == ["of", "the", "parent"]
            assert process.wait(PATIENCE_SECONDS) == 0

    def test_a_driver_that_was_dropped_is_gone(self) -> None:
        with host(
            "driver = start(); tell(driver.pid); wait()\ndel driver; gc.collect(); tell()\n"
            "threading.Event().wait()\n"
        ) as process:
            drivers = processes(process)
            assert process.stdin is not None
            process.stdin.close()
            since = monotonic()
            assert_ended(drivers, since, "dropped")


def children(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]
