"""The driver without a library: complete in under 150 lines, and what the tutorial is made of."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own
import pytest
import zmq

from storagedriver.conformance import CASES, CaseOutcome, Report, run_suite
from storagedriver.conformance.faults import Subject, Verdict, check_faults
from storagedriver.conformance.faults.run import DEFAULT_SECONDS
from storagedriver.contract import (
    DriverCrashedError,
    DriverTimeoutError,
    ThrottledError,
    UnsupportedMethodError,
)
from storagedriver.drivers.factory import launch
from storagedriver.ipc import IPCStorageDriver
from storagedriver.ipc.channel import Channel
from storagedriver.ipc.messages import Cancel, Chunk, Response, Start
from storagedriver.ipc.running import RunningDriver
from storagedriver.ipc.states import State
from tests.languages.findings import Findings

pack = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]
unpack = cast("Callable[[bytes], object]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]

PATIENCE_SECONDS = 30.0
SHORT_SECONDS = 0.05

MOST_LINES = 149
FEATURES = frozenset({"volatile"})


@pytest.fixture(scope="session")
def source(checkout: Path) -> str:
    path = checkout / "examples" / "minimal" / "registry-storage-minimal"
    return path.read_text(encoding="utf-8")


@pytest.fixture
def programs(tmp_path: Path, checkout: Path) -> Path:
    """A folder with the driver, run by the Python that has what it needs."""
    folder = tmp_path / "minimal"
    folder.mkdir()
    program = folder / "registry-storage-minimal"
    example = checkout / "examples" / "minimal" / program.name
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {example} "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture
def start(programs: Path) -> Callable[..., IPCStorageDriver]:
    def started(transport: str = "ipc", **options: object) -> IPCStorageDriver:
        # A crash is to be seen, and not made good.
        return launch(
            "minimal",
            drivers_directory=str(programs),
            restart=None,
            transport="tcp" if transport == "tcp" else "ipc",
            timeout_seconds=cast("float", options.get("timeout_seconds", PATIENCE_SECONDS)),
        )

    return started


Starting = Callable[..., IPCStorageDriver]


@contextmanager
def speaking(programs: Path) -> Generator[Channel, None, None]:
    """The host's end of the only channel there is, for messages that no host would send."""
    subject = Subject("minimal", [str(programs / "registry-storage-minimal")], {})
    with subject.running() as running:
        yield acquired(running)


def acquired(running: RunningDriver) -> Channel:
    return running.pool.acquire("/", PATIENCE_SECONDS)


