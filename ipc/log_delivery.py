"""A queue with a limit, emptied by a thread of its own that may be held up for as long as it likes.

Here only that thread waits for the handlers of `logging`. What comes while they are busy is kept up
to a limit, and then dropped and counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Final

from storagedriver.ipc.log_lines import Line
from storagedriver.ipc.log_rate import BURST_BYTES, RECORD_BYTES, Drops

# As much as may come at once, so that a handler that keeps up with the rate loses nothing.
QUEUE_BYTES: Final = BURST_BYTES


@dataclass(frozen=True, slots=True)
class Delivered:
    """A line, or how many were dropped in the second before."""

    line: Line | None
    dropped: int
    at: float
    """When it came, in seconds since 1970."""


@dataclass(eq=False, slots=True)
class Source:
    """Where lines come from, with a limit of its own: a flood of one leaves the others room.

    All of it is for the Delivery, under its lock.
    """

    hand_over: Callable[[Delivered], None]
    drops: Drops = field(default_factory=Drops)
    queued_bytes: int = 0


class Delivery:
    """Takes lines at once and hands them over in order. Any thread may call its methods.

    The thread starts with the first line, and ends when `close` was called and all is handed over.
    """

    def __init__(self, *, thread_name: str) -> None:
        self._thread_name = thread_name
        self._sources: list[Source] = []
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._queue: deque[tuple[Source, Delivered]] = deque()
        self._is_handing_over = False
        self._is_closed = False

    def source(self, hand_over: Callable[[Delivered], None]) -> Source:
        """Return a source whose lines are handed to `hand_over`, which must not raise."""
        source = Source(hand_over)
        self._sources.append(source)
        return source

    def put(self, source: Source, lines: Sequence[Line], dropped: int) -> None:
        """Take lines, and count those that were dropped already. Does not wait."""
        if not (lines or dropped):
            return
        with self._changed:
            now = time()
            for line in lines:
                if source.queued_bytes >= QUEUE_BYTES:
                    dropped += 1
                else:
                    source.queued_bytes += _cost(line)
                    self._queue.append((source, Delivered(line, 0, now)))
            source.drops.add(dropped, monotonic())
            self._start_thread()
            self._changed.notify_all()

    def close(self) -> None:
        """Say that no more comes. Does not wait."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def wait_until_handed_over(self, timeout_seconds: float) -> bool:
        """Wait until everything was handed over; return whether it was, in time."""
        with self._changed:
            return self._changed.wait_for(self._is_all_handed_over, timeout_seconds)

    def _is_all_handed_over(self) -> bool:
        is_counted = self._seconds_to_next_count() is None
        return is_counted and not self._queue and not self._is_handing_over

    def _start_thread(self) -> None:
        if self._thread is None:
            # A daemon: a handler that never comes back must not hold up the interpreter's end.
            thread = threading.Thread(target=self._run, name=self._thread_name, daemon=True)
            # Where no thread can be had the lines stay in the queue, and the next ones try again.
            with suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while (item := self._next()) is not None:
            source, delivered = item
            source.hand_over(delivered)

    def _next(self) -> tuple[Source, Delivered] | None:
        """Wait for what is to be handed over next; None at the end."""
        with self._changed:
            self._is_handing_over = False
            self._changed.notify_all()
            while (item := self._taken()) is None:
                if self._is_closed:
                    return None
                self._changed.wait(self._seconds_to_next_count())
            self._is_handing_over = True
            return item

    def _taken(self) -> tuple[Source, Delivered] | None:
        is_last = self._is_closed and not self._queue
        for source in self._sources:
            seconds = source.drops.wait_seconds(monotonic())
            if seconds is not None and (seconds <= 0 or is_last):
                return source, Delivered(None, source.drops.take(), time())
        if not self._queue:
            return None
        source, delivered = self._queue.popleft()
        if delivered.line is not None:
            source.queued_bytes -= _cost(delivered.line)
        return source, delivered

    def _seconds_to_next_count(self) -> float | None:
        waits = (source.drops.wait_seconds(monotonic()) for source in self._sources)
        return min((seconds for seconds in waits if seconds is not None), default=None)


def _cost(line: Line) -> int:
    return len(line.data) + RECORD_BYTES
