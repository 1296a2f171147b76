"""The host's side of reads: streams of content and of entries, from a driver that a test plays."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from storagedriver.contract import (
    CancelledError,
    DriverTimeoutError,
    ProtocolError,
    StorageDriverError,
)
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.codec import encode_listing
from storagedriver.ipc.messages import (
    Cancel,
    Chunk,
    Close,
    Credit,
    Message,
    Request,
    Response,
    Start,
    Wire,
)
from storagedriver.ipc.pool import ChannelPool
from storagedriver.ipc.receiving import ContentStream, EntryStream, Incoming
from storagedriver.ipc.states import State
from tests.ipc.conftest import send_past_session

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05
CHUNK = 64 * 1024
WINDOW = 4 * CHUNK

Pair = tuple[Channel, Channel]


def failure(error: Exception, method: str, path: str) -> StorageDriverError:
    """Name what has happened, as the caller does."""
    if isinstance(error, StorageDriverError):
        return error
    if isinstance(error, NoProgressError):
        return DriverTimeoutError(1.0, method)
    assert isinstance(error, ChannelLostError)
    return StorageDriverError("lost")


class Reads:
    """One channel of a pool, and the driver's end of it."""

    def __init__(self, pair: Pair) -> None:
        self.host, self.driver = pair
        self.pool = ChannelPool(lambda _timeout_seconds: self.host, limit=1)

    def open(
        self, method: str, *, timeout_seconds: float | None
    ) -> tuple[Incoming, Start | Response]:
        channel = self.pool.acquire("/a", PATIENCE_SECONDS)
        params: dict[str, Wire] = {"path": "/a", "credit": WINDOW}
        if method == "ReadStream":
            params["offset"] = 0
        channel.send(channel.session.request(method, params))
        assert isinstance(self.driver.receive(PATIENCE_SECONDS), Request)
        self.driver.send(Start(self.id, {}))
        opened = channel.receive(PATIENCE_SECONDS)
        assert isinstance(opened, Start)
        incoming = Incoming(
            channel, self.pool, path="/a", timeout_seconds=timeout_seconds, failure=failure
        )
        return incoming, opened

    @property
    def id(self) -> int:
        return self.driver.session.id

    def stream(self, *, timeout_seconds: float | None = PATIENCE_SECONDS) -> ContentStream:
        return ContentStream(*self.open("ReadStream", timeout_seconds=timeout_seconds))

    def entries(self) -> EntryStream:
        return EntryStream("List", *self.open("List", timeout_seconds=PATIENCE_SECONDS))

    def send(self, *contents: bytes) -> None:
        for content in contents:
            self.driver.send(Chunk(self.id, content))

    def finish(self, content: bytes | None = None) -> None:
        size = self.driver.session.moved_bytes + len(content or b"")
        self.driver.send(Response(self.id, None, {"size": size, "version": b""}, content))

    def fail(self) -> None:
        self.driver.send(Response(self.id, {"code": "NoSpace", "message": "full"}, None))

    def is_usable(self) -> bool:
        """Whether the channel has come back and takes another call."""
        channel = self.pool.acquire("/a", SHORT_SECONDS)
        channel.send(channel.session.request("Delete", {"path": "/a"}))
        while not isinstance(message := self.driver.receive(PATIENCE_SECONDS), Request):
            assert isinstance(message, Cancel | Credit)
        self.driver.send(Response(message.id, None, {}))
        return isinstance(channel.receive(PATIENCE_SECONDS), Response)


@pytest.fixture
def reads(make_pair: Callable[..., Pair]) -> Reads:
    return Reads(make_pair(max_chunk_bytes=CHUNK, write_credit_bytes=WINDOW))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


