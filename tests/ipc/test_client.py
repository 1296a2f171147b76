"""IPCStorageDriver against real processes: calls, crashes, timeouts, stops and forks."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import pytest

from storagedriver.contract import (
    CURRENT_VERSION,
    CancelledError,
    DriverCrashedError,
    DriverTimeoutError,
    InvalidOffsetError,
    InvalidPathError,
    PathNotFoundError,
    Secret,
    StorageDriverError,
    ThrottledError,
)
from storagedriver.ipc import IPCStorageDriver, Ladder
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.limits import MAX_CHANNELS
from storagedriver.ipc.pidfd import PidFd

COMMAND = [sys.executable, str(Path(__file__).with_name("odd_driver.py"))]

# Long enough that only a hang reaches it.
PATIENCE_SECONDS = 60.0


@pytest.fixture
def driver() -> Iterator[IPCStorageDriver]:
    with IPCStorageDriver.start(COMMAND, {}, name="odd") as driver:
        yield driver


class TestCalls:
    def test_tells_pid_version_and_features(self, driver: IPCStorageDriver) -> None:
        assert Path(f"/proc/{driver.pid}").exists()
        assert driver.version == CURRENT_VERSION
        assert driver.max_channels == MAX_CHANNELS
        assert "ping" in driver.features
        assert driver.name == "odd"

    def test_content_of_every_size_class_comes_back(self, driver: IPCStorageDriver) -> None:
        # Empty, in the header, in a frame, in several chunks.
        for size in (0, 1, 16 * 1024, 16 * 1024 + 1, 1 << 20, (1 << 20) + 1, 9_999_999):
            content = os.urandom(size)
            driver.put_content("/put", content)
            assert driver.get_content("/put") == content
            assert driver.write_stream("/written", 0, io.BytesIO(content)) == size
            with driver.read_stream("/written") as stream:
                assert stream.read() == content

    def test_error_has_class_fields_and_driver(self, driver: IPCStorageDriver) -> None:
        with pytest.raises(PathNotFoundError) as caught:
            driver.stat("/nothing")
        assert caught.value.path == "/nothing"
        assert caught.value.driver == "odd"

    def test_arguments_are_checked_before_anything_is_sent(self) -> None:
        driver = IPCStorageDriver.start(COMMAND, {}, name="odd")
        os.kill(driver.pid, signal.SIGSTOP)
        with pytest.raises(InvalidPathError):
            driver.stat("/Not/Legal")
        with pytest.raises(InvalidOffsetError):
            driver.read_stream("/a", -1)
        with pytest.raises(TypeError):
            driver.put_content("/a", "text")  # type: ignore[arg-type]  # the point of the test
        os.kill(driver.pid, signal.SIGCONT)
        driver.close()

    def test_foreign_exception_becomes_internal_with_its_text(
        self, driver: IPCStorageDriver
    ) -> None:
        with pytest.raises(StorageDriverError, match="RuntimeError: an odd failure") as caught:
            driver.get_content("/fail")
        assert caught.value.code == "Internal"

    def test_works_over_tcp(self) -> None:
        with IPCStorageDriver.start(COMMAND, {}, name="odd", transport="tcp") as driver:
            driver.put_content("/a", b"b" * 3_000_000)
            assert driver.get_content("/a") == b"b" * 3_000_000

    def test_many_threads_share_it(self, driver: IPCStorageDriver) -> None:
        def work(number: int) -> None:
            path = f"/thread/{number}"
            for turn in range(20):
                content = f"{number} {turn}".encode()
                driver.put_content(path, content)
                assert driver.get_content(path) == content
                assert driver.stat(path).size == len(content)

        with ThreadPoolExecutor(32) as threads:
            for done in [threads.submit(work, number) for number in range(32)]:
                done.result(PATIENCE_SECONDS)

    def test_stream_closed_early_leaves_the_channel_usable(self, driver: IPCStorageDriver) -> None:
        for _ in range(100):
            with driver.read_stream("/endless") as stream:
                assert len(stream.read(10)) == 10
        assert driver.list("/") == []

    def test_one_thread_that_holds_all_channels_is_told_at_once(
        self, driver: IPCStorageDriver
    ) -> None:
        streams = [driver.read_stream("/endless") for _ in range(64)]
        with pytest.raises(ThrottledError, match="64"):
            driver.stat("/")
        for stream in streams:
            stream.close()
        assert driver.stat("/").is_dir

    def test_reader_that_raises_is_heard_and_nothing_is_left_half(
        self, driver: IPCStorageDriver
    ) -> None:
        failure = RuntimeError("the source failed")

        class Failing:
            left = 3

            def read(self, size: int, /) -> bytes:
                self.left -= 1
                if self.left < 0:
                    raise failure
                return bytes(size)

        with pytest.raises(RuntimeError) as caught:
            driver.write_stream("/failing", 0, Failing())
        assert caught.value is failure
        with pytest.raises(PathNotFoundError):
            driver.stat("/failing")

    def test_walk_lists_where_the_driver_cannot_walk(
        self, driver: IPCStorageDriver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for path in ("/a/b", "/a-b", "/a.b"):
            driver.put_content(path, b"content")
        monkeypatch.setattr(driver, "features", driver.features - {"walk"})
        monkeypatch.setattr(driver, "_entries", self._only_lists(driver))
        assert [info.path for info in driver.walk("/")] == ["/a-b", "/a.b", "/a/b"]

    def _only_lists(self, driver: IPCStorageDriver) -> Callable[..., object]:
        entries = driver._entries  # pyright: ignore[reportPrivateUsage]

        def listed(method: str, *rest: str | None) -> object:
            assert method == "List"
            return entries(method, *rest)  # type: ignore[arg-type]  # as it was called

        return listed


class TestCrashes:
    def test_exit_status_and_last_words_are_in_the_error(self) -> None:
        with (
            IPCStorageDriver.start(COMMAND, {}, name="odd") as driver,
            pytest.raises(DriverCrashedError, match="last words") as caught,
        ):
            driver.get_content("/exit")
        assert caught.value.exit_status == 3
        assert caught.value.signal is None
        assert "last words" in caught.value.stderr

    def test_kill_wakes_every_waiting_call_at_once(self) -> None:
        driver = IPCStorageDriver.start(COMMAND, {}, name="odd", restart=None)
        begun = threading.Barrier(17)

        def unary() -> None:
            begun.wait(PATIENCE_SECONDS)
            driver.get_content("/block")

        def read() -> None:
            with driver.read_stream("/endless") as stream:
                stream.read(100)
                begun.wait(PATIENCE_SECONDS)
                while True:
                    assert stream.read(1 << 20)

        def write() -> None:
            class Endless:
                pieces = 0

                def read(self, size: int, /) -> bytes:
                    self.pieces += 1
                    if self.pieces == 3:
                        begun.wait(PATIENCE_SECONDS)
                    # As much as is under way when nobody reads.
                    return bytes(min(size, 4096))

            driver.write_stream("/block", 0, Endless())

        calls: list[Callable[[], None]] = [unary, read, write, unary] * 4
        with ThreadPoolExecutor(16) as threads:
            waiting: list[Future[None]] = [threads.submit(call) for call in calls]
            begun.wait(PATIENCE_SECONDS)
            os.kill(driver.pid, signal.SIGKILL)
            done, late = wait(waiting, PATIENCE_SECONDS)
        assert not late
        for call in done:
            error = call.exception()
            assert isinstance(error, DriverCrashedError), repr(error)
            assert error.signal == signal.SIGKILL
        with pytest.raises(DriverCrashedError):
            driver.stat("/")
        driver.close()
        with IPCStorageDriver.start(COMMAND, {}, name="odd") as another:
            assert another.list("/") == []

    def test_idle_driver_that_was_killed_is_a_crash_at_the_next_call(self) -> None:
        with IPCStorageDriver.start(COMMAND, {}, name="odd") as driver:
            driver.stat("/")
            os.kill(driver.pid, signal.SIGKILL)
            with pytest.raises(DriverCrashedError):
                driver.stat("/")
            # It kept everything in its memory: its host has to hear of that, once.
            assert driver.list("/") == []


class TestTimeouts:
    def test_call_without_progress_times_out_and_others_go_on(self) -> None:
        with IPCStorageDriver.start(
            COMMAND, {}, name="odd", timeout_seconds=0.3, ladder=Ladder(calls=0.1)
        ) as driver:
            with pytest.raises(DriverTimeoutError) as caught:
                driver.get_content("/block")
            assert caught.value.method == "GetContent"
            assert caught.value.seconds == 0.3
            assert driver.stat("/").is_dir

    def test_stopped_process_times_out(self) -> None:
        with IPCStorageDriver.start(
            COMMAND,
            {},
            name="odd",
            timeout_seconds=0.3,
            ladder=Ladder(calls=0.1, shutdown=0.1, terminate=0.1),
        ) as driver:
            os.kill(driver.pid, signal.SIGSTOP)
            with pytest.raises(DriverTimeoutError):
                driver.stat("/")


class TestStop:
    def test_twice_from_many_threads_ends_the_process(self) -> None:
        driver = IPCStorageDriver.start(COMMAND, {}, name="odd")
        with ThreadPoolExecutor(8) as threads:
            for stopped in [threads.submit(driver.close) for _ in range(8)]:
                stopped.result(PATIENCE_SECONDS)
        assert not Path(f"/proc/{driver.pid}").exists()
        driver.close()
        with pytest.raises(ValueError, match="closed"):
            driver.stat("/")

    def test_driver_that_ignores_everything_is_killed(self) -> None:
        driver = IPCStorageDriver.start(
            COMMAND,
            {"oddity": "ignore-sigterm"},
            name="odd",
            ladder=Ladder(calls=0.1, shutdown=0.1, terminate=0.1),
        )
        os.kill(driver.pid, signal.SIGSTOP)
        driver.close()
        assert not Path(f"/proc/{driver.pid}").exists()

    def test_call_that_outlasts_the_grace_is_cancelled(self) -> None:
        driver = IPCStorageDriver.start(COMMAND, {}, name="odd", ladder=Ladder(calls=0.2))
        with ThreadPoolExecutor(1) as threads:
            blocked = threads.submit(driver.get_content, "/block")
            with driver.read_stream("/endless") as stream:
                stream.read(1)  # by now the other call is at least queued
            driver.close()
            error = blocked.exception(PATIENCE_SECONDS)
        assert isinstance(error, CancelledError | ValueError)

    def test_grandchildren_go_with_it(self) -> None:
        with IPCStorageDriver.start(COMMAND, {"oddity": "grandchild"}, name="odd") as driver:
            children = Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text().split()
            assert children
        # That they are gone is checked after each test.

    @pytest.mark.parametrize("cycles", [20, pytest.param(200, marks=pytest.mark.full)])
    def test_cycles_of_start_and_stop_leak_nothing(self, cycles: int) -> None:
        for _ in range(cycles):
            with IPCStorageDriver.start(COMMAND, {}, name="odd") as driver:
                driver.put_content("/a", b"a")
                driver.read_stream("/a").close()
        # What could be left is checked after each test.


class TestSecrets:
    def test_secret_is_neither_in_argv_nor_in_the_environment(self) -> None:
        parameters = {"ignored": [{"deep": Secret("hush-hush")}]}
        with IPCStorageDriver.start(COMMAND, parameters, name="odd") as driver:
            process = Path(f"/proc/{driver.pid}")
            assert process.joinpath("cmdline").read_bytes().split(b"\0")[-2] == b"-"
            assert b"hush" not in process.joinpath("environ").read_bytes()

    def test_environment_is_an_allow_list_and_what_the_caller_adds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SOME_CREDENTIAL", "x")
        monkeypatch.setenv("SOME_PROXY", "x")
        with IPCStorageDriver.start(
            COMMAND, {}, name="odd", environment={"ADDED": "y"}, pass_environment=["SOME_PROXY"]
        ) as driver:
            names = driver.get_content("/environment").decode().split("\n")
        assert "SOME_CREDENTIAL" not in names
        assert {"ADDED", "SOME_PROXY", "PATH"} <= set(names)


class TestHosts:
    def test_driver_of_a_killed_host_is_gone(self) -> None:
        with self._host("host.read()") as host:
            pid = self._driver_of(host)
            host.kill()
            host.wait()
        self._wait_until_gone(pid)

    def test_driver_of_a_killed_host_is_gone_in_the_middle_of_a_call(self) -> None:
        with self._host("print('calling', flush=True); driver.get_content('/block')") as host:
            pid = self._driver_of(host)
            host.kill()
            host.wait()
        self._wait_until_gone(pid)

    @pytest.mark.parametrize("ending", ["", "raise SystemExit(0)", "os._exit(0)"])
    def test_host_that_ends_without_closing_leaves_nothing_and_does_not_hang(
        self, ending: str
    ) -> None:
        with self._host(f"stream = driver.read_stream('/endless'); {ending}") as host:
            pid = self._driver_of(host)
            assert host.wait(PATIENCE_SECONDS) == 0
        self._wait_until_gone(pid)

    def test_forked_child_gets_an_error_and_the_parent_goes_on(
        self, driver: IPCStorageDriver
    ) -> None:
        driver.put_content("/a", b"parent")
        answers = multiprocessing.get_context("fork").SimpleQueue()

        def child() -> None:
            try:
                driver.stat("/a")
            except StorageDriverError as error:
                answers.put(str(error))
            driver.close()

        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        assert "forked child" in answers.get()
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
        process.close()
        answers.close()
        assert driver.get_content("/a") == b"parent"

    def _host(self, ending: str) -> subprocess.Popen[str]:
        program = (
            "import os, sys\n"
            "from storagedriver.ipc import IPCStorageDriver\n"
            f"driver = IPCStorageDriver.start({COMMAND!r}, {{}}, name='odd')\n"
            "host = sys.stdin\n"
            "print(driver.pid, flush=True)\n"
            f"{ending}\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _driver_of(self, host: subprocess.Popen[str]) -> int:
        assert host.stdout is not None
        return int(host.stdout.readline())

    def _wait_until_gone(self, pid: int) -> None:
        """Wait for the driver's end, then be the next host, which sweeps what it has left."""
        with suppress(ProcessLookupError):
            assert PidFd(pid).has_ended(PATIENCE_SECONDS), f"the driver {pid} outlived its host"
        SocketDirectory().remove()