def test_it_has_less_than_150_lines(source: str) -> None:
    lines = [line for line in source.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 100


def test_it_imports_nothing_but_zeromq_and_msgpack(source: str) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported - sys.stdlib_module_names == {"zmq", "msgpack"}


def test_it_can_be_executed(checkout: Path) -> None:
    path = checkout / "examples" / "minimal" / "registry-storage-minimal"
    assert path.stat().st_mode & 0o111 == 0o111


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_it_keeps_the_contract(start: Starting, transport: str, findings: Findings) -> None:
    report = run_suite(lambda: start(transport))
    findings.of_suite("minimal", "suite" if transport == "ipc" else "suite over tcp", report)
    assert_passed(report)


@pytest.mark.full
def test_it_keeps_the_contract_in_full(programs: Path, findings: Findings) -> None:
    # With the time limit of calls that programs have unless they choose another one.
    def started() -> IPCStorageDriver:
        return launch("minimal", drivers_directory=str(programs), restart=None)

    report = run_suite(started, full=True)
    findings.of_suite("minimal", "full suite", report)
    assert_passed(report)


def assert_passed(report: Report) -> None:
    failed = {result.name: result.reason for result in report.with_outcome(CaseOutcome.FAILED)}
    assert failed == {}
    assert report.passed
    assert report.features == FEATURES
    # Nothing is skipped but what it says that it does not do.
    by_name = {case.name: case for case in CASES}
    for result in report.with_outcome(CaseOutcome.SKIPPED):
        case = by_name[result.name]
        assert (
            case.reason_to_skip(FEATURES, full=report.full) == result.reason
            or case.holds_calls_open
        ), result


@pytest.mark.full
def test_it_bears_faults(programs: Path, findings: Findings) -> None:
    subject = Subject("minimal", [str(programs / "registry-storage-minimal")], {})
    report = check_faults(subject, seconds=DEFAULT_SECONDS)
    findings.of_faults("minimal", report)
    failed = [found for found in report.findings if found.verdict is not Verdict.PASSED]
    assert failed == []


class TestOneCallAtATime:
    def test_calls_of_many_threads_wait_for_each_other(
        self, start: Starting, findings: Findings
    ) -> None:
        content = bytes(3 << 20)
        with start() as driver, ThreadPoolExecutor(12) as threads:
            findings.of_channels("minimal", driver.max_channels)
            assert driver.max_channels == 1

            def work(number: int) -> bool:
                driver.put_content(f"/{number}", content)
                with driver.read_stream(f"/{number}") as stream:
                    is_whole = stream.read() == content
                driver.delete(f"/{number}")
                return is_whole

            assert all(threads.map(work, range(60)))
            assert driver.list("/") == []

    def test_a_call_that_waits_too_long_is_told_that_it_may_try_again(
        self, start: Starting
    ) -> None:
        with start(timeout_seconds=0.5) as driver, ThreadPoolExecutor(1) as threads:
            driver.put_content("/a", bytes(10 << 20))
            with driver.read_stream("/a"):
                with pytest.raises(ThrottledError) as caught:
                    threads.submit(driver.stat, "/a").result(PATIENCE_SECONDS)
                assert caught.value.temporary
            assert threads.submit(driver.stat, "/a").result(PATIENCE_SECONDS).size == 10 << 20

    def test_a_thread_that_holds_the_call_itself_is_told_at_once(self, start: Starting) -> None:
        with start() as driver:
            driver.put_content("/a", bytes(10 << 20))
            with driver.read_stream("/a"), pytest.raises(ThrottledError):
                driver.stat("/a")

    def test_a_stream_that_is_dropped_costs_neither_the_driver_nor_its_objects(
        self, start: Starting
    ) -> None:
        with start() as driver:
            pid = driver.pid
            driver.put_content("/a", bytes(10 << 20))
            for _ in range(20):
                driver.read_stream("/a").read(10)
            assert driver.stat("/a").size == 10 << 20
            assert driver.pid == pid

    def test_a_call_that_times_out_costs_the_driver(self, start: Starting) -> None:
        with start(timeout_seconds=SHORT_SECONDS) as driver:
            os.kill(driver.pid, signal.SIGSTOP)
            with pytest.raises(DriverTimeoutError):
                driver.stat("/")
            # It has lost its only channel, and is of no more use.
            with pytest.raises(DriverCrashedError):
                driver.stat("/")


class TestWhatNoHostSends:
    def test_a_method_that_nobody_knows(self, programs: Path) -> None:
        with speaking(programs) as channel:
            channel.send(channel.session.request("FoldPaper", {"offset": "anywhere"}))
            response = channel.receive(PATIENCE_SECONDS)
            assert isinstance(response, Response)
            assert response.error is not None
            assert response.error["code"] == UnsupportedMethodError.code
            assert channel.session.state is State.IDLE

    def test_credit_is_kept_to_the_byte(self, programs: Path) -> None:
        with speaking(programs) as channel:
            put(channel, bytes(50_000))
            request = channel.session.request(
                "ReadStream", {"path": "/a", "offset": 7, "credit": 1000}
            )
            channel.send(request)
            assert isinstance(channel.receive(PATIENCE_SECONDS), Start)
            chunk = channel.receive(PATIENCE_SECONDS)
            assert isinstance(chunk, Chunk)
            assert len(chunk.content) == 1000
            channel.send(Cancel(request.id))
            response = channel.receive(PATIENCE_SECONDS)
            assert isinstance(response, Response)
            assert response.error is not None
            assert response.error["code"] == "Cancelled"
            assert channel.session.state is State.IDLE

    def test_a_write_that_is_cancelled_publishes_nothing_and_says_what_is_stored(
        self, programs: Path
    ) -> None:
        with speaking(programs) as channel:
            put(channel, b"four")
            request = channel.session.request("WriteStream", {"path": "/a", "offset": 4}, b"more")
            channel.send(request)
            channel.send(Cancel(request.id))
            response = channel.receive(PATIENCE_SECONDS)
            assert isinstance(response, Response)
            assert response.error is not None
            assert response.error["fields"] == {"stored": 4}
            channel.send(channel.session.request("Stat", {"path": "/a"}))
            found = channel.receive(PATIENCE_SECONDS)
            assert isinstance(found, Response)
            assert (found.result or {})["size"] == 4


def put(channel: Channel, content: bytes) -> None:
    channel.send(channel.session.request("PutContent", {"path": "/a", "end": True}, content))
    response = channel.receive(PATIENCE_SECONDS)
    assert isinstance(response, Response)
    assert response.error is None


class TestTheTutorial:
    def test_its_blocks_are_the_whole_driver_in_order(self, checkout: Path, source: str) -> None:
        text = (checkout / "docs" / "write-a-driver-in-an-hour.md").read_text(encoding="utf-8")
        blocks = re.findall(
            r"^```\{literalinclude\} \.\./examples/minimal/registry-storage-minimal\n"
            r":language: python\n:lines: (\d+)-(\d+)\n```$",
            text,
            re.MULTILINE,
        )
        assert len(blocks) == text.count("{literalinclude}")
        lines = source.splitlines()
        shown = [lines[int(first) - 1 : int(last)] for first, last in blocks]
        assert [line for block in shown for line in block] == lines

    def test_it_says_how_many_lines_there_are(self, checkout: Path, source: str) -> None:
        counted = len([line for line in source.splitlines() if line.strip()])
        for page in ("index.md", "write-a-driver.md", "write-a-driver-in-an-hour.md"):
            text = (checkout / "docs" / page).read_text(encoding="utf-8")
            assert f"{counted} lines" in text, page


class RawHost:
    """Starts the driver and speaks with it in bytes, so that anything can be said."""

    def __init__(self, programs: Path, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._socket = context.socket(zmq.PAIR)
        self._socket.setsockopt(zmq.RCVTIMEO, int(PATIENCE_SECONDS * 1000))
        self._socket.bind("tcp://127.0.0.1:*")
        endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._process = Popen(
            [programs / "registry-storage-minimal", "{}"],
            stdin=PIPE,
            env={**os.environ, "STORAGEDRIVER_ENDPOINT": endpoint},
        )
        assert self._process.stdin is not None
        self._process.stdin.write(b'{"token": "t"}\n')
        self._process.stdin.flush()
        assert self.receive()[:3] == [6, "t", "0.1"]
        no_features: list[str] = []
        params = {"version": "0.1", "features": no_features, "max_chunk": 1 << 20}
        self.send(pack([0, 77, "Hello", params]))
        assert self.receive()[:3] == [1, 77, None]

    def send(self, *frames: bytes) -> None:
        self._socket.send_multipart(frames)

    def receive(self) -> list[Any]:
        return cast("list[Any]", unpack(self._socket.recv()))

    def close(self) -> int:
        """Let go of the driver, and return its exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            return self._process.wait(PATIENCE_SECONDS)
        finally:
            self._socket.close(linger=0)


def vectors(checkout: Path, name: str, array: str) -> list[dict[str, Any]]:
    path = checkout / "ipc" / "spec" / "vectors" / f"{name}.json"
    return cast("list[dict[str, Any]]", json.loads(path.read_text(encoding="utf-8"))[array])


def bytes_of(value: str | list[Any]) -> bytes:
    """Bytes as the vectors write them."""
    parts = [value] if isinstance(value, str) else value
    return b"".join(
        bytes.fromhex(part) if isinstance(part, str) else bytes.fromhex(part[0]) * part[1]
        for part in parts
    )


class TestVectors:
    """What the test vectors refuse the driver refuses too, and ends."""

    @pytest.fixture
    def refusal(self, programs: Path) -> Iterator[Callable[..., str]]:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

        def of(*frames: bytes) -> str:
            host = RawHost(programs, context)
            host.send(*frames)
            try:
                response = host.receive()
            finally:
                assert host.close() == 0
            return str(response[2]["code"]) if response[2] else "success"

        yield of
        context.term()

    def test_messages(self, checkout: Path, refusal: Callable[..., str]) -> None:
        rejects = [
            vector
            for vector in vectors(checkout, "rejects", "reject")
            # CLOSE is the end in any case.
            if not vector.get("lenient") and not vector["name"].startswith("close")
        ]
        assert len(rejects) > 50
        for vector in rejects:
            content = vector["content"]
            frames = [bytes_of(vector["header"])]
            frames += [] if content is None else [bytes_of(content)]
            assert refusal(*frames) == "ProtocolError", vector["name"]

    def test_params(self, checkout: Path, refusal: Callable[..., str]) -> None:
        # It looks at no meta, and never gave a version that could come back.
        unread = ("meta", "deadline", "version")
        methods = ("ReadStream", "PutContent", "Move")
        rejects = [
            vector
            for vector in vectors(checkout, "calls", "reject")
            if vector["part"] == "params"
            and vector["method"] in methods
            and not any(word in vector["name"] for word in unread)
        ]
        assert {vector["method"] for vector in rejects} == set(methods)
        for vector in rejects:
            header = b"\x94\x00\x01" + pack(vector["method"]) + bytes_of(vector["bytes"])
            assert refusal(header) == "ProtocolError", vector["name"]

    def test_params_that_are_right(self, checkout: Path, refusal: Callable[..., str]) -> None:
        methods = (
            "GetContent",
            "ReadStream",
            "PutContent",
            "WriteStream",
            "List",
            "Move",
            "Delete",
        )
        for vector in vectors(checkout, "calls", "accept"):
            # One that waits for more content is not answered yet.
            is_open = vector["method"] == "PutContent" and "more" in vector["name"]
            if vector["part"] == "params" and vector["method"] in methods and not is_open:
                header = b"\x94\x00\x01" + pack(vector["method"]) + bytes_of(vector["bytes"])
                codes = ("success", "PathNotFound", "InvalidOffset")
                assert refusal(header) in codes, vector["name"]
