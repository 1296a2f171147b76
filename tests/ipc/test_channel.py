"""A channel over real sockets, and all the ways in which its peer can go."""

from __future__ import annotations

import os
import socket as sockets
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic

import pytest
import zmq

from storagedriver.contract import ProtocolError
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.codec import encode
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.limits import INLINE_CONTENT_BYTES, SOCKET_HIGH_WATER_MARK
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    Content,
    Credit,
    End,
    Message,
    Request,
    Response,
    Start,
)
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side, State

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05
PATIENCE_MILLISECONDS = int(PATIENCE_SECONDS * 1000)
SHORT_MILLISECONDS = int(SHORT_SECONDS * 1000)
KIB = 1024

Pair = tuple[Channel, Channel]
ATTACH = Attach("token", "0.1", 0)
DELETE = Request(1, "Delete", {"path": "/a"})


def write(content: Content | None = None) -> Request:
    return Request(1, "WriteStream", {"path": "/a", "offset": 0}, content)


def receive(channel: Channel) -> object:
    return channel.receive(PATIENCE_SECONDS)


def session(side: Side) -> Session:
    return Session(side, Role.WORKER)


@pytest.fixture(params=["ipc", "tcp"])
def endpoint(request: pytest.FixtureRequest, socket_directory: SocketDirectory) -> str:
    return socket_directory.endpoint(0) if request.param == "ipc" else "tcp://127.0.0.1:*"


@pytest.fixture
def listening(endpoint: str) -> Iterator[Channel]:
    with closing(Channel.listen(endpoint, session(Side.HOST))) as host:
        yield host


Connect = Callable[[], "zmq.Socket[bytes]"]


