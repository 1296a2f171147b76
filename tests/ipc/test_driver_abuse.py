"""A host that attacks its driver, a real process: it is answered with an error, and served on."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket as sockets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own
import pytest
import zmq

pack = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]
unpack = cast("Callable[[bytes], list[Any]]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]

ODD = [sys.executable, str(Path(__file__).with_name("odd_driver.py"))]
FILESYSTEM = [sys.executable, "-m", "storagedriver.drivers.executables.filesystem"]

PATIENCE_SECONDS = 20.0
MIB = 1 << 20
TOKEN = "0123456789abcdef"  # noqa: S105 - made up
NOTHING: dict[str, object] = {}
NO_LIST: list[object] = []
HELLO: dict[str, object] = {"version": "0.1", "features": NO_LIST, "max_chunk": MIB}

# What the queues of one channel hold at most, at both ends, and what else comes and goes.
MOST_GROWTH_BYTES = 200 * MIB

Frames = Sequence[bytes]


class RawChannel:
    """The host's end of a channel, without a session that would hold it to any rule."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str) -> None:
        self.socket = context.socket(zmq.PAIR)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, int(PATIENCE_SECONDS * 1000))
        self.socket.setsockopt(zmq.SNDTIMEO, int(PATIENCE_SECONDS * 1000))
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.socket.bind(endpoint)
        self.endpoint = endpoint
        self.id = 0

    def send(self, *frames: bytes) -> None:
        self.socket.send_multipart(frames)

    def request(self, method: str, params: object, *content: object) -> None:
        self.id += 1
        self.send(pack([0, self.id, method, params, *content]))

    def receive(self) -> list[Any]:
        header, *rest = self.socket.recv_multipart()
        return [*unpack(header), *rest]

    def call(self, method: str, params: object, *content: object) -> list[Any]:
        self.request(method, params, *content)
        return self.receive()

    def last_code(self) -> str:
        """The code of the last error before the driver closes the channel; "" if there is none."""
        code = ""
        while True:
            ready = dict(self._poll())
            if self.socket in ready:
                message = self.receive()
                if message[0] == 1 and message[2]:
                    code = message[2]["code"]
            elif self.monitor in ready:
                return code
            else:
                pytest.fail("the driver has not closed the channel")

    def _poll(self) -> list[tuple[Any, int]]:
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(self.monitor, zmq.POLLIN)
        return poller.poll(int(PATIENCE_SECONDS * 1000))

    def close(self) -> None:
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.monitor.close(linger=0)
            self.socket.close()


class RawHost:
    """A host that starts a driver, and says Hello unless told otherwise."""

    def __init__(self, command: list[str], parameters: object = None) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.directory = tempfile.mkdtemp(prefix="ra-", dir="/tmp")
        self.channels: list[RawChannel] = []
        self.control = self.bound()
        environment = {**os.environ, "STORAGEDRIVER_ENDPOINT": self.control.endpoint}
        self.process = subprocess.Popen(
            [*command, json.dumps(parameters or NOTHING)], stdin=subprocess.PIPE, env=environment
        )
        assert self.process.stdin is not None
        self.stdin = self.process.stdin
        self.stdin.write(json.dumps({"token": TOKEN}).encode() + b"\n")
        self.stdin.flush()
        assert self.control.receive()[:2] == [6, TOKEN]

    def hello(self) -> RawHost:
        assert self.control.call("Hello", HELLO)[2] is None
        return self

    def bound(self) -> RawChannel:
        channel = RawChannel(self.context, f"ipc://{self.directory}/{len(self.channels)}")
        self.channels.append(channel)
        return channel

    def worker(self) -> RawChannel:
        worker = self.bound()
        params = {"channel": len(self.channels), "endpoint": worker.endpoint}
        assert self.control.call("OpenChannel", params)[2] is None
        assert worker.receive()[:2] == [6, TOKEN]
        return worker

    def check_works(self) -> None:
        """The driver does what a proper host asks, on a channel of its own, and answers Ping."""
        worker = self.worker()
        assert worker.call("PutContent", {"path": "/w", "end": True}, b"content")[2] is None
        assert worker.call("GetContent", {"path": "/w", "credit": 100})[4] == b"content"
        worker.send(pack([8]))
        worker.close()
        assert self.control.call("Ping", NOTHING)[2] is None
        assert self.process.poll() is None

    def resources(self) -> tuple[int, int]:
        """How many threads and descriptors the driver has."""
        process = Path(f"/proc/{self.process.pid}")
        return len(os.listdir(process / "task")), len(os.listdir(process / "fd"))

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def close(self) -> int:
        self.stdin.close()
        status = self.process.wait(PATIENCE_SECONDS)
        for channel in self.channels:
            channel.close()
        self.context.term()
        # The driver may have done it: it takes its host for killed.
        shutil.rmtree(self.directory, ignore_errors=True)
        return status


