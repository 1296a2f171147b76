"""What a call costs as the store grows, and as more calls are open beside it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle
from time import monotonic
from typing import Final

from storagedriver.benchmarks.amounts import CHANNEL_COUNTS, OBJECT_COUNTS
from storagedriver.benchmarks.calls import call_for, time_each
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.summary import percentile
from storagedriver.benchmarks.work import Figures, Setting, Work, WorkItem
from storagedriver.contract import Piece

_GET: Final = {count: WorkItem(f"get, objects: {count:,}", "us") for count in OBJECT_COUNTS}
_PUT: Final = {count: WorkItem(f"put, objects: {count:,}", "us") for count in OBJECT_COUNTS}
_BESIDE: Final = {
    count: WorkItem(f"get 4 KiB, open calls: {count}", "us") for count in CHANNEL_COUNTS
}

# As in a store of layers: not all in one directory, and not each in its own.
_OBJECTS_IN_A_DIRECTORY: Final = 1000

_LOOK_OBJECTS: Final = 500

# A million contents of 4 KiB would be 4 GiB, and measure how fast memory is had.
_CONTENT_BYTES: Final = 64

# Of all objects, spread evenly: more than stay in the caches nearest to a CPU.
_ASKED_FOR: Final = 1000

# More than a driver may send before its reader reads on, and so its call stays open.
_STREAM_BYTES: Final = 6 << 20
_STREAM: Final = "/stream"
_SMALL: Final = "/small"


def _measure_stored(subject: Subject, setting: Setting) -> Figures:
    amounts = setting.amounts
    content = setting.content.small[:_CONTENT_BYTES]
    figures: dict[WorkItem, float] = {}
    stored = 0
    with running(subject):
        for count in OBJECT_COUNTS:
            more = range(stored, count)
            if count > amounts.most_objects or not _fill(
                subject, content, more, amounts.fill_seconds
            ):
                break
            stored = count
            keys = [_key(number) for number in range(0, count, max(1, count // _ASKED_FOR))]
            seconds = amounts.call_seconds
            figures[_GET[count]] = _p50_us(_on_each(subject.get, keys), seconds)
            figures[_PUT[count]] = _p50_us(_on_each(subject.put, keys, content), seconds)
    return figures


def _fill(subject: Subject, content: bytes, numbers: range, limit_seconds: float) -> bool:
    """Store an object for each number; return False, early, if that takes longer than the limit."""
    began = monotonic()
    for done, number in enumerate(numbers):
        # From what those before took.
        if done % _LOOK_OBJECTS == 0 and done:
            expected_seconds = (monotonic() - began) / done * len(numbers)
            if expected_seconds > limit_seconds:
                return False
        subject.put(_key(number), content)
    return True


def _on_each(method: Callable[..., object], keys: list[str], *more: bytes) -> Callable[[], object]:
    """Return what calls the method, each time with the next key."""
    following = cycle(keys)
    return lambda: method(next(following), *more)


def _key(number: int) -> str:
    return f"/{number // _OBJECTS_IN_A_DIRECTORY}/{number}"


def _measure_beside(subject: Subject, setting: Setting) -> Figures:
    figures: dict[WorkItem, float] = {}
    with running(subject):
        subject.put(_SMALL, setting.content.small)
        subject.put(_STREAM, setting.content.whole(_STREAM_BYTES))
        for count, item in _BESIDE.items():
            if subject.most_calls is None or count <= subject.most_calls:
                with _open_streams(subject, count - 1):
                    figures[item] = _p50_us(
                        lambda: subject.get(_SMALL), setting.amounts.call_seconds
                    )
    return figures


@contextmanager
def _open_streams(subject: Subject, count: int) -> Generator[None, None, None]:
    """Have so many read streams open, each with its first chunk read."""
    with ExitStack() as streams:
        for _ in range(count):
            next(streams.enter_context(closing(_closeable(subject.read_stream(_STREAM)))))
        yield


def _closeable(stream: Iterator[Piece]) -> Generator[Piece, None, None]:
    yield from stream


def _p50_us(call: Callable[[], object], seconds: float) -> float:
    call_for(call, seconds / 4)  # until everything is loaded, opened and warm
    return percentile(time_each(call, seconds), 50) / 1e3


STORED_OBJECTS: Final = Work(
    "stored objects",
    (*_GET.values(), *_PUT.values()),
    _measure_stored,
    is_for_drivers=True,
    # To fill a store with a million objects takes a minute or more.
    most_rounds=3,
)
OPEN_CALLS: Final = Work(
    "open calls", tuple(_BESIDE.values()), _measure_beside, is_for_drivers=True
)
