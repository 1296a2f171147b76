"""What happens to a driver's processes and calls: counted, logged, and told to whoever asked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EventKind(StrEnum):
    """What can happen."""

    STARTED = "started"
    """A process was started."""
    READY = "ready"
    """It takes calls."""
    CRASHED = "crashed"
    """It ended although nobody asked it to, or has not become ready."""
    HUNG = "hung"
    """It answers nothing any more, and was killed."""
    RESTARTED = "restarted"
    """Another process has taken its place and takes calls."""
    GAVE_UP = "gave up"
    """It has ended too often in a row: every further call raises the last crash."""
    CALL_REPEATED = "call repeated"
    """A call that a crash had ended was made again."""
    STREAM_RESUMED = "stream resumed"
    """A read, a listing or an upload has gone on where a crash had ended it."""
    OUTCOME_UNKNOWN = "outcome unknown"
    """A call was ended by a crash, and whether it was done cannot be found out."""


@dataclass(frozen=True, slots=True)
class DriverEvent:
    """One thing that has happened."""

    kind: EventKind
    driver: str
    """The driver's name."""
    generation: int
    """Which of its processes, counted from 1."""
    pid: int
    method: str = ""
    """Of events about a call."""
    path: str = ""
    """Likewise."""
    detail: str = ""
    """More, for people."""

    def __str__(self) -> str:
        about = f" ({self.method} of {self.path})" if self.method else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.kind}: process {self.pid}, generation {self.generation}{about}{detail}"


OnEvent = Callable[[DriverEvent], None]

_LEVELS: Final[Mapping[EventKind, int]] = {
    EventKind.STARTED: logging.DEBUG,
    EventKind.READY: logging.DEBUG,
    EventKind.CRASHED: logging.WARNING,
    EventKind.HUNG: logging.WARNING,
    EventKind.RESTARTED: logging.INFO,
    EventKind.GAVE_UP: logging.ERROR,
    EventKind.CALL_REPEATED: logging.INFO,
    EventKind.STREAM_RESUMED: logging.INFO,
    EventKind.OUTCOME_UNKNOWN: logging.WARNING,
}


class Events:
    """Takes the events of one driver. Any thread may call it."""

    def __init__(self, driver: str, on_event: OnEvent | None) -> None:
        """`on_event` is called by the thread that noticed; what it raises is logged."""
        self._driver = driver
        self._on_event = on_event
        self._logger = logging.getLogger(f"storagedriver.supervisor.{driver}")
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(EventKind, 0)

    @property
    def counts(self) -> Mapping[EventKind, int]:
        """How often each has happened, all kinds included."""
        with self._lock:
            return dict(self._counts)

    def tell(
        self,
        kind: EventKind,
        *,
        generation: int,
        pid: int,
        method: str = "",
        path: str = "",
        detail: str = "",
    ) -> None:
        """Count, log and pass on one event."""
        event = DriverEvent(kind, self._driver, generation, pid, method, path, detail)
        with self._lock:
            self._counts[kind] += 1
        # A log handler and `on_event` are the caller's, and a restart must not fail for them.
        with suppress(Exception):
            self._logger.log(_LEVELS[kind], "%s", event)
            if self._on_event is not None:
                self._pass_on(self._on_event, event)

    def _pass_on(self, on_event: OnEvent, event: DriverEvent) -> None:
        try:
            on_event(event)
        except Exception:
            self._logger.exception("on_event has failed")
