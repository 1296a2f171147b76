"""A channel over real sockets, and all the ways in which its peer can go."""

from __future__ import annotations

import gc
import os
import socket as sockets
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from time import monotonic

import pytest
import zmq

from storagedriver.contract import ProtocolError
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.codec import encode
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.limits import INLINE_CONTENT_BYTES
from storagedriver.ipc.messages import (
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
from tests.ipc.conftest import ATTACH, attached

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05
KIB = 1024

Pair = tuple[Channel, Channel]
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
def stranger(listening: Channel) -> Iterator[zmq.Socket[bytes]]:
    """A socket of ZeroMQ that no session holds to any rule."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.PAIR)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RECONNECT_IVL, -1)
    socket.connect(listening.endpoint)
    yield socket
    socket.close()
    context.term()


def driver_of(listening: Channel) -> Channel:
    """The right peer of a listening channel, attached."""
    return attached(listening, session(Side.DRIVER))


@contextmanager
def sending(channel: Channel, message: Message) -> Generator[None, None, None]:
    """Send what may have to wait until the peer, in this block, receives it."""
    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(channel.send, message)
        yield
        sent.result(PATIENCE_SECONDS)


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
        with sending(host, write(content)):
            request = receive(driver)
        assert isinstance(request, Request)
        assert request.content == content
        with sending(host, Chunk(1, memoryview(content))):
            chunk = receive(driver)
        assert isinstance(chunk, Chunk)
        assert chunk.content == content

    def test_memory_that_may_change_may_change_once_it_is_sent(self, pair: Pair) -> None:
        host, driver = pair
        changing = bytearray(64 * KIB)
        host.send(write(memoryview(changing)))
        changing[:] = b"x" * len(changing)
        request = receive(driver)
        assert isinstance(request, Request)
        assert request.content == bytes(len(changing))

    @pytest.mark.parametrize("size", [20 * KIB, 512 * KIB])
    def test_received_content_outlives_what_comes_next(self, pair: Pair, size: int) -> None:
        host, driver = pair
        with sending(host, write(b"x" * size)):
            request = receive(driver)
        with sending(host, Chunk(1, b"y" * size)):
            receive(driver)
        driver.close()
        assert isinstance(request, Request)
        assert request.content == b"x" * size

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
    # More than what the kernel's buffers take.
    for _ in range(100_000):
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

    def test_a_peer_that_goes_in_the_middle_of_a_message_is_lost(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        with pytest.raises(NoProgressError):
            host.send(Chunk(1, bytes(1024 * KIB)), timeout_seconds=0)
        host.close()
        receive(driver)
        with pytest.raises(ChannelLostError):
            receive(driver)

    def test_what_was_left_of_a_message_goes_before_the_next(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        with pytest.raises(NoProgressError):
            host.send(Chunk(1, bytes(1024 * KIB)), timeout_seconds=0)
        with sending(host, End(1)):
            receive(driver)
            assert receive(driver) == Chunk(1, bytes(1024 * KIB))
        assert receive(driver) == End(1)

    def test_a_send_finds_the_answer_of_a_peer_that_has_gone(self, pair: Pair) -> None:
        host, driver = pair
        host.send(write())
        receive(driver)
        driver.close(farewell=Response(1, {"code": "NoSpace"}, None))
        host.send(Chunk(1, b"more"))
        assert receive(host) == Response(1, {"code": "NoSpace"}, None)
        with pytest.raises(ChannelLostError):
            host.send(Request(2, "Delete", {"path": "/a"}))

    def test_the_end_of_a_process_ends_a_wait(self, pair: Pair) -> None:
        # Its socket is open still, as in a child that has inherited it.
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


class TestStrangers:
    def test_nobody_can_connect_once_the_peer_is_there(self, listening: Channel) -> None:
        with closing(driver_of(listening)) as driver:
            with pytest.raises(ConnectionRefusedError):
                _raw_connection(listening.endpoint)
            listening.send(DELETE)
            receive(driver)

    def test_nobody_finds_an_endpoint_that_is_forgotten(
        self, socket_directory: SocketDirectory
    ) -> None:
        endpoint = socket_directory.endpoint(0)
        with (
            closing(Channel.listen(endpoint, session(Side.HOST))) as host,
            closing(driver_of(host)) as driver,
        ):
            host.forget_endpoint()
            assert os.listdir(socket_directory.path) == []
            host.send(DELETE)
            receive(driver)

    @pytest.mark.usefixtures("stranger")
    def test_one_that_has_nothing_to_say_keeps_nobody_out(self, listening: Channel) -> None:
        with closing(driver_of(listening)) as driver:
            listening.send(DELETE)
            receive(driver)

    def test_one_that_is_first_and_leaves_ends_the_channel(
        self, listening: Channel, stranger: zmq.Socket[bytes]
    ) -> None:
        with ThreadPoolExecutor(1) as threads:
            heard = threads.submit(receive, listening)
            stranger.send(encode(ATTACH)[0])
            assert heard.result(PATIENCE_SECONDS) == ATTACH
            stranger.close()
        with pytest.raises(ChannelLostError):
            receive(listening)

    @pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", bytes(1000)])
    def test_one_that_speaks_something_else_keeps_nobody_out(
        self, listening: Channel, said: bytes
    ) -> None:
        with closing(_raw_connection(listening.endpoint)) as other:
            other.sendall(said)
            with closing(driver_of(listening)) as driver:
                listening.send(DELETE)
                receive(driver)

    def test_one_that_speaks_an_old_zmtp_is_not_heard(self, listening: Channel) -> None:
        with closing(_raw_connection(listening.endpoint)) as other:
            other.sendall(OLD_GREETING + _old_frame(Response(1, None, {})))
            driver_of(listening).close()
            with pytest.raises(ChannelLostError):
                receive(listening)

    def test_any_number_that_stay_silent_keep_nobody_out(self, listening: Channel) -> None:
        with ExitStack() as silent, listening_to(listening) as heard:
            for _ in range(200):
                silent.enter_context(closing(_raw_connection(listening.endpoint)))
            driver = Channel.connect(
                listening.endpoint, session(Side.DRIVER), timeout_seconds=PATIENCE_SECONDS
            )
            driver.send(ATTACH)
            assert heard.result(PATIENCE_SECONDS) == ATTACH
            driver.close()

    def test_thousands_that_come_and_go_keep_nobody_out(self, listening: Channel) -> None:
        with listening_to(listening) as heard:
            for _ in range(1000):
                _raw_connection(listening.endpoint).close()
            driver = Channel.connect(
                listening.endpoint, session(Side.DRIVER), timeout_seconds=PATIENCE_SECONDS
            )
            driver.send(ATTACH)
            assert heard.result(PATIENCE_SECONDS) == ATTACH
            driver.close()


@contextmanager
def listening_to(listening: Channel) -> Generator[Future[object], None, None]:
    """Have a thread wait for the first message meanwhile."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(receive, listening)


# Of ZMTP 2.0, by a PAIR without an identity, which ZeroMQ would take.
OLD_GREETING = bytes.fromhex("ff00000000000000017f 01 00 0000")


def _old_frame(message: Message) -> bytes:
    header = encode(message)[0]
    return bytes([0, len(header)]) + header


def _raw_connection(endpoint: str) -> sockets.socket:
    if endpoint.startswith("ipc://"):
        connection = sockets.socket(sockets.AF_UNIX)
        try:
            connection.connect(endpoint.removeprefix("ipc://"))
        except BaseException:
            connection.close()
            raise
        return connection
    host, port = endpoint.removeprefix("tcp://").split(":")
    return sockets.create_connection((host, int(port)), PATIENCE_SECONDS)


class TestFrames:
    @pytest.fixture
    def attached(self, listening: Channel, stranger: zmq.Socket[bytes]) -> zmq.Socket[bytes]:
        stranger.send(encode(ATTACH)[0])
        receive(listening)
        listening.send(write())
        stranger.recv()
        return stranger

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

    def test_a_frame_beyond_the_limit_is_refused(
        self, listening: Channel, attached: zmq.Socket[bytes]
    ) -> None:
        attached.send(bytes(2 * 1024 * KIB))
        with pytest.raises(ProtocolError, match=r"a frame of 2097152 bytes, the limit is 1048576"):
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

    def test_one_that_nobody_has_closed_closes_itself(
        self, socket_directory: SocketDirectory
    ) -> None:
        host = Channel.listen(socket_directory.endpoint(0), session(Side.HOST))
        driver = driver_of(host)
        del host
        gc.collect()
        with pytest.raises(ChannelLostError):
            receive(driver)
        driver.close()

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
        assert isinstance(receive(driver), Request)
        assert receive(driver) == Close()

    def test_does_not_wait_for_a_peer_that_takes_nothing(self, pair: Pair) -> None:
        host, _ = pair
        before = monotonic()
        with pytest.raises(NoProgressError):
            host.send(write(bytes(1024 * KIB)), timeout_seconds=0)
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
