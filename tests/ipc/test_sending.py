"""The host's side of writes: readers of every kind, against a driver that a test plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO

import pytest

from storagedriver.contract import Piece, ProtocolError
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.limits import MIN_CHUNK_BYTES
from storagedriver.ipc.messages import Cancel, Chunk, Content, End, Message, Request, Response, Wire
from storagedriver.ipc.sending import PieceSource, send_content
from storagedriver.ipc.states import State
from tests.ipc.conftest import send_past_session

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05
KIB = 1024
CHUNK = 64 * KIB
WINDOW = 4 * CHUNK

Pair = tuple[Channel, Channel]


class Given:
    """A reader that gives what it was told to, whatever it is asked, and then raises or ends."""

    def __init__(self, pieces: list[Piece], failure: BaseException | None = None) -> None:
        self._pieces = pieces
        self._failure = failure
        self.reads = 0

    def read(self, size: int, /) -> Piece:
        self.reads += 1
        if self._pieces:
            return self._pieces.pop(0)
        if self._failure is not None:
            raise self._failure
        return b""


class Reusing:
    """A reader that gives the same memory every time, with other content."""

    def __init__(self, *, times: int, size: int) -> None:
        self._memory = bytearray(size)
        self._times = times
        self._given = 0

    def read(self, size: int, /) -> Piece:
        if self._given == self._times:
            return b""
        self._given += 1
        self._memory[:] = bytes([self._given]) * len(self._memory)
        return memoryview(self._memory)


def pieces_of(source: PieceSource, limit: int) -> list[Content]:
    return list(iter(lambda: source.next(limit), None))


class TestPieceSource:
    def test_single_bytes_are_put_together(self) -> None:
        source = PieceSource(Given([b"x"] * 10_000))
        sizes = [len(piece) for piece in pieces_of(source, CHUNK)]
        assert sizes == [MIN_CHUNK_BYTES, MIN_CHUNK_BYTES, 10_000 - 2 * MIN_CHUNK_BYTES]

    def test_not_more_than_there_is_room_for_is_put_together(self) -> None:
        source = PieceSource(Given([b"ab"] * 5))
        assert [bytes(piece) for piece in pieces_of(source, 3)] == [b"aba", b"bab", b"aba", b"b"]

    def test_a_full_piece_is_passed_on_as_it_is(self) -> None:
        piece = b"x" * CHUNK
        assert PieceSource(Given([piece])).next(CHUNK) is piece

    def test_more_than_was_asked_for_is_cut_and_nothing_is_lost(self) -> None:
        content = bytes(range(256)) * 1000
        source = PieceSource(Given([content]))
        found = pieces_of(source, 100_000)
        assert [len(piece) for piece in found] == [100_000, 100_000, 56_000]
        assert b"".join(found) == content

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_a_reader_may_give_any_kind_of_bytes(self, kind: Callable[[bytes], Piece]) -> None:
        source = PieceSource(Given([kind(b"abc")]))
        assert b"".join(pieces_of(source, CHUNK)) == b"abc"

    @pytest.mark.parametrize(
        "view",
        [memoryview(b"abcdef")[::2], memoryview(b"abcdef").cast("H"), memoryview(b"abcdef")[::-1]],
        ids=["every second byte", "two by two", "backwards"],
    )
    def test_a_view_of_any_shape_is_its_bytes(self, view: memoryview) -> None:
        assert b"".join(pieces_of(PieceSource(Given([view])), CHUNK)) == view.tobytes()

    @pytest.mark.parametrize("given", ["text", None, 3])
    def test_what_is_no_bytes_is_a_type_error_and_the_readers_fault(self, given: Piece) -> None:
        source = PieceSource(Given([given]))
        with pytest.raises(
            TypeError, match=f"a reader gives bytes, not {type(given).__name__}"
        ) as caught:
            source.next(CHUNK)
        assert source.failure is caught.value

    def test_what_the_reader_raises_is_raised_and_kept(self) -> None:
        failure = KeyboardInterrupt()
        source = PieceSource(Given([b"abc"], failure))
        with pytest.raises(KeyboardInterrupt):
            source.next(CHUNK)
        assert source.failure is failure

    def test_a_reader_that_has_ended_is_not_asked_again(self) -> None:
        reader = Given([])
        source = PieceSource(reader)
        assert source.next(CHUNK) is None
        assert source.next(CHUNK) is None
        assert (reader.reads, source.at_end) == (1, True)

    def test_looking_ahead_finds_the_end_and_loses_nothing(self) -> None:
        source = PieceSource(Given([b"x" * MIN_CHUNK_BYTES, b"y"]))
        source.next(CHUNK)
        source.look_ahead()
        assert not source.at_end
        assert source.next(CHUNK) == b"y"
        assert source.at_end

    @pytest.mark.parametrize("size", [10, MIN_CHUNK_BYTES, 2 * CHUNK])
    def test_memory_that_a_reader_uses_again_is_copied_before(self, size: int) -> None:
        source = PieceSource(Reusing(times=3, size=size))
        first = source.next(CHUNK)
        assert first is not None
        source.look_ahead()
        found = [first, *pieces_of(source, CHUNK)]
        assert b"".join(found) == b"\1" * size + b"\2" * size + b"\3" * size


@pytest.fixture
def pair(make_pair: Callable[..., Pair]) -> Pair:
    return make_pair(max_chunk_bytes=CHUNK, write_credit_bytes=WINDOW)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def ignore_content(driver: Channel) -> None:
    """Take what the host still sends, until it has gone or has found a breach."""
    with suppress(ChannelLostError, ProtocolError):
        while True:
            driver.receive(PATIENCE_SECONDS)


def send(
    host: Channel, reader: Given | BytesIO, *, timeout_seconds: float | None = PATIENCE_SECONDS
) -> Response:
    source = PieceSource(reader)
    first = source.next(CHUNK)
    if first is None or len(first) < CHUNK:
        source.look_ahead()
    params: dict[str, Wire] = {"path": "/a", "offset": 0}
    return send_content(host, "WriteStream", params, source, first, timeout_seconds=timeout_seconds)


def take_all(driver: Channel) -> list[Message]:
    """Play a driver that takes all there is and grants what it has taken."""
    messages: list[Message] = []
    at_end = False
    while not at_end:
        message = driver.receive(PATIENCE_SECONDS)
        messages.append(message)
        assert isinstance(message, Request | Chunk | End)
        at_end = isinstance(message, End) or (
            isinstance(message, Request) and message.params["end"] is True
        )
        credit = driver.session.consume(len(message.content or b""))
        if credit is not None:
            driver.send(credit)
    written = driver.session.moved_bytes
    driver.send(Response(driver.session.id, None, {"written": written}))
    return messages


def content_of(messages: list[Message]) -> bytes:
    return b"".join(
        message.content
        for message in messages
        if isinstance(message, Request | Chunk | End) and message.content is not None
    )


class TestSending:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1])
    def test_what_is_small_is_one_message(
        self, pair: Pair, threads: ThreadPoolExecutor, size: int
    ) -> None:
        host, driver = pair
        taken = threads.submit(take_all, driver)
        assert send(host, BytesIO(b"x" * size)).result == {"written": size}
        (request,) = taken.result(PATIENCE_SECONDS)
        assert content_of([request]) == b"x" * size

    @pytest.mark.parametrize("size", [CHUNK, CHUNK + 1, WINDOW, 3 * WINDOW + 17])
    def test_more_goes_in_chunks_as_far_as_credit_goes(
        self, pair: Pair, threads: ThreadPoolExecutor, size: int
    ) -> None:
        host, driver = pair
        content = bytes(range(251)) * (size // 251 + 1)
        taken = threads.submit(take_all, driver)
        assert send(host, BytesIO(content[:size])).result == {"written": size}
        assert content_of(taken.result(PATIENCE_SECONDS)) == content[:size]

    def test_a_driver_that_grants_nothing_is_no_progress(self, pair: Pair) -> None:
        with pytest.raises(NoProgressError):
            send(pair[0], BytesIO(bytes(2 * WINDOW)), timeout_seconds=SHORT_SECONDS)

    def test_an_error_before_the_end_stops_the_reading(
        self, pair: Pair, threads: ThreadPoolExecutor
    ) -> None:
        host, driver = pair

        def refuse() -> None:
            request = driver.receive(PATIENCE_SECONDS)
            assert isinstance(request, Request)
            driver.send(Response(request.id, {"code": "NoSpace"}, None))
            ignore_content(driver)

        refusing = threads.submit(refuse)
        # More than its window, so that it must look whether it may go on.
        reader = Given([bytes(CHUNK)] * 1000)
        response = send(host, reader)
        assert response.error == {"code": "NoSpace"}
        assert reader.reads <= 2 + WINDOW // CHUNK
        assert host.session.state is State.IDLE
        host.close()
        refusing.result(PATIENCE_SECONDS)

    def test_a_success_before_the_end_is_refused(
        self, pair: Pair, threads: ThreadPoolExecutor
    ) -> None:
        host, driver = pair

        def lie() -> None:
            request = driver.receive(PATIENCE_SECONDS)
            assert isinstance(request, Request)
            send_past_session(driver, b"\x94\x01\x01\xc0\x81\xa7written\x00")
            ignore_content(driver)

        threads.submit(lie)
        with pytest.raises(ProtocolError, match="succeeded before its END"):
            send(host, BytesIO(bytes(2 * WINDOW)))
        host.close()

    @pytest.mark.parametrize("failure", [ValueError("reader"), KeyboardInterrupt()])
    def test_what_the_reader_raises_is_raised_once_the_driver_has_stopped(
        self, pair: Pair, threads: ThreadPoolExecutor, failure: BaseException
    ) -> None:
        host, driver = pair
        cancelled: Future[list[Message]] = threads.submit(answer_cancel, driver)
        with pytest.raises(type(failure)) as caught:
            send(host, Given([bytes(CHUNK)] * 2, failure))
        assert caught.value is failure
        assert content_of(cancelled.result(PATIENCE_SECONDS)) == bytes(2 * CHUNK)
        assert host.session.state is State.IDLE

    def test_a_driver_that_answers_no_cancel_costs_its_channel(
        self, pair: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.sending.CANCEL_SECONDS", SHORT_SECONDS)
        failure = ValueError("reader")
        with pytest.raises(ValueError, match="reader") as caught:
            send(pair[0], Given([bytes(CHUNK)] * 2, failure))
        assert caught.value is failure
        assert pair[0].session.state is State.CANCELLING

    def test_what_the_reader_gives_before_the_first_message_takes_no_channel(
        self, pair: Pair
    ) -> None:
        with pytest.raises(ValueError, match="reader"):
            send(pair[0], Given([], ValueError("reader")))
        assert pair[0].session.state is State.IDLE
        assert pair[1].receive_now() is None


def answer_cancel(driver: Channel) -> list[Message]:
    messages: list[Message] = []
    while True:
        message = driver.receive(PATIENCE_SECONDS)
        if isinstance(message, Cancel):
            driver.send(Response(message.id, {"code": "Cancelled"}, None))
            return messages
        messages.append(message)