class TestContent:
    def test_read_gives_all(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"ab", b"cd")
            reads.finish(b"ef")
            assert stream.read() == b"abcdef"
            assert stream.read() == b""
        assert reads.is_usable()

    def test_read_gives_what_it_is_asked_for_across_chunks(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc", b"def")
            reads.finish()
            assert [stream.read(size) for size in (2, 3, 0, 5, 1)] == [
                b"ab",
                b"cde",
                b"",
                b"f",
                b"",
            ]

    def test_read1_gives_what_there_is(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc", b"def")
            reads.finish()
            assert [stream.read1(size) for size in (2, 100, -1, 1)] == [b"ab", b"c", b"def", b""]

    def test_readinto_fills_the_buffer(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc", b"def")
            reads.finish(b"gh")
            buffer = bytearray(5)
            assert stream.readinto(buffer) == 5
            assert buffer == b"abcde"
            assert stream.readinto(buffer) == 3
            assert buffer[:3] == b"fgh"
            assert stream.readinto(buffer) == 0

    def test_readinto1_gives_what_there_is(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc")
            reads.finish()
            buffer = bytearray(2)
            assert [stream.readinto1(buffer) for _ in range(3)] == [2, 1, 0]
            assert stream.readinto1(bytearray()) == 0

    def test_iteration_gives_the_chunks(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc", b"de")
            reads.finish(b"f")
            assert stream.read(1) == b"a"
            assert [bytes(chunk) for chunk in stream] == [b"bc", b"de", b"f"]

    def test_what_was_taken_is_granted_again(
        self, reads: Reads, threads: ThreadPoolExecutor
    ) -> None:
        def play() -> None:
            left = 3 * WINDOW
            while left:
                while reads.driver.session.credit_bytes == 0:
                    assert isinstance(reads.driver.receive(PATIENCE_SECONDS), Credit)
                size = min(left, reads.driver.session.sendable_bytes)
                reads.send(bytes(size))
                left -= size
            reads.finish()

        with reads.stream() as stream:
            played = threads.submit(play)
            assert len(stream.read()) == 3 * WINDOW
            played.result(PATIENCE_SECONDS)

    def test_one_message_may_be_all(self) -> None:
        opened = Response(1, None, {"size": 3, "version": b"v"}, b"abc")
        with ContentStream(None, opened) as stream:
            assert (stream.size, stream.version) == (3, b"v")
            assert stream.read() == b"abc"

    def test_size_and_version_come_from_the_start(self, reads: Reads) -> None:
        incoming, _ = reads.open("ReadStream", timeout_seconds=PATIENCE_SECONDS)
        stream = ContentStream(incoming, Start(1, {"size": 7, "version": b"v"}))
        assert (stream.size, stream.version) == (7, b"v")
        reads.finish()
        stream.close()


class TestErrors:
    def test_an_error_in_the_middle_is_raised_by_every_further_read(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc")
            reads.fail()
            assert stream.read(3) == b"abc"
            raised = [error_of(stream.read), error_of(lambda: stream.read(1))]
            raised.append(error_of(lambda: stream.readinto(bytearray(1))))
            raised.append(error_of(lambda: next(stream)))
        assert [error.code for error in raised] == ["NoSpace"] * 4
        assert reads.is_usable()

    def test_a_lost_driver_is_not_the_end(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc")
            assert stream.read(3) == b"abc"
            reads.driver.close()
            assert [error_of(stream.read).message for _ in range(2)] == ["lost", "lost"]
        assert reads.host.session.state is State.CLOSED

    def test_a_silent_driver_is_a_timeout_and_costs_the_channel(self, reads: Reads) -> None:
        with reads.stream(timeout_seconds=SHORT_SECONDS) as stream:
            for _ in range(2):
                with pytest.raises(DriverTimeoutError):
                    stream.read()
        assert reads.host.session.state is State.CLOSED

    def test_a_count_that_is_wrong_is_an_error(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.send(b"abc")
            send_past_session(reads.driver, b"\x94\x01\x01\xc0\x81\xa4size\x09")
            for _ in range(2):
                with pytest.raises(ProtocolError, match="speaks of 9 bytes"):
                    stream.read()

    def test_reading_on_after_an_interrupt_is_not_the_end(
        self, reads: Reads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupt(_timeout_seconds: float | None) -> Message:
            raise KeyboardInterrupt

        with reads.stream() as stream:
            monkeypatch.setattr(reads.host, "receive", interrupt)
            with pytest.raises(KeyboardInterrupt):
                stream.read()
            with pytest.raises(CancelledError):
                stream.read()


def error_of(read: Callable[[], object]) -> StorageDriverError:
    with pytest.raises(StorageDriverError) as caught:
        read()
    return caught.value


class TestClosing:
    def test_early_cancels_and_gives_the_channel_back(
        self, reads: Reads, threads: ThreadPoolExecutor
    ) -> None:
        stream = reads.stream()
        reads.send(b"abc")
        assert stream.read(1) == b"a"
        answered = answer_cancel(reads, threads)
        stream.close()
        answered.result(PATIENCE_SECONDS)
        assert reads.is_usable()

    def test_late_cancels_nothing(self, reads: Reads) -> None:
        with reads.stream() as stream:
            reads.finish(b"abc")
            stream.read()
        assert reads.driver.receive_now() is None

    def test_a_cancel_that_crosses_the_end_is_no_harm(self, reads: Reads) -> None:
        with reads.stream():
            reads.finish(b"abc")
        assert reads.is_usable()

    def test_twice_is_no_error_and_reading_after_it_is(self, reads: Reads) -> None:
        stream = reads.stream()
        reads.finish(b"abc")
        stream.close()
        stream.close()
        actions: list[Callable[[], object]] = [stream.read, stream.read1, lambda: next(stream)]
        for read in actions:
            with pytest.raises(ValueError, match="closed"):
                read()
        with pytest.raises(ValueError, match="closed"):
            stream.readinto(bytearray(1))

    def test_a_driver_that_does_not_stop_costs_its_channel(
        self, reads: Reads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.sending.CANCEL_SECONDS", SHORT_SECONDS)
        reads.stream().close()
        assert reads.host.session.state is State.CLOSED

    def test_a_forgotten_stream_hangs_up_without_waiting(
        self, reads: Reads, threads: ThreadPoolExecutor
    ) -> None:
        stream = reads.stream()
        heard = threads.submit(reads.driver.receive, PATIENCE_SECONDS)
        del stream
        gc.collect()
        assert reads.host.session.state is State.CLOSED
        assert heard.result(PATIENCE_SECONDS) == Close()

    def test_a_forgotten_listing_gives_its_channel_up(self, reads: Reads) -> None:
        entries = reads.entries()
        del entries
        gc.collect()
        assert reads.host.session.state is State.CLOSED


def answer_cancel(reads: Reads, threads: ThreadPoolExecutor) -> Future[None]:
    def play() -> None:
        while not isinstance(reads.driver.receive(PATIENCE_SECONDS), Cancel):
            pass
        reads.driver.send(Response(reads.id, {"code": "Cancelled"}, None))

    return threads.submit(play)


class TestEntries:
    def test_they_come_in_order(self, reads: Reads) -> None:
        entries = reads.entries()
        reads.send(encode_listing([["a"], ["b", True]]), encode_listing([["c"]]))
        reads.driver.send(Response(reads.id, None, {"count": 4}, encode_listing([["d", None, 1]])))
        assert list(entries) == [["a", None], ["b", True], ["c", None], ["d", None]]
        assert list(entries) == []
        assert reads.is_usable()

    def test_one_message_may_be_all(self) -> None:
        opened = Response(1, None, {"count": 1}, encode_listing([["a"]]))
        assert list(EntryStream("List", None, opened)) == [["a", None]]

    @pytest.mark.parametrize("told", [0, 2])
    def test_a_count_that_is_wrong_is_an_error(self, reads: Reads, told: int) -> None:
        entries = reads.entries()
        reads.send(encode_listing([["a"]]))
        reads.driver.send(Response(reads.id, None, {"count": told}))
        assert next(entries) == ["a", None]
        for _ in range(2):
            with pytest.raises(ProtocolError, match=f"speaks of {told} entries, 1 came"):
                next(entries)

    def test_an_error_in_the_middle_is_raised_again(self, reads: Reads) -> None:
        entries = reads.entries()
        reads.send(encode_listing([["a"]]))
        reads.fail()
        assert next(entries) == ["a", None]
        assert [error_of(lambda: next(entries)).code for _ in range(2)] == ["NoSpace"] * 2

    @pytest.mark.parametrize("content", [b"\xc1", b"\x91", b"\x91\x01", b"\x01", b"\x90"])
    def test_what_is_no_entry_is_refused_and_nothing_follows_it(
        self, reads: Reads, content: bytes
    ) -> None:
        entries = reads.entries()
        reads.send(content, encode_listing([["b"]]))
        reads.driver.send(Response(reads.id, None, {"count": 1}))
        for _ in range(2):
            with pytest.raises(ProtocolError):
                next(entries)
        assert reads.host.session.state is State.CLOSED

    def test_closing_early_cancels(self, reads: Reads, threads: ThreadPoolExecutor) -> None:
        entries = reads.entries()
        reads.send(encode_listing([["a"], ["b"]]))
        assert next(entries) == ["a", None]
        answered = answer_cancel(reads, threads)
        entries.close()
        answered.result(PATIENCE_SECONDS)
        assert list(entries) == []
        assert reads.is_usable()
