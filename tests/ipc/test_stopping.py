"""Stopping a driver: whatever it does, at whatever moment, it and all that it has started end."""

from __future__ import annotations

import gc
import linecache
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from storagedriver.contract import CancelledError, DriverCrashedError
from storagedriver.ipc import IPCStorageDriver, Ladder
from storagedriver.ipc.pidfd import PidFd

if TYPE_CHECKING:
    from _typeshed import TraceFunction

COMMAND = [sys.executable, str(Path(__file__).with_name("stubborn_driver.py"))]

# Long enough that only a hang reaches it.
PATIENCE_SECONDS = 60.0

# Each step is to be gone through, and none to be waited for.
SHORT = Ladder(calls=0.2, shutdown=0.2, terminate=0.2)

LEFT_THE_GROUP = ["session", "daemon"]
FAMILY = ["child", "copy", *LEFT_THE_GROUP]


def start(*, ladder: Ladder = SHORT, **parameters: object) -> IPCStorageDriver:
    return IPCStorageDriver.start(COMMAND, parameters, name="stubborn", ladder=ladder, restart=None)


def family_of(driver: IPCStorageDriver) -> list[PidFd]:
    return [PidFd(int(pid)) for pid in driver.get_content("/family").split()]


def assert_ended(processes: list[PidFd]) -> None:
    assert processes
    # Who is killed may need a moment.
    assert all(process.has_ended(PATIENCE_SECONDS) for process in processes)


@pytest.mark.parametrize("kind", [*FAMILY, "bare"])
def test_what_it_has_started_ends_with_it(kind: str) -> None:
    driver = start(family=[kind], ladder=Ladder())
    family = family_of(driver)
    driver.close()
    assert_ended(family)


@pytest.mark.parametrize("kind", [*FAMILY, "bare"])
def test_what_it_has_started_ends_with_one_that_has_to_be_killed(kind: str) -> None:
    driver = start(family=[kind], ways=["ignore-signals"])
    family = family_of(driver)
    os.kill(driver.pid, signal.SIGSTOP)
    driver.close()
    assert_ended(family)


@pytest.mark.parametrize("kind", FAMILY)
def test_what_it_has_started_ends_with_one_that_was_killed(kind: str) -> None:
    with start(family=[kind]) as driver:
        family = family_of(driver)
        os.kill(driver.pid, signal.SIGKILL)
        with pytest.raises(DriverCrashedError):
            driver.stat("/")
        assert_ended(family)


def test_other_drivers_and_what_they_have_started_go_on() -> None:
    with start(family=FAMILY) as driver:
        family = family_of(driver)
        start(family=FAMILY).close()
        assert not any(process.has_ended() for process in family)
        assert driver.stat("/").is_dir


@pytest.mark.parametrize(
    "ways", [["ignore-signals"], ["flood"], ["flood", "ignore-signals"]], ids="-".join
)
@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped"])
def test_with_calls_and_a_stream_open(ways: list[str], is_stopped: bool) -> None:
    driver = start(ways=ways)
    stream = driver.read_stream("/endless")
    stream.read(1)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(driver.get_content, "/block") for _ in range(4)]
        if is_stopped:
            os.kill(driver.pid, signal.SIGSTOP)
        driver.close()
        for call in calls:
            assert isinstance(call.exception(PATIENCE_SECONDS), CancelledError | ValueError)
    with pytest.raises(CancelledError):
        stream.read(1 << 26)
    stream.close()
    assert not Path(f"/proc/{driver.pid}").exists()


def test_one_that_holds_its_interpreter_for_itself() -> None:
    driver = start()
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(driver.get_content, "/lock")
        driver.close()
        assert isinstance(call.exception(PATIENCE_SECONDS), CancelledError | ValueError)
    assert not Path(f"/proc/{driver.pid}").exists()


def test_from_many_threads_while_others_call() -> None:
    driver = start()
    begun = threading.Barrier(9)

    def call() -> None:
        begun.wait(PATIENCE_SECONDS)
        with suppress(CancelledError, ValueError):
            while True:
                driver.put_content("/a", b"a")

    def close() -> None:
        begun.wait(PATIENCE_SECONDS)
        driver.close()
        assert not Path(f"/proc/{driver.pid}").exists()

    with ThreadPoolExecutor(9) as threads:
        done = [threads.submit(each) for each in [call] * 6 + [close] * 3]
        for each in done:
            each.result(PATIENCE_SECONDS)


