"""The driver's side of streams: what it sends for reads, and the reader it is given for writes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from storagedriver.contract import CancelledError, ContentChangedError, ReadStream
from storagedriver.contract.streams import FileReadStream
from storagedriver.ipc.calls import check_entries
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.codec import ListingDecoder
from storagedriver.ipc.content import (
    HungUpError,
    IncomingContent,
    send_bytes,
    send_listing,
    send_stream,
)
from storagedriver.ipc.limits import MIN_CHUNK_BYTES
from storagedriver.ipc.messages import (
    Cancel,
    Chunk,
    Close,
    Credit,
    End,
    Message,
    Request,
    Response,
    Start,
    Wire,
)

PATIENCE_SECONDS = 10.0
KIB = 1024
CHUNK = 64 * KIB
WINDOW = 4 * CHUNK

Pair = tuple[Channel, Channel]


@pytest.fixture
def pair(make_pair: Callable[..., Pair]) -> Pair:
    return make_pair(max_chunk_bytes=CHUNK, write_credit_bytes=WINDOW)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def open_read(pair: Pair, *, credit: int = WINDOW, method: str = "ReadStream") -> Request:
    host, driver = pair
    params: dict[str, Wire] = {"path": "/a", "offset": 0, "credit": credit}
    host.send(host.session.request(method, params))
    request = driver.receive(PATIENCE_SECONDS)
    assert isinstance(request, Request)
    return request


def open_write(pair: Pair, content: bytes | None = None, *, end: bool = False) -> IncomingContent:
    host, driver = pair
    params: dict[str, Wire] = {"path": "/a", "offset": 0, "end": end}
    host.send(host.session.request("WriteStream", params, content))
    request = driver.receive(PATIENCE_SECONDS)
    assert isinstance(request, Request)
    return IncomingContent(driver, request, is_complete=end)


def received(host: Channel, response: Response | None = None) -> list[Message]:
    """All that comes until the response, granting what was consumed."""
    messages: list[Message] = []
    while not messages or not isinstance(messages[-1], Response):
        message = host.receive(PATIENCE_SECONDS)
        messages.append(message)
        if isinstance(message, Chunk):
            credit = host.session.consume(len(message.content))
            if credit is not None:
                host.send(credit)
    return messages


def ignore_until(host: Channel, sending: Future[Response]) -> None:
    """Take what was under way when a call was cancelled."""
    while not sending.done():
        with suppress(NoProgressError):
            host.receive(0.01)


def content_of(messages: list[Message]) -> bytes:
    return b"".join(
        message.content
        for message in messages
        if isinstance(message, Chunk | Response) and message.content is not None
    )


class Pieces(ReadStream):
    """A stream that gives the pieces it is made of, whatever it says about their size."""

    def __init__(self, pieces: list[bytes], *, size: int | None) -> None:
        self._pieces = pieces
        self.size = size

    def readinto1(self, buffer: object, /) -> int:
        raise NotImplementedError

    def read1(self, size: int = -1, /) -> bytes:
        if not self._pieces:
            return b""
        piece, self._pieces[0] = self._pieces[0][:size], self._pieces[0][size:]
        if not self._pieces[0]:
            del self._pieces[0]
        return piece


def answer(driver: Channel, make: Callable[[], Response]) -> None:
    driver.send(make())


class TestSendBytes:
    @pytest.mark.parametrize("size", [0, 1, CHUNK])
    def test_what_fits_one_message_is_one(self, pair: Pair, size: int) -> None:
        host, driver = pair
        request = open_read(pair, method="GetContent")
        content = b"x" * size
        driver.send(send_bytes(driver, request, content))
        messages = received(host)
        assert [type(message) for message in messages] == [Response]
        assert content_of(messages) == content

    @pytest.mark.parametrize("size", [CHUNK + 1, 2 * CHUNK, 3 * WINDOW + 1])
    @pytest.mark.parametrize("credit", [WINDOW, 10_000])
    def test_more_goes_in_chunks_as_far_as_credit_goes(
        self, pair: Pair, threads: ThreadPoolExecutor, size: int, credit: int
    ) -> None:
        host, driver = pair
        request = open_read(pair, method="GetContent", credit=credit)
        content = b"x" * size
        answered = threads.submit(answer, driver, lambda: send_bytes(driver, request, content))
        messages = received(host)
        answered.result(PATIENCE_SECONDS)
        assert messages[0] == Start(1, {"size": size, "version": b""})
        assert content_of(messages) == content

    def test_a_cancel_ends_it(self, pair: Pair, threads: ThreadPoolExecutor) -> None:
        host, driver = pair
        request = open_read(pair, method="GetContent")
        sending = threads.submit(send_bytes, driver, request, bytes(100 * WINDOW))
        host.receive(PATIENCE_SECONDS)
        host.send(Cancel(1))
        ignore_until(host, sending)
        with pytest.raises(CancelledError):
            sending.result(PATIENCE_SECONDS)

    def test_a_hang_up_ends_it(self, pair: Pair, threads: ThreadPoolExecutor) -> None:
        host, driver = pair
        request = open_read(pair, method="GetContent")
        sending = threads.submit(send_bytes, driver, request, bytes(100 * WINDOW))
        host.receive(PATIENCE_SECONDS)
        host.hang_up()
        with pytest.raises((HungUpError, ChannelLostError)):
            sending.result(PATIENCE_SECONDS)


class TestSendStream:
    def send(
        self, pair: Pair, threads: ThreadPoolExecutor, stream: ReadStream, *, credit: int = WINDOW
    ) -> tuple[list[Message], Future[None]]:
        host, driver = pair
        request = open_read(pair, credit=credit)

        def run() -> None:
            try:
                driver.send(send_stream(driver, request, stream, 0))
            except ContentChangedError:
                driver.send(Response(1, {"code": "ContentChanged"}, None))
                raise

        answered = threads.submit(run)
        return received(host), answered

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize("size", [0, 1, MIN_CHUNK_BYTES, CHUNK, CHUNK + 1, 3 * WINDOW])
    @pytest.mark.parametrize("credit", [WINDOW, 20_000])
    def test_the_whole_content_arrives(
        self, pair: Pair, threads: ThreadPoolExecutor, size: int, known: bool, credit: int
    ) -> None:
        content = b"x" * size
        stream = FileReadStream(io.BytesIO(content), size=size if known else None)
        messages, answered = self.send(pair, threads, stream, credit=credit)
        answered.result(PATIENCE_SECONDS)
        assert content_of(messages) == content

    @pytest.mark.parametrize("known", [True, False])
    def test_a_small_content_is_one_message(
        self, pair: Pair, threads: ThreadPoolExecutor, known: bool
    ) -> None:
        stream = Pieces([b"ab", b"c"], size=3 if known else None)
        messages, _ = self.send(pair, threads, stream)
        assert [type(message) for message in messages] == [Response]
        assert content_of(messages) == b"abc"

    def test_short_pieces_are_put_together(self, pair: Pair, threads: ThreadPoolExecutor) -> None:
        stream = Pieces([b"x"] * 10_000, size=10_000)
        messages, _ = self.send(pair, threads, stream)
        sizes = [len(message.content) for message in messages if isinstance(message, Chunk)]
        assert min(sizes) >= MIN_CHUNK_BYTES
        assert len(content_of(messages)) == 10_000

    @pytest.mark.parametrize(
        "pieces", [[], [b"x"], [b"x" * MIN_CHUNK_BYTES], [b"x" * CHUNK, b"x"]], ids=len
    )
    def test_a_content_that_ends_before_its_size_has_changed(
        self, pair: Pair, threads: ThreadPoolExecutor, pieces: list[bytes]
    ) -> None:
        messages, answered = self.send(pair, threads, Pieces(pieces, size=2 * CHUNK))
        with pytest.raises(ContentChangedError, match="before the size it had"):
            answered.result(PATIENCE_SECONDS)
        assert isinstance(messages[-1], Response)
        assert messages[-1].error is not None

    def test_a_content_that_has_grown_is_cut_to_its_size(
        self, pair: Pair, threads: ThreadPoolExecutor
    ) -> None:
        messages, _ = self.send(pair, threads, Pieces([b"abcdef"], size=3))
        assert content_of(messages) == b"abc"


class TestIncomingContent:
    def test_pieces_come_as_they_were_sent(self, pair: Pair) -> None:
        content = open_write(pair, b"ab")
        pair[0].send(Chunk(1, b"cd"))
        pair[0].send(End(1, b"ef"))
        assert [bytes(content.read(10)) for _ in range(4)] == [b"ab", b"cd", b"ef", b""]

    def test_never_more_than_asked_for(self, pair: Pair) -> None:
        content = open_write(pair, b"abcd", end=True)
        assert [bytes(content.read(3)) for _ in range(3)] == [b"abc", b"d", b""]

    def test_nothing_asked_for_is_nothing_and_not_the_end(self, pair: Pair) -> None:
        content = open_write(pair, b"ab", end=True)
        assert content.read(0) == b""
        assert content.read(2) == b"ab"

    def test_all_at_once(self, pair: Pair) -> None:
        content = open_write(pair, b"ab")
        pair[0].send(Chunk(1, b"cd"))
        pair[0].send(End(1))
        assert content.read() == b"abcd"
        assert content.read() == b""

    def test_an_empty_write_is_at_its_end(self, pair: Pair) -> None:
        assert open_write(pair, end=True).read() == b""
        assert pair[1].receive_now() is None

    def test_what_was_read_is_granted_again(self, pair: Pair) -> None:
        content = open_write(pair, bytes(CHUNK))
        content.read(CHUNK - 1)
        assert pair[0].session.credit_bytes == WINDOW - CHUNK
        content.read(1)
        assert pair[0].receive(PATIENCE_SECONDS) == Credit(1, CHUNK)

    @pytest.mark.parametrize(
        ("message", "error"), [(Cancel(1), CancelledError), (Close(), HungUpError)]
    )
    def test_a_stop_is_raised_again_for_a_driver_that_goes_on(
        self, pair: Pair, message: Message, error: type[Exception]
    ) -> None:
        content = open_write(pair, b"ab")
        pair[0].send(message)
        assert content.read(10) == b"ab"
        for _ in range(2):
            with pytest.raises(error):
                content.read(10)

    def test_a_lost_host_is_not_the_end_of_the_content(self, pair: Pair) -> None:
        content = open_write(pair)
        pair[0].close()
        for _ in range(2):
            with pytest.raises(ChannelLostError):
                content.read()


class TestSendListing:
    def listed(
        self,
        pair: Pair,
        threads: ThreadPoolExecutor,
        entries: list[list[Wire]],
        *,
        credit: int = WINDOW,
    ) -> tuple[list[Message], list[list[Wire]]]:
        host, driver = pair
        request = open_read(pair, credit=credit, method="List")
        answered = threads.submit(
            answer, driver, lambda: send_listing(driver, request, iter(entries))
        )
        messages = received(host)
        answered.result(PATIENCE_SECONDS)
        decoder = ListingDecoder()
        found: list[list[Wire]] = []
        for message in messages:
            if isinstance(message, Chunk | Response) and message.content is not None:
                found += check_entries("List", decoder.feed(message.content))
        return messages, found

    def test_a_short_one_is_one_message(self, pair: Pair, threads: ThreadPoolExecutor) -> None:
        messages, entries = self.listed(pair, threads, [["a"], ["b"]])
        assert [type(message) for message in messages] == [Response]
        assert entries == [["a", None], ["b", None]]

    def test_an_empty_one_has_no_content(self, pair: Pair, threads: ThreadPoolExecutor) -> None:
        messages, entries = self.listed(pair, threads, [])
        assert entries == []
        assert messages == [Response(1, None, {"count": 0})]

    @pytest.mark.parametrize("credit", [WINDOW, 16 * KIB])
    def test_every_message_holds_whole_entries(
        self, pair: Pair, threads: ThreadPoolExecutor, credit: int
    ) -> None:
        names: list[list[Wire]] = [[f"{number:06}" * 40] for number in range(2000)]
        messages, entries = self.listed(pair, threads, names, credit=credit)
        assert [entry[0] for entry in entries] == [name[0] for name in names]
        response = messages[-1]
        assert isinstance(response, Response)
        assert response.result == {"count": len(names)}
        assert isinstance(messages[0], Start)

    def test_the_longest_entries_pass_with_the_least_credit(
        self, pair: Pair, threads: ThreadPoolExecutor
    ) -> None:
        names: list[list[Wire]] = [["x" * 4090] for _ in range(50)]
        _, entries = self.listed(pair, threads, names, credit=16 * KIB)
        assert len(entries) == len(names)

    def test_a_cancel_ends_it(self, pair: Pair, threads: ThreadPoolExecutor) -> None:
        host, driver = pair
        request = open_read(pair, method="List")

        def forever() -> Iterator[list[Wire]]:
            while True:
                yield ["x" * 1000]

        sending = threads.submit(send_listing, driver, request, forever())
        host.receive(PATIENCE_SECONDS)
        host.send(Cancel(1))
        ignore_until(host, sending)
        with pytest.raises(CancelledError):
            sending.result(PATIENCE_SECONDS)

    def test_a_slow_one_shows_what_it_has(
        self, pair: Pair, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.content._LISTING_SECONDS", 0.0)
        messages, entries = self.listed(pair, threads, [["a"], ["b"]])
        assert [type(message) for message in messages] == [Start, Chunk, Chunk, Response]
        assert len(entries) == 2