@pytest.fixture
def host() -> Iterator[RawHost]:
    host = RawHost(ODD).hello()
    yield host
    host.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not condition():
        assert monotonic() < deadline, "this does not come about"
        sleep(0.01)


def nested(levels: int) -> object:
    return [nested(levels - 1)] if levels else None


def request(id: object, method: object, params: object, *content: object) -> bytes:
    return pack([0, id, method, params, *content])


STAT = request(1, "Stat", {"path": "/a"})
READ = request(1, "ReadStream", {"path": "/endless", "offset": 0, "credit": 0})
WRITE = request(1, "WriteStream", {"path": "/a", "offset": 0})
BLOCKED_WRITE = request(1, "WriteStream", {"path": "/a", "offset": 0}, b"x")

ATTACKS: dict[str, list[Frames]] = {
    # What is no message at all.
    "garbage": [[b"GET / HTTP/1.0\r\n\r\n"]],
    "empty frame": [[b""]],
    "no array": [[pack({"a": 1})]],
    "empty array": [[pack(NO_LIST)]],
    "unknown kind": [[pack([99, 1])]],
    "negative kind": [[pack([-1])]],
    "fraction of a kind": [[pack([0.5, 1, "Stat", NOTHING])]],
    "true for a kind": [[pack([False, 1, "Stat", {"path": "/a"}])]],
    "too short": [[pack([0, 1, "Stat"])]],
    "too long a header": [[request(1, "Stat", {"path": "x" * 70_000})]],
    "something behind": [[STAT + b"\0"]],
    "nested deeply": [[b"\x91" * 60_000 + b"\xc0"]],
    "nested in a key": [[request(1, "Stat", {"path": "/a", "x": nested(17)})]],
    "equal keys": [[b"\x94\x00\x01\xa4Stat\x82\xa4path\xa2/a\xa4path\xa2/b"]],
    "keys of numbers": [[request(1, "Stat", {"path": "/a", 1: 2})]],
    "extension": [[request(1, "Stat", {"path": msgpack.ExtType(5, b"")})]],
    "no UTF-8": [[b"\x94\x00\x01\xa4Stat\x81\xa4path\xa1\xff"]],
    "declared but not there": [[b"\xdd\xff\xff\xff\xff"]],
    "three frames": [[STAT, b"", b""]],
    "thousand frames": [[b"x"] * 1000],
    "content in both places": [[request(1, "PutContent", {"path": "/a", "end": True}, b"x"), b"x"]],
    # What a driver says.
    "RESPONSE": [[pack([1, 1, None, NOTHING])]],
    "START": [[pack([7, 1, NOTHING])]],
    "ATTACH": [[pack([6, TOKEN, "0.1", 7])]],
    # Ids.
    "first id of 0": [[request(0, "Stat", {"path": "/a"})]],
    "negative id": [[request(-1, "Stat", {"path": "/a"})]],
    "id beyond 32 bits": [[request(2**32, "Stat", {"path": "/a"})]],
    "huge id": [[request(2**64 - 1, "Stat", {"path": "/a"})]],
    "fraction of an id": [[request(0.5, "Stat", {"path": "/a"})]],
    "text for an id": [[request("1", "Stat", {"path": "/a"})]],
    "id twice": [[STAT], [STAT]],
    "CHUNK of no call": [[pack([2, 7, b"x"])]],
    "CREDIT of no call": [[pack([3, 7, 5])]],
    "END of no call": [[pack([4, 7])]],
    "CANCEL of no call": [[pack([5, 7])]],
    # Calls.
    "number for a method": [[request(1, 5, NOTHING)]],
    "list for params": [[request(1, "Stat", NO_LIST)]],
    "no path": [[request(1, "Stat", NOTHING)]],
    "binary for a path": [[request(1, "Stat", {"path": b"/a"})]],
    "negative offset": [[request(1, "ReadStream", {"path": "/a", "offset": -1, "credit": 1})]],
    "huge offset": [[request(1, "ReadStream", {"path": "/a", "offset": 2**63, "credit": 1})]],
    "fraction of an offset": [
        [request(1, "ReadStream", {"path": "/a", "offset": 0.5, "credit": 1})]
    ],
    "negative credit": [[request(1, "GetContent", {"path": "/a", "credit": -1})]],
    "huge credit": [[request(1, "GetContent", {"path": "/a", "credit": 2**53 + 1})]],
    "content of a Stat": [[request(1, "Stat", {"path": "/a"}, b"x")]],
    "content of a read": [[request(1, "GetContent", {"path": "/a", "credit": 1}, b"x")]],
    "Hello on a worker": [[request(1, "Hello", HELLO)]],
    "OpenChannel on a worker": [[request(1, "OpenChannel", {"channel": 9, "endpoint": "x"})]],
    "Ping on a worker": [[request(1, "Ping", NOTHING)]],
    "Shutdown on a worker": [[request(1, "Shutdown", NOTHING)]],
    # In the middle of a call.
    "REQUEST while a write runs": [[WRITE], [request(2, "Stat", {"path": "/a"})]],
    "REQUEST while a read runs": [[READ], [request(2, "Stat", {"path": "/a"})]],
    "empty CHUNK": [[WRITE], [pack([2, 1, b""])]],
    "CHUNK of another call": [[WRITE], [pack([2, 2, b"x"])]],
    "CREDIT for a write": [[WRITE], [pack([3, 1, 5])]],
    "CHUNK for a read": [[READ], [pack([2, 1, b"x"])]],
    "END for a read": [[READ], [pack([4, 1])]],
    "credit of nothing": [[READ], [pack([3, 1, 0])]],
    "credit that is negative": [[READ], [pack([3, 1, -5])]],
    "credit of a fraction": [[READ], [pack([3, 1, 0.5])]],
    "credit of text": [[READ], [pack([3, 1, "5"])]],
    "credit that overflows": [
        [request(1, "ReadStream", {"path": "/endless", "offset": 0, "credit": 1})],
        [pack([3, 1, 2**53])],
        [pack([3, 1, 2**53])],
    ],
    "CHUNK after CANCEL": [[READ], [pack([5, 1])], [pack([2, 9, b"x"])]],
}
"""What is sent on a worker channel. The last message of each is a protocol error."""


