"""What one driver process writes, as records of the logger `storagedriver.driver.<name>`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from storagedriver.ipc.log_delivery import Delivered, Delivery
from storagedriver.ipc.log_lines import Line, LineCutter
from storagedriver.ipc.log_rate import Budget

if TYPE_CHECKING:
    from storagedriver.ipc.log_records import Entry, EntryReader


class DriverLog:
    """The log of one process. Any thread may call its methods.

    Attributes:
        stdout: what takes the process's standard output.
        stderr: what takes its standard error.
    """

    def __init__(self, name: str, pid: int, *, hide: Callable[[str], str] = str) -> None:
        """Log as the driver `name`, process `pid`. `hide` takes what is secret out of a line."""
        self._delivery = delivery = Delivery(thread_name=f"storagedriver-log-{name}")
        self.stdout = OutputLog(delivery, name=name, pid=pid, stream="stdout", hide=hide)
        self.stderr = OutputLog(delivery, name=name, pid=pid, stream="stderr", hide=hide)

    def close(self) -> None:
        """Say that no more comes. Does not wait for what is still to be logged."""
        self._delivery.close()

    def wait_until_logged(self, timeout_seconds: float) -> bool:
        """Wait until all that has come is logged; return whether it is, in time."""
        return self._delivery.wait_until_handed_over(timeout_seconds)


class OutputLog:
    """Logs one output of a process. Used by one thread, which never waits for a handler.

    Each record has, besides the usual attributes, `driver_name`, `driver_pid`, `driver_stream`
    (`stdout` or `stderr`), and `driver_fields`: what a structured line says besides level and
    message.
    """

    def __init__(
        self, delivery: Delivery, *, name: str, pid: int, stream: str, hide: Callable[[str], str]
    ) -> None:
        self._logger = logging.getLogger(f"storagedriver.driver.{name}")
        self._about = {"driver_name": name, "driver_pid": pid, "driver_stream": stream}
        self._budget = Budget()
        self._cutter = LineCutter(self._budget)
        self._hide = hide
        self._reader: EntryReader | None = None
        self._delivery = delivery
        self._source = delivery.source(self._log)

    @property
    def is_flooded(self) -> bool:
        """Whether more has come than may be logged."""
        return self._budget.is_spent

    def feed(self, data: bytes) -> None:
        """Log the lines that are complete with `data`."""
        now = monotonic()
        if self._logger.isEnabledFor(logging.CRITICAL):
            self._put(*self._cutter.feed(data, now))
        else:
            # What nobody wants costs next to nothing, and is a flood all the same.
            self._budget.refill(now)
            self._budget.take(len(data))

    def end(self) -> None:
        """Log what is left of a line without an end."""
        self._put(*self._cutter.end())

    def _put(self, lines: Sequence[Line], dropped: int) -> None:
        if lines or dropped:
            self._delivery.put(self._source, lines, dropped)

    def _log(self, delivered: Delivered) -> None:
        entry = self._entry(delivered)
        if entry.message and self._logger.isEnabledFor(entry.level):
            # A handler that raises must not end the log of the driver.
            with suppress(Exception):
                self._logger.handle(self._record(entry, delivered.at))

    def _entry(self, delivered: Delivered) -> Entry:
        # With the first line: its patterns take 10 ms to prepare, and many drivers write nothing.
        from storagedriver.ipc.log_records import Entry, EntryReader

        if delivered.line is None:
            message = f"{delivered.dropped} lines dropped: more came than could be logged"
            return Entry(logging.WARNING, message, {"dropped_lines": delivered.dropped})
        if self._reader is None:
            self._reader = EntryReader(self._hide)
        return self._reader.read(delivered.line)

    def _record(self, entry: Entry, at: float) -> logging.LogRecord:
        about: Mapping[str, object] = {**self._about, "driver_fields": entry.fields}
        place = f"<{self._about['driver_stream']}>"
        # Without arguments percent signs are text.
        record = self._logger.makeRecord(
            self._logger.name, entry.level, place, 0, entry.message, (), None, extra=about
        )
        # When it was read, not when the handlers had time for it.
        record.relativeCreated -= (record.created - at) * 1000
        record.created, record.msecs = at, at % 1 * 1000
        return record