@pytest.fixture
def stranger(listening: Channel) -> Iterator[Connect]:
    """Makes connections to the listening channel that no session holds to any rule."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made: list[zmq.Socket[bytes]] = []

    def connect() -> zmq.Socket[bytes]:
        socket = context.socket(zmq.PAIR)
        made.append(socket)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, -1)
        with socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
            socket.connect(listening.endpoint)
            assert monitor.poll(PATIENCE_MILLISECONDS)
            socket.disable_monitor()
        return socket

    yield connect
    for socket in made:
        socket.close()
    context.term()


def connected(listening: Channel) -> Channel:
    """The right peer of a listening channel, attached."""
    driver = Channel.connect(
        listening.endpoint, session(Side.DRIVER), timeout_seconds=PATIENCE_SECONDS
    )
    driver.send(ATTACH)
    assert receive(listening) == ATTACH
    return driver


class TestMessages:
    @pytest.mark.parametrize("transport", ["ipc", "tcp"])
    def test_they_go_both_ways(self, make_pair: Callable[..., Pair], transport: str) -> None:
        host, driver = make_pair(transport=transport)
        host.send(DELETE)
        assert receive(driver) == Request(1, "Delete", {"path": "/a", "meta": None})
        driver.send(Response(1, None, {}))
        assert receive(host) == Response(1, None, {})

    @pytest.mark.parametrize(
        "size", [1, INLINE_CONTENT_BYTES, INLINE_CONTENT_BYTES + 1, 256 * KIB, 1024 * KIB]
    )
    def test_content_of_every_size_arrives(self, pair: Pair, size: int) -> None:
        host, driver = pair
        content = os.urandom(size)
        host.send(write(content))
        request = receive(driver)
        assert isinstance(request, Request)
        assert request.content == content
        host.send(Chunk(1, memoryview(content)))
        chunk = receive(driver)
        assert isinstance(chunk, Chunk)
        assert chunk.content == content

    def test_memory_that_may_change_is_copied(self, pair: Pair) -> None:
        host, driver = pair
        changing = bytearray(512 * KIB)
        host.send(write(memoryview(changing)))
        changing[:] = b"x" * len(changing)
        request = receive(driver)
        assert isinstance(request, Request)
        assert request.content == bytes(len(changing))

    def test_received_content_outlives_its_channel(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write(b"x" * 512 * KIB))
        request = receive(driver)
        driver.close()
        assert isinstance(request, Request)
        assert request.content == b"x" * 512 * KIB

    def test_what_is_of_no_more_interest_is_not_returned(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        host.send(Chunk(1, b"late"))
        host.send(Cancel(1))
        receive(driver)
        driver.send(Response(1, {"code": "NoSpace"}, None))
        receive(host)
        host.send(Request(2, "Delete", {"path": "/a"}))
        request = receive(driver)
        assert isinstance(request, Request)
        assert request.id == 2

    def test_receive_now_does_not_wait(self, pair: Pair) -> None:
        host, _ = pair
        assert host.receive_now() is None

    def test_receive_now_returns_what_has_come(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        receive(driver)
        driver.send(Credit(1, 1))
        driver.send(Response(1, {"code": "NoSpace"}, None))
        assert receive(host) == Credit(1, 1)
        assert wait_until_here(host) == Response(1, {"code": "NoSpace"}, None)

    def test_what_this_end_may_not_send_is_not_sent(self, pair: Pair) -> None:
        host, driver = pair
        with pytest.raises(ProtocolError, match="END for call 7"):
            host.send(End(7))
        assert driver.receive_now() is None


def wait_until_here(channel: Channel) -> object:
    deadline = monotonic() + PATIENCE_SECONDS
    while monotonic() < deadline:
        message = channel.receive_now()
        if message is not None:
            return message
    return None


def send_until_full(channel: Channel) -> None:
    # Both ends' marks, and what the kernel's buffers take.
    for _ in range(1000 * SOCKET_HIGH_WATER_MARK):
        channel.send(Credit(1, 1), timeout_seconds=SHORT_SECONDS)


class TestTime:
    def test_a_silent_peer_is_no_progress(self, pair: Pair) -> None:
        host, _ = pair
        before = monotonic()
        with pytest.raises(NoProgressError):
            host.receive(SHORT_SECONDS)
        assert monotonic() - before >= SHORT_SECONDS

    def test_a_channel_may_be_used_after_it(self, pair: Pair) -> None:
        host, driver = pair
        host.send(DELETE)
        with pytest.raises(NoProgressError):
            host.receive(0)
        receive(driver)
        driver.send(Response(1, None, {}))
        assert receive(host) == Response(1, None, {})

    def test_what_is_ignored_is_no_progress(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        receive(driver)
        host.send(Cancel(1))

        def grant_for_ever() -> None:
            while True:
                driver.send(Credit(1, 1), timeout_seconds=PATIENCE_SECONDS)

        with ThreadPoolExecutor(1) as threads:
            granting = threads.submit(grant_for_ever)
            with pytest.raises(NoProgressError):
                host.receive(SHORT_SECONDS)
            host.close()
            assert isinstance(granting.exception(PATIENCE_SECONDS), ChannelLostError)

    def test_a_peer_that_takes_nothing_is_no_progress(self, pair: Pair) -> None:
        host, _ = pair
        host.send(Request(1, "ReadStream", {"path": "/a", "offset": 0, "credit": 0}))
        with pytest.raises(NoProgressError):
            send_until_full(host)


class TestLoss:
    @pytest.mark.parametrize("transport", ["ipc", "tcp"])
    def test_a_peer_that_closes_ends_a_wait(
        self, make_pair: Callable[..., Pair], transport: str
    ) -> None:
        for closing_end in (0, 1):
            ends = make_pair(transport=transport)
            ends[closing_end].close()
            with pytest.raises(ChannelLostError) as caught:
                ends[1 - closing_end].receive(None)
            assert not caught.value.process_ended

    def test_what_had_arrived_before_still_counts(self, pair: Pair) -> None:
        host, driver = pair
        host.send(Request(1, "ReadStream", {"path": "/a", "offset": 0, "credit": 100}))
        receive(driver)
        driver.send(Start(1, {}))
        driver.send(Chunk(1, b"abc"))
        driver.close(farewell=Response(1, None, {"size": 3}))
        assert [type(receive(host)) for _ in range(3)] == [Start, Chunk, Response]
        with pytest.raises(ChannelLostError):
            receive(host)

    @pytest.mark.parametrize("timeout_seconds", [None, PATIENCE_SECONDS])
    def test_a_lost_peer_is_not_sent_to(self, pair: Pair, timeout_seconds: float | None) -> None:
        host, driver = pair
        driver.close()
        with pytest.raises(ChannelLostError):
            host.receive(PATIENCE_SECONDS)
        with pytest.raises(ChannelLostError):
            host.send(DELETE, timeout_seconds=timeout_seconds)

    def test_a_send_that_waits_for_room_ends_with_the_peer(self, pair: Pair) -> None:
        host, driver = pair
        host.send(Request(1, "ReadStream", {"path": "/a", "offset": 0, "credit": 0}))
        with pytest.raises(NoProgressError):
            send_until_full(host)
        driver.close()
        with pytest.raises(ChannelLostError):
            host.send(Credit(1, 1), timeout_seconds=None)

    def test_a_peer_that_goes_between_two_frames_is_lost(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        leaver = LeavesBetweenFrames(host, driver)
        host._socket = leaver  # type: ignore[assignment]  # stands in for the socket # pyright: ignore
        with pytest.raises(ChannelLostError):
            host.send(Chunk(1, bytes(64 * KIB)), timeout_seconds=None)
        host._socket = leaver.socket  # pyright: ignore[reportPrivateUsage]

    def test_the_end_of_a_process_ends_a_wait(
        self, pair: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.channel._AFTER_DEATH_SECONDS", SHORT_SECONDS)
        host, _ = pair
        readable, writable = os.pipe()
        host.watch_process(Handle(readable))
        os.close(writable)
        with pytest.raises(ChannelLostError) as caught:
            host.receive(None)
        assert caught.value.process_ended
        os.close(readable)

    def test_an_answer_of_a_process_that_has_ended_counts(self, pair: Pair) -> None:
        host, driver = pair
        readable, writable = os.pipe()
        host.watch_process(Handle(readable))
        host.send(DELETE)
        receive(driver)
        driver.close(farewell=Response(1, None, {}))
        os.close(writable)
        assert receive(host) == Response(1, None, {})
        with pytest.raises(ChannelLostError):
            receive(host)
        os.close(readable)


class Handle:
    """Stands in for a process: it has ended once the other end of the pipe is closed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


