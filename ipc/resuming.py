"""Reads that go on after a crash of the driver, at the byte or the entry where it has ended them.

Both open the read again in the driver's next process. A stream of content goes on only if the
version that its START told is still the version of what is there; without one nobody could say.
"""

from __future__ import annotations

from storagedriver.contract import ContentChangedError, DriverCrashedError, PathNotFoundError
from storagedriver.ipc.events import EventKind
from storagedriver.ipc.fields import blob
from storagedriver.ipc.messages import Content, Response, Start, Wire
from storagedriver.ipc.receiving import Incoming
from storagedriver.ipc.replaying import ReplayingCaller


class ResumingContent:
    """What a content stream reads from, in place of `Incoming`. For one thread at a time."""

    def __init__(
        self, calls: ReplayingCaller, path: str, offset: int, incoming: Incoming, opened: Start
    ) -> None:
        self._calls = calls
        self._path = path
        self._position = offset
        self._incoming: Incoming | None = incoming
        self._info = opened.info

    def next(self) -> Content | None:
        """Return the next content, or None at the end.

        Raises as `Incoming.next`, and ContentChangedError if something else is there by now.
        """
        if self._incoming is None:
            return None
        try:
            content = self._incoming.next()
        except DriverCrashedError as crash:
            content = self._resume(crash)
        if content is not None:
            self._position += len(content)
        return content

    def close(self) -> None:
        if self._incoming is not None:
            self._incoming.close()

    def abandon(self) -> None:
        if self._incoming is not None:
            self._incoming.abandon()

    def _resume(self, crash: DriverCrashedError) -> Content | None:
        version = blob(self._info, "version")
        if not version:
            raise crash
        repeating = self._calls.repeating("ReadStream", self._path)
        while True:
            repeating.prepare(crash)
            try:
                content = self._open(version)
            except PathNotFoundError as error:
                raise ContentChangedError(
                    self._path, reason="it was deleted", driver=self._calls.name
                ) from error
            except DriverCrashedError as another:
                crash = another
            else:
                repeating.tell(EventKind.STREAM_RESUMED)
                return content

    def _open(self, version: bytes) -> Content | None:
        """Open the rest of the content and return the first of it."""
        params: dict[str, Wire] = {
            "path": self._path,
            "offset": self._position,
            "version": version,
        }
        incoming, opened = self._calls.once.open_read("ReadStream", params, self._path)
        info = opened.info if isinstance(opened, Start) else opened.result or {}
        # The driver has been asked to look at it; one that does not know how would let it pass.
        if blob(info, "version") != version:
            if incoming is not None:
                incoming.close()
            raise ContentChangedError(self._path, driver=self._calls.name)
        self._incoming = incoming
        if isinstance(opened, Response):
            return opened.content
        return None if incoming is None else incoming.next()


def resume_listing(
    calls: ReplayingCaller,
    method: str,
    path: str,
    start_after: str | None,
    crash: DriverCrashedError,
    last: str,
) -> tuple[Incoming | None, Start | Response]:
    """Open a listing again after a crash, behind the entry `last`, empty if none was given yet.

    A driver may begin earlier all the same: where it does not know how to skip, as for uploads.
    """
    params: dict[str, Wire] = {"path": path}
    if method == "List" and last:
        # Its entries are names, and this is a path.
        params["start_after"] = f"{path.rstrip('/')}/{last}"
    elif method == "Walk" and (last or start_after is not None):
        params["start_after"] = last or start_after
    repeating = calls.repeating(method, path)
    repeating.prepare(crash)
    opened = calls.open_read(method, params, path)
    repeating.tell(EventKind.STREAM_RESUMED)
    return opened