def test_an_orderly_end_is_not_cut_off(tmp_path: Path) -> None:
    # The host ends the lifeline as soon as it has the last answer: the driver is held up between
    # having sent it and going on.
    program = tmp_path / "driver.py"
    program.write_text(
        "import sys, threading\n"
        "from storagedriver.drivers.inmemory import InMemoryDriver\n"
        "from storagedriver.ipc import serve\n"
        "from storagedriver.ipc.channel import Channel\n"
        "from storagedriver.ipc.messages import Response\n"
        "from storagedriver.ipc.serving import Serving\n"
        "class HeldUp(Serving):\n"
        "    def connect(self, endpoint, session):\n"
        "        channel = super().connect(endpoint, session)\n"
        "        send = channel.send\n"
        "        def held_up(message, **options):\n"
        "            send(message, **options)\n"
        "            if isinstance(message, Response) and message.result == {}:\n"
        "                self.wait_for_host(30)\n"
        "                threading.Event().wait(0.2)  # for what should not happen\n"
        "        channel.send = held_up\n"
        "        return channel\n"
        "serve(lambda _: InMemoryDriver(), serving_class=HeldUp)\n"
        "print('to its end', file=open(sys.path[0] + '/told', 'w'))\n"
    )
    IPCStorageDriver.start([sys.executable, str(program)], {}, name="orderly", restart=None).close()
    assert (tmp_path / "told").read_text() == "to its end\n"


# How a host starts a driver that hangs half-way through it, and says so.
STARTING = f"""
import logging, signal, sys
from storagedriver.ipc import IPCStorageDriver
logging.basicConfig(stream=sys.stdout, level=logging.INFO)
{{before}}
IPCStorageDriver.start({COMMAND!r}, {{{{"family": ["session"], "ways": [{{way!r}}]}}}}, name="x")
"""


@pytest.mark.parametrize("way", ["hang-in-hello", "lock-in-hello"])
@pytest.mark.parametrize(
    ("before", "number", "status"),
    [
        ("signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))", signal.SIGTERM, 7),
        ("", signal.SIGINT, -signal.SIGINT),
    ],
)
def test_a_host_that_is_told_to_end_while_it_starts_a_driver(
    way: str, before: str, number: signal.Signals, status: int
) -> None:
    program = STARTING.format(before=before, way=way)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as host:
        assert host.stdout is not None
        assert "made" in host.stdout.readline()
        host.send_signal(number)
        # Its output ends with the last process that has it.
        host.stdout.read()
        assert host.wait(PATIENCE_SECONDS) == status
    # That nothing is left is checked after each test.


def interrupted(line: int, action: Callable[[], object]) -> int:
    """Run `action`, and let KeyboardInterrupt come in the n-th line of the project's that it runs.

    Or in the one after it: not where a `with` ends, which is a line to a tracer. A signal does not
    come between the end of its block and the call that leaves it. Nor in a finalizer, which drops
    the exception and ends, whatever it has not done yet.

    Return how many lines were run.
    """
    executed = 0
    has_come = False

    def trace(frame: FrameType, what: str, _argument: object) -> TraceFunction | None:
        nonlocal executed, has_come
        if not frame.f_globals.get("__name__", "").startswith("storagedriver."):
            return None
        if what == "line":
            executed += 1
            if executed >= line and not has_come and may_be_interrupted(frame):
                has_come = True
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        with suppress(KeyboardInterrupt):
            action()
    finally:
        sys.settrace(None)
    return executed


def may_be_interrupted(frame: FrameType) -> bool:
    source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    callers: FrameType | None = frame
    while callers is not None:
        if callers.f_code.co_name in ("__del__", "_close_dropped"):
            return False
        callers = callers.f_back
    return not source.lstrip().startswith("with ")


def children() -> list[str]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def assert_nothing_is_left(line: int) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while left := [*children(), *os.listdir(os.environ["TMPDIR"])]:
        # What the exception's frames hold.
        gc.collect()
        assert monotonic() < deadline, f"interrupted in line {line}: {left}"
        threading.Event().wait(0.01)


# What an interrupted destructor cannot raise is no concern of this.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
# A socket that has no channel yet is closed by its finalizer, unless its warning is an error.
@pytest.mark.filterwarnings("ignore:Unclosed socket:ResourceWarning")
@pytest.mark.parametrize("step", [41, pytest.param(5, marks=pytest.mark.full)])
def test_a_start_that_is_interrupted_in_any_line_leaves_nothing(step: int) -> None:
    line = 1
    started: list[IPCStorageDriver] = []
    while True:
        executed = interrupted(line, lambda: started.append(start()))
        while started:
            started.pop().close()
        assert_nothing_is_left(line)
        if executed < line:
            break
        line += step


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("step", [41, pytest.param(5, marks=pytest.mark.full)])
def test_a_stop_that_is_interrupted_in_any_line_can_be_repeated(step: int) -> None:
    line = 1
    while True:
        driver = start()
        driver.put_content("/a", b"a")
        executed = interrupted(line, driver.close)
        driver.close()
        assert not Path(f"/proc/{driver.pid}").exists(), f"interrupted in line {line}"
        assert_nothing_is_left(line)
        if executed < line:
            break
        line += step