class LeavesBetweenFrames:
    """A socket whose peer goes away after the first frame of a message."""

    def __init__(self, host: Channel, driver: Channel) -> None:
        self.socket = host._socket  # pyright: ignore[reportPrivateUsage]
        self._monitor = host._monitor  # pyright: ignore[reportPrivateUsage]
        self._driver = driver

    def send(self, frame: bytes, flags: int = 0, copy: bool = True) -> object:
        assert flags & zmq.NOBLOCK, "this waits for ever, or for another peer"
        sent = self.socket.send(frame, flags, copy)
        if flags & zmq.SNDMORE:
            self._driver.close()
            assert self._monitor.poll(PATIENCE_MILLISECONDS)
            while self.socket.poll(0, zmq.POLLOUT):
                pass
        return sent


class TestStrangers:
    def test_one_that_comes_second_is_not_taken_for_the_peer(
        self, listening: Channel, stranger: Connect
    ) -> None:
        with closing(connected(listening)) as driver:
            stranger().close()
            stranger()
            with pytest.raises(NoProgressError):
                listening.receive(SHORT_SECONDS)
            listening.send(DELETE)
            receive(driver)
            driver.send(Response(1, None, {}))
            assert receive(listening) == Response(1, None, {})

    def test_the_peer_is_missed_while_a_stranger_stays(
        self, listening: Channel, stranger: Connect
    ) -> None:
        with closing(connected(listening)):
            stranger()
        with pytest.raises(ChannelLostError):
            receive(listening)

    def test_one_that_comes_first_and_leaves_ends_the_channel(
        self, listening: Channel, stranger: Connect
    ) -> None:
        stranger().close()
        with pytest.raises(ChannelLostError):
            receive(listening)

    def test_one_that_connects_and_says_nothing_does_not_keep_the_peer_out(
        self, endpoint: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.channel._HANDSHAKE_MILLISECONDS", 200)
        with (
            closing(Channel.listen(endpoint, session(Side.HOST))) as listening,
            closing(_raw_connection(listening.endpoint)),
        ):
            connected(listening).close()
            with pytest.raises(ChannelLostError):
                receive(listening)

    def test_one_that_takes_the_place_of_a_lost_peer_is_not_heard(
        self, listening: Channel, stranger: Connect
    ) -> None:
        connected(listening).close()
        # Only what ZeroMQ takes part in makes it notice.
        listening._socket.poll(SHORT_MILLISECONDS)  # pyright: ignore[reportPrivateUsage]
        usurper = stranger()
        usurper.send(encode(Response(1, None, {}))[0])
        with pytest.raises(ChannelLostError):
            receive(listening)

    def test_one_that_takes_the_place_of_a_lost_peer_is_told_nothing(
        self, listening: Channel, stranger: Connect
    ) -> None:
        connected(listening).close()
        listening._socket.poll(SHORT_MILLISECONDS)  # pyright: ignore[reportPrivateUsage]
        usurper = stranger()
        with pytest.raises(ChannelLostError):
            listening.receive(PATIENCE_SECONDS)
        with pytest.raises(ChannelLostError):
            listening.send(DELETE)
        assert not usurper.poll(SHORT_MILLISECONDS)

    def test_one_that_speaks_an_old_zmtp_is_not_heard_in_the_place_of_a_lost_peer(
        self, listening: Channel
    ) -> None:
        connected(listening).close()
        listening._socket.poll(SHORT_MILLISECONDS)  # pyright: ignore[reportPrivateUsage]
        with closing(_raw_connection(listening.endpoint)) as usurper:
            usurper.sendall(OLD_GREETING + _old_frame(Response(1, None, {})))
            with pytest.raises(ChannelLostError):
                receive(listening)

    def test_one_that_waited_for_the_peer_to_go_is_not_heard(self, listening: Channel) -> None:
        # It is connected before the peer is, and greets when the peer has gone.
        with closing(_raw_connection(listening.endpoint)) as usurper:
            connected(listening).close()
            usurper.sendall(OLD_GREETING + _old_frame(Response(1, None, {})))
            with pytest.raises(ChannelLostError):
                receive(listening)

    @pytest.mark.parametrize("endpoint", ["tcp"], indirect=True)
    def test_thousands_that_come_and_go_do_not_hold_up_the_others(self, listening: Channel) -> None:
        with closing(connected(listening)) as driver:
            # Nobody reads the news of them, as in a channel that has no call.
            for _ in range(1000):
                _raw_connection(listening.endpoint).close()
            listening.send(DELETE)
            receive(driver)
            driver.send(Response(1, None, {}))
            assert receive(listening) == Response(1, None, {})

    def test_nobody_can_connect_once_the_endpoint_is_forgotten(
        self, socket_directory: SocketDirectory
    ) -> None:
        endpoint = socket_directory.endpoint(0)
        with (
            closing(Channel.listen(endpoint, session(Side.HOST))) as host,
            closing(connected(host)) as driver,
        ):
            host.forget_endpoint()
            assert os.listdir(socket_directory.path) == []
            with pytest.raises(ChannelLostError):
                Channel.connect(endpoint, session(Side.DRIVER), timeout_seconds=1)
            host.send(DELETE)
            receive(driver)


# Of ZMTP 2.0, by a PAIR without an identity: ZeroMQ takes it, and reports no handshake.
OLD_GREETING = bytes.fromhex("ff00000000000000017f 01 00 0000")


def _old_frame(message: Message) -> bytes:
    header = encode(message)[0]
    return bytes([0, len(header)]) + header


def _raw_connection(endpoint: str) -> sockets.socket:
    if endpoint.startswith("ipc://"):
        connection = sockets.socket(sockets.AF_UNIX)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(endpoint.removeprefix("ipc://"))
        return connection
    host, port = endpoint.removeprefix("tcp://").split(":")
    return sockets.create_connection((host, int(port)), PATIENCE_SECONDS)


class TestFrames:
    @pytest.fixture
    def attached(self, listening: Channel, stranger: Connect) -> zmq.Socket[bytes]:
        socket = stranger()
        socket.send(encode(ATTACH)[0])
        receive(listening)
        listening.send(write())
        socket.recv()
        return socket

    @pytest.mark.parametrize("count", [3, 5])
    def test_more_than_two_are_refused(
        self, listening: Channel, attached: zmq.Socket[bytes], count: int
    ) -> None:
        header = encode(Response(1, {"code": "NoSpace"}, None))[0]
        attached.send_multipart([header, *[b"x"] * (count - 1)])
        with pytest.raises(ProtocolError, match=r"more than two frames \(from the driver\)"):
            receive(listening)
        assert listening.session.state is State.CLOSED

    @pytest.mark.parametrize("header", [b"", b"\xc1", b"\x00", b"hello", b"\x91\x63"])
    def test_garbage_is_refused(
        self, listening: Channel, attached: zmq.Socket[bytes], header: bytes
    ) -> None:
        attached.send(header)
        with pytest.raises(ProtocolError, match=r"\(from the driver\)"):
            receive(listening)
        assert listening.session.state is State.CLOSED

    def test_an_empty_second_frame_is_no_content(
        self, listening: Channel, attached: zmq.Socket[bytes]
    ) -> None:
        attached.send_multipart([encode(Response(1, {"code": "NoSpace"}, None))[0], b""])
        assert receive(listening) == Response(1, {"code": "NoSpace"}, None)

    def test_a_frame_beyond_the_limit_loses_the_channel(
        self, listening: Channel, attached: zmq.Socket[bytes]
    ) -> None:
        attached.send(bytes(2 * 1024 * KIB))
        with pytest.raises(ChannelLostError):
            receive(listening)


class TestConnecting:
    def test_to_nothing_fails_at_once(self, socket_directory: SocketDirectory) -> None:
        for nothing in (socket_directory.endpoint(0), "tcp://127.0.0.1:9"):
            before = monotonic()
            with pytest.raises(ChannelLostError):
                Channel.connect(nothing, session(Side.DRIVER), timeout_seconds=PATIENCE_SECONDS)
            assert monotonic() - before < PATIENCE_SECONDS / 2

    @pytest.mark.parametrize("endpoint", ["nonsense", "ipc:/x", "tcp://"])
    def test_to_what_is_no_endpoint_fails(self, endpoint: str) -> None:
        with pytest.raises(ChannelLostError):
            Channel.connect(endpoint, session(Side.DRIVER), timeout_seconds=PATIENCE_SECONDS)

    def test_removes_no_file_that_is_there(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.touch()
        with pytest.raises(ChannelLostError):
            Channel.connect(f"ipc://{file}", session(Side.DRIVER), timeout_seconds=1)
        assert file.exists()

    def test_to_a_listener_that_says_nothing_has_an_end(
        self, socket_directory: SocketDirectory
    ) -> None:
        with closing(sockets.socket(sockets.AF_UNIX)) as silent:
            silent.bind(f"{socket_directory.path}/0")
            silent.listen()
            with pytest.raises(ChannelLostError):
                Channel.connect(
                    socket_directory.endpoint(0),
                    session(Side.DRIVER),
                    timeout_seconds=SHORT_SECONDS,
                )

    def test_a_place_that_cannot_be_bound_is_an_os_error(self) -> None:
        with pytest.raises(OSError, match="cannot listen at ipc:///nowhere/at/all"):
            Channel.listen("ipc:///nowhere/at/all", session(Side.HOST))


class TestClosing:
    def test_twice_is_no_error(self, pair: Pair) -> None:
        for channel in pair:
            channel.close()
            channel.close()
            channel.hang_up()

    def test_removes_the_socket_file(self, socket_directory: SocketDirectory) -> None:
        channel = Channel.listen(socket_directory.endpoint(0), session(Side.HOST))
        assert os.listdir(socket_directory.path) == ["0"]
        channel.close()
        assert os.listdir(socket_directory.path) == []

    def test_one_that_nobody_has_closed_does_not_hold_up_the_others(self) -> None:
        # In a process of its own: what would be held up is ZeroMQ's thread, for good.
        program = (
            "import gc\n"
            "from storagedriver.ipc.channel import Channel\n"
            "from storagedriver.ipc.directory import SocketDirectory\n"
            "from storagedriver.ipc.session import Role, Session\n"
            "from storagedriver.ipc.states import Side\n"
            "directory = SocketDirectory()\n"
            "for number in range(20):\n"
            "    host = Channel.listen(directory.endpoint(number), Session(Side.HOST, Role.NEW))\n"
            "    session = Session(Side.DRIVER, Role.NEW)\n"
            "    driver = Channel.connect(host.endpoint, session, timeout_seconds=10)\n"
            "    host.ring = host  # for the collector, which takes what it finds in any order\n"
            "    del host\n"
            "    driver.close()\n"
            "    gc.collect()\n"
        )
        command = [sys.executable, "-W", "ignore", "-c", program]
        assert subprocess.run(command, timeout=120).returncode == 0

    def test_leaves_the_session_closed(self, pair: Pair) -> None:
        host, _ = pair
        host.close()
        assert host.session.state is State.CLOSED
        with pytest.raises(ProtocolError):
            host.send(DELETE)

    def test_hanging_up_says_so(self, pair: Pair) -> None:
        host, driver = pair
        host.send(DELETE)
        host.hang_up()
        # ZeroMQ drops what the end that connects has not read when the other one goes.
        with suppress(ChannelLostError):
            assert isinstance(receive(driver), Request)
            assert receive(driver) == Close()

    def test_hanging_up_is_heard_by_one_that_listens(self, pair: Pair) -> None:
        host, driver = pair
        with ThreadPoolExecutor(1) as threads:
            heard = threads.submit(receive, driver)
            host.send(Close())
            assert heard.result(PATIENCE_SECONDS) == Close()

    def test_does_not_wait_for_a_peer_that_takes_nothing(self, pair: Pair) -> None:
        host, _ = pair
        before = monotonic()
        host.send(write(bytes(1024 * KIB)))
        host.hang_up()
        assert monotonic() - before < PATIENCE_SECONDS / 2


def test_a_forked_child_does_not_touch_the_socket(pair: Pair) -> None:
    host, driver = pair
    child = os.fork()
    if child == 0:
        # Nothing of the test runner may run here.
        try:
            host.hang_up()
            os._exit(0 if os.path.exists(host.endpoint.removeprefix("ipc://")) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    host.send(DELETE)
    assert isinstance(receive(driver), Request)
