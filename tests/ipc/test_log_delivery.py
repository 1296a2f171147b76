"""A queue whose other end may stand still: nobody waits, nothing is lost that has room."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from storagedriver.ipc.log_delivery import QUEUE_BYTES, Delivered, Delivery
from storagedriver.ipc.log_lines import LINE_BYTES, Line

PATIENCE_SECONDS = 10.0
LONG = b"x" * LINE_BYTES
# Each long line takes a little more than its own bytes.
LONG_LINES_OF_ROOM = QUEUE_BYTES // LINE_BYTES


def lines(*texts: bytes) -> list[Line]:
    return [Line(text, is_rest=False) for text in texts]


class Sink:
    """Takes what is handed over; stands still while it is shut."""

    def __init__(self) -> None:
        self.taken: list[Delivered] = []
        self.is_reached = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()

    def take(self, delivered: Delivered) -> None:
        self.is_reached.set()
        assert self.is_open.wait(PATIENCE_SECONDS)
        self.taken.append(delivered)

    def texts(self) -> list[bytes]:
        return [delivered.line.data for delivered in self.taken if delivered.line is not None]

    def counts(self) -> list[int]:
        return [delivered.dropped for delivered in self.taken if delivered.line is None]


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.is_open.set()


@pytest.fixture
def delivery() -> Iterator[Delivery]:
    delivery = Delivery(thread_name="delivery")
    yield delivery
    delivery.close()


def handed_over(delivery: Delivery) -> bool:
    return delivery.wait_until_handed_over(PATIENCE_SECONDS)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_lines_are_handed_over_in_order(delivery: Delivery, sink: Sink) -> None:
    out, err = delivery.source(sink.take), delivery.source(sink.take)
    delivery.put(out, lines(b"one", b"two"), 0)
    delivery.put(err, lines(b"three"), 0)
    delivery.put(out, lines(b"four"), 0)
    assert handed_over(delivery)
    assert sink.texts() == [b"one", b"two", b"three", b"four"]


def test_without_a_line_there_is_no_thread(delivery: Delivery, sink: Sink) -> None:
    delivery.put(delivery.source(sink.take), [], 0)
    assert "delivery" not in threads()
    assert handed_over(delivery)


def test_there_is_one_thread_however_many_lines(delivery: Delivery, sink: Sink) -> None:
    source = delivery.source(sink.take)
    for _ in range(100):
        delivery.put(source, lines(b"x"), 0)
    assert threads().count("delivery") == 1


def test_what_came_before_the_end_is_handed_over(delivery: Delivery, sink: Sink) -> None:
    sink.is_open.clear()
    delivery.put(delivery.source(sink.take), lines(b"one", b"two"), 0)
    delivery.close()
    sink.is_open.set()
    assert handed_over(delivery)
    assert sink.texts() == [b"one", b"two"]


def test_nobody_waits_for_a_sink_that_stands_still(delivery: Delivery, sink: Sink) -> None:
    sink.is_open.clear()
    delivery.put(delivery.source(sink.take), lines(b"one"), 0)
    assert sink.is_reached.wait(PATIENCE_SECONDS)
    assert not delivery.wait_until_handed_over(0.01)
    delivery.close()


def test_what_has_no_room_is_dropped_and_counted(delivery: Delivery, sink: Sink) -> None:
    sink.is_open.clear()
    source = delivery.source(sink.take)
    delivery.put(source, lines(b"first"), 0)
    assert sink.is_reached.wait(PATIENCE_SECONDS)
    delivery.put(source, lines(*[LONG] * LONG_LINES_OF_ROOM, b"late", b"too late"), 5)
    delivery.close()
    sink.is_open.set()
    assert handed_over(delivery)
    kept = len(sink.texts()) - 1
    assert LONG_LINES_OF_ROOM * 0.9 < kept <= LONG_LINES_OF_ROOM
    assert sink.counts() == [LONG_LINES_OF_ROOM + 2 - kept + 5]


def test_there_is_room_again_for_what_was_taken(delivery: Delivery, sink: Sink) -> None:
    source = delivery.source(sink.take)
    for _ in range(4):
        delivery.put(source, lines(*[LONG] * (LONG_LINES_OF_ROOM // 2)), 0)
        assert handed_over(delivery)
    assert len(sink.texts()) == 4 * (LONG_LINES_OF_ROOM // 2)
    assert not sink.counts()


def test_a_flood_of_one_source_leaves_room_for_the_other(delivery: Delivery, sink: Sink) -> None:
    sink.is_open.clear()
    out, err = delivery.source(sink.take), delivery.source(sink.take)
    delivery.put(out, lines(*[LONG] * (LONG_LINES_OF_ROOM + 10)), 0)
    delivery.put(err, lines(b"last words"), 0)
    sink.is_open.set()
    assert handed_over(delivery)
    assert sink.texts()[-1] == b"last words"


def test_a_count_is_told_though_nothing_more_comes(delivery: Delivery, sink: Sink) -> None:
    sink.is_open.clear()
    source = delivery.source(sink.take)
    delivery.put(source, lines(b"one"), 7)
    sink.is_open.set()
    assert handed_over(delivery)
    assert sink.counts() == [7]


def test_where_no_thread_can_be_had_the_next_lines_try_again(
    delivery: Delivery, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = delivery.source(sink.take)

    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        delivery.put(source, lines(b"one"), 0)
    delivery.put(source, lines(b"two"), 0)
    assert handed_over(delivery)
    assert sink.texts() == [b"one", b"two"]