def test_what_breaks_the_protocol_is_refused_and_the_driver_serves_on(host: RawHost) -> None:
    outcomes: dict[str, str] = {}
    for name, messages in ATTACKS.items():
        worker = host.worker()
        for frames in messages:
            worker.send(*frames)
        outcomes[name] = worker.last_code()
        worker.close()
    assert {name: code for name, code in outcomes.items() if code != "ProtocolError"} == {}
    host.check_works()


def test_a_frame_beyond_the_limit_loses_the_channel(host: RawHost) -> None:
    worker = host.worker()
    worker.send(WRITE)
    worker.send(pack([2, 1]), bytes(MIB + 1))
    worker.last_code()
    host.check_works()


@pytest.mark.parametrize("sent_bytes", [5 * MIB, 100 * MIB])
def test_more_than_the_credit_of_a_write_is_refused_or_waits(
    host: RawHost, sent_bytes: int
) -> None:
    # The driver reads nothing of it, so all that it grants is what it began with.
    worker = host.worker()
    before = host.resident_bytes()
    worker.send(request(1, "WriteStream", {"path": "/block", "offset": 0}, b"x"))
    with suppress(zmq.Again):
        for _ in range(sent_bytes // MIB):
            worker.socket.send_multipart([pack([2, 1]), os.urandom(MIB)], zmq.DONTWAIT)
    assert host.resident_bytes() - before < MOST_GROWTH_BYTES
    host.check_works()


def test_what_is_late_or_unknown_is_answered_or_ignored(host: RawHost) -> None:
    worker = host.worker()
    assert worker.call("Frobnicate", {"x": 1}, b"content")[2]["code"] == "UnsupportedMethod"
    for late in ([2, 1, b"x"], [3, 1, 5], [4, 1], [5, 1]):
        worker.send(pack(late))
    assert worker.call("Stat", {"path": "/", "later": 1}, None, "later", 5)[2] is None


def test_two_cancels_are_a_protocol_error_or_late(host: RawHost) -> None:
    worker = host.worker()
    worker.send(WRITE)
    worker.send(pack([5, 1]))
    worker.send(pack([5, 1]))
    assert worker.receive()[2]["code"] == "Cancelled"
    worker.id = 1
    assert worker.call("Stat", {"path": "/"})[2] is None


def test_a_host_that_never_reads_its_answers_is_bounded(host: RawHost) -> None:
    content = os.urandom(MIB)
    worker = host.worker()
    worker.send(request(1, "PutContent", {"path": "/a", "end": True}), content)
    assert worker.receive()[2] is None
    before = host.resident_bytes()
    with suppress(zmq.Again):
        for id in range(2, 2000):
            params = {"path": "/a", "credit": 2**53}
            worker.socket.send(request(id, "GetContent", params), zmq.DONTWAIT)
    assert host.resident_bytes() - before < MOST_GROWTH_BYTES
    host.check_works()


def test_a_host_that_grants_all_and_never_reads_is_bounded(host: RawHost) -> None:
    worker = host.worker()
    before = host.resident_bytes()
    worker.send(request(1, "ReadStream", {"path": "/endless", "offset": 0, "credit": 2**53}))
    host.check_works()
    assert host.resident_bytes() - before < MOST_GROWTH_BYTES
    worker.close()
    host.check_works()


class TestOpenChannel:
    @pytest.mark.parametrize(
        "endpoint",
        [
            "tcp://127.0.0.1:1",
            "tcp://example.invalid:80",
            "inproc://x",
            "udp://127.0.0.1:1",
            "nonsense",
            "",
            "ipc",
            "x" * 60_000,
        ],
    )
    def test_elsewhere_is_refused(self, host: RawHost, endpoint: str) -> None:
        answer = host.control.call("OpenChannel", {"channel": 1, "endpoint": endpoint})
        assert answer[2]["code"] == "InvalidParameters"
        assert answer[2]["fields"]["parameter"] == "endpoint"
        host.check_works()

    @pytest.mark.parametrize("params", [NOTHING, {"channel": -1, "endpoint": "ipc:///tmp/x"}])
    def test_wrong_params_end_the_control_channel(self, params: object) -> None:
        host = RawHost(ODD).hello()
        host.control.request("OpenChannel", params)
        assert host.control.last_code() == "ProtocolError"
        assert host.close() == 0

    def test_thousands_to_where_nobody_is_leave_nothing(self, host: RawHost) -> None:
        host.check_works()
        before = host.resources()
        for number in range(2000):
            endpoint = f"ipc://{host.directory}/nothing-{number}"
            host.control.request("OpenChannel", {"channel": number, "endpoint": endpoint})
        errors = [host.control.receive()[2] for _ in range(2000)]
        assert {error["code"] for error in errors if error} <= {"TooManyChannels"}
        wait_until(lambda: host.resources() <= before)
        host.check_works()

    def test_a_foreign_socket_holds_a_slot_for_a_while_only(self, host: RawHost) -> None:
        host.check_works()
        before = host.resources()
        path = f"{host.directory}/foreign"
        with sockets.socket(sockets.AF_UNIX) as foreign:
            foreign.bind(path)
            foreign.listen()
            params = {"channel": 7, "endpoint": f"ipc://{path}"}
            assert host.control.call("OpenChannel", params)[2] is None
            host.check_works()
            wait_until(lambda: host.resources() <= before)
        host.check_works()

    def test_a_number_in_use_is_refused_also_before_it_is_there(self, host: RawHost) -> None:
        worker = host.bound()
        params = {"channel": 77, "endpoint": worker.endpoint}
        host.control.request("OpenChannel", params)
        host.control.request("OpenChannel", params)
        first, second = host.control.receive(), host.control.receive()
        assert first[2] is None
        assert second[2]["fields"] == {
            "name": "odd",
            "parameter": "channel",
            "reason": "77 is in use",
        }
        assert worker.receive()[:2] == [6, TOKEN]
        assert worker.call("Stat", {"path": "/"})[2] is None

    def test_more_than_there_are_is_told(self, host: RawHost) -> None:
        workers = [host.worker() for _ in range(64)]
        params = {"channel": 1000, "endpoint": f"ipc://{host.directory}/x"}
        assert host.control.call("OpenChannel", params)[2]["code"] == "TooManyChannels"
        for worker in workers:
            worker.close()
        wait_until(lambda: host.control.call("OpenChannel", params)[2] is None)


CONTROL_ATTACKS: dict[str, Frames] = {
    "Hello twice": [request(2, "Hello", HELLO)],
    "garbage": [b"\xc1"],
    "a call of the workers": [request(2, "Stat", {"path": "/a"})],
    "an unknown call": [request(2, "Frobnicate", NOTHING)],
    "RESPONSE": [pack([1, 2, None, NOTHING])],
    "ATTACH": [pack([6, TOKEN, "0.1", 7])],
    "thousand frames": [b"x"] * 1000,
}


@pytest.mark.parametrize("attack", CONTROL_ATTACKS)
def test_what_breaks_the_control_channel_ends_the_driver_in_order(attack: str) -> None:
    host = RawHost(ODD).hello()
    worker = host.worker()
    host.control.send(*CONTROL_ATTACKS[attack])
    assert host.control.receive()[2]["code"] == "ProtocolError"
    worker.close()
    assert host.close() == 0


@pytest.mark.parametrize("method", ["OpenChannel", "Ping", "Shutdown", "Stat"])
def test_before_hello_nothing_else_is_served(method: str) -> None:
    host = RawHost(ODD)
    host.control.request(method, {"path": "/a", "channel": 1, "endpoint": "ipc:///x"})
    assert host.control.receive()[2]["code"] == "ProtocolError"
    assert host.close() == 0


def test_a_path_that_no_host_would_send_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"outside")
    host = RawHost(FILESYSTEM, {"rootdirectory": str(tmp_path / "root")}).hello()
    worker = host.worker()
    for path in ("/../outside", "/a/../../outside", "../outside", "", "/a\0b"):
        for method, params in (
            ("GetContent", {"path": path, "credit": 100}),
            ("PutContent", {"path": path, "end": True}),
            ("Delete", {"path": path}),
            ("Move", {"source": path, "destination": "/taken"}),
            ("OpenUpload", {"path": "/b", "upload_id": path}),
            ("WriteUpload", {"upload_id": path, "offset": 0, "end": True}),
        ):
            assert worker.call(method, params)[2] is not None, (method, path)
    assert (tmp_path / "outside").read_bytes() == b"outside"
    assert os.listdir(tmp_path) in (["outside"], ["outside", "root"], ["root", "outside"])
    host.check_works()
    host.close()


@pytest.mark.parametrize("seed", range(3))
def test_random_messages_do_not_end_the_driver(host: RawHost, seed: int) -> None:
    chance = random.Random(seed)
    proper = [frames for messages in ATTACKS.values() for frames in messages]
    host.check_works()
    before = host.resources()
    for _ in range(100):
        worker = host.worker()
        for _ in range(chance.randrange(1, 5)):
            frames = [*chance.choice(proper)][:3]
            if frames[0] and chance.random() < 0.8:
                broken = bytearray(frames[0])
                for _ in range(chance.randrange(1, 4)):
                    broken[chance.randrange(len(broken))] = chance.randrange(256)
                frames[0] = bytes(broken)
            if chance.random() < 0.2:
                frames[-1] = chance.randbytes(chance.randrange(200))
            # The driver may have refused one and gone.
            with suppress(zmq.Again):
                worker.socket.send_multipart(frames, zmq.NOBLOCK)
        worker.close()
    wait_until(lambda: host.resources() <= before)
    host.check_works()
