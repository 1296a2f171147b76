"""Calls that survive a crash of the driver, by the rules of `replay`, where a caller has no part.

Streams and uploads, which have a state at the caller's end, do their part themselves with what is
here (`resuming`, `remote_upload`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar, cast

from storagedriver.contract import DriverCrashedError, PathNotFoundError, Reader
from storagedriver.ipc.caller import Caller
from storagedriver.ipc.events import EventKind
from storagedriver.ipc.messages import Content, Response, Start, Wire
from storagedriver.ipc.receiving import Incoming
from storagedriver.ipc.replay import Repeating, Replay
from storagedriver.ipc.supervisor import Supervisor

Result = TypeVar("Result")


class ReplayingCaller:
    """Any thread may call it. Takes and raises what Caller does.

    Attributes:
        once: makes each call once, whatever happens.
    """

    def __init__(self, supervisor: Supervisor, caller: Caller, replay: Replay) -> None:
        self.once = caller
        self._supervisor = supervisor
        self._replay = replay

    @property
    def name(self) -> str:
        """What the caller knows the driver by."""
        return self._supervisor.running.name

    @property
    def is_closed(self) -> bool:
        """Whether every further call is ValueError."""
        return self._supervisor.is_closed

    def call(
        self, method: str, params: Mapping[str, Wire], path: str, content: Content | None = None
    ) -> Mapping[str, Wire]:
        """Make a call that may be made twice."""
        try:
            return self.once.call(method, params, path, content)
        except DriverCrashedError as crash:
            return self.again(
                crash, method, path, lambda: self.once.call(method, params, path, content)
            )

    def open_read(
        self, method: str, params: dict[str, Wire], path: str
    ) -> tuple[Incoming | None, Start | Response]:
        """Open a read, of which only the opening is repeated here."""
        try:
            return self.once.open_read(method, params, path)
        except DriverCrashedError as crash:
            return self.again(
                crash, method, path, lambda: self.once.open_read(method, params, path)
            )

    def write(
        self, method: str, params: Mapping[str, Wire], path: str, reader: Reader
    ) -> Mapping[str, Wire]:
        """Send all that `reader` gives; what stands below `offset` is not sent, and stays as it is.

        A reader that cannot seek back is sent once.
        """
        start = _position(reader)
        try:
            return self.once.write(method, params, path, reader)
        except DriverCrashedError as crash:
            if start is None:
                raise
            seekable, begin = cast("_Seekable", reader), start

            def attempt() -> Mapping[str, Wire]:
                seekable.seek(begin)
                return self.once.write(method, params, path, reader)

            return self.again(crash, method, path, attempt)

    def move(self, source: str, destination: str) -> None:
        """Move, and after a crash find out whether it was done."""
        params: dict[str, Wire] = {"source": source, "destination": destination}
        try:
            self.once.call("Move", params, source)
        except DriverCrashedError as crash:
            self._settle(crash, "Move", params, source, destination)

    def delete(self, path: str) -> None:
        """Delete, and after a crash find out whether it was done."""
        params: dict[str, Wire] = {"path": path}
        try:
            self.once.call("Delete", params, path)
        except DriverCrashedError as crash:
            self._settle(crash, "Delete", params, path, None)

    def again(
        self,
        crash: DriverCrashedError,
        method: str,
        path: str,
        attempt: Callable[[], Result],
    ) -> Result:
        """Return the result of the first repeat of a call that no crash ends."""
        repeating = self.repeating(method, path)
        while True:
            repeating.prepare(crash)
            repeating.tell(EventKind.CALL_REPEATED)
            try:
                return attempt()
            except DriverCrashedError as another:
                crash = another

    def repeating(self, method: str, path: str) -> Repeating:
        """Return the account of repeats for a call that a crash has ended."""
        return Repeating(
            self._supervisor,
            method,
            path,
            is_covered=self._replay.covers(method),
            timeout_seconds=self.once.timeout_seconds,
        )

    def size_of(self, path: str) -> int | None:
        """Return the size of what is there, 0 for a directory; None if nothing is."""
        try:
            size = self.call("Stat", {"path": path}, path)["size"]
        except PathNotFoundError:
            return None
        return size if isinstance(size, int) else 0

    def _settle(
        self,
        crash: DriverCrashedError,
        method: str,
        params: Mapping[str, Wire],
        source: str,
        destination: str | None,
    ) -> None:
        """Make a call again that takes `source` away, unless it is gone."""
        repeating = self.repeating(method, source)
        while True:
            repeating.prepare(crash)
            if self.size_of(source) is None:
                if destination is None or self.size_of(destination) is not None:
                    return
                raise repeating.unknown(crash)
            repeating.tell(EventKind.CALL_REPEATED)
            try:
                self.once.call(method, params, source)
            except DriverCrashedError as another:
                crash = another
            else:
                return


class _Seekable(Protocol):
    def seekable(self) -> bool: ...

    def tell(self) -> int: ...

    def seek(self, offset: int, /) -> int: ...


def _position(reader: Reader) -> int | None:
    """Return where a reader stands that can seek back to it; None if it cannot."""
    if not all(hasattr(reader, name) for name in ("seekable", "tell", "seek")):
        return None
    seekable = cast("_Seekable", reader)
    try:
        return seekable.tell() if seekable.seekable() else None
    except (OSError, ValueError):
        return None
