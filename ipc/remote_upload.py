"""A hidden upload of a driver in another process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from storagedriver.contract import (
    DriverCrashedError,
    InvalidOffsetError,
    PathNotFoundError,
    StorageDriverError,
    UploadWriter,
    check_commit,
    check_content,
)
from storagedriver.ipc.events import EventKind
from storagedriver.ipc.fields import count, text
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.replaying import ReplayingCaller
from storagedriver.ipc.sending import ViewReader

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Between an opening and the call for which it was made hardly anything can come, and not often.
_MAX_OPENINGS: Final = 5


class RemoteUpload(UploadWriter):
    """Every write is a call of its own, which returns when the driver has stored it.

    Writers of one upload share what is open of it in the driver's process. Where another one has
    closed that, this one opens it again and goes on.
    """

    def __init__(self, calls: ReplayingCaller, path: str, resume: str | None) -> None:
        """Open a new upload to `path`, or continue the one whose id is `resume`."""
        self._calls = calls
        self._path = path
        self._has_ended = False
        self._upload_id, self._size = self._open(resume)

    @property
    def upload_id(self) -> str:
        return self._upload_id

    @property
    def size(self) -> int:
        return self._size

    def write(self, content: ReadableBuffer) -> int:
        self._check_open()
        view = check_content(content)
        start, end = self._size, self._size + len(view)
        try:
            self._write_rest(view, start)
        except DriverCrashedError as crash:
            self._go_on(crash, view, start, end)
        return len(view)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._check_open()
        try:
            check_commit(self._calls.name, size, digest)
        except StorageDriverError as error:
            error.driver = self._calls.name
            raise
        # Always sent: the driver's process may know another size than this writer.
        size = self._size if size is None else size
        params: dict[str, Wire] = {"size": size, "digest": digest}
        self._end("CommitUpload", params, is_done=lambda: self._calls.size_of(self._path) == size)

    def cancel(self) -> None:
        self._check_open()
        self._end("CancelUpload", {}, is_done=lambda: True)

    def close(self) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        # A driver that is closed, or has crashed, has closed all its uploads.
        if not self._calls.is_closed:
            with suppress(DriverCrashedError):
                self._call("CloseUpload", {})

    def _open(self, upload_id: str | None) -> tuple[str, int]:
        params: dict[str, Wire] = {"path": self._path}
        if upload_id is not None:
            params["upload_id"] = upload_id
        result = self._calls.call("OpenUpload", params, self._path)
        return text(result, "upload_id"), count(result, "size")

    def _write_rest(self, view: memoryview, start: int) -> None:
        # What was stored before the upload was found closed is not sent again.
        self._opening_again(lambda: self._write(view[self._size - start :]))

    def _write(self, view: memoryview) -> None:
        params: dict[str, Wire] = {"upload_id": self._upload_id, "offset": self._size}
        try:
            result = self._calls.once.write("WriteUpload", params, self._path, ViewReader(view))
        except InvalidOffsetError:
            raise  # another writer is at work, and going on behind it would mix the two
        except StorageDriverError as error:
            if error.stored is not None:
                self._size = error.stored
            raise
        self._size = count(result, "size")

    def _go_on(self, crash: DriverCrashedError, view: memoryview, start: int, end: int) -> None:
        """Write what a crash has kept from being stored of the piece from `start` to `end`."""
        repeating = self._calls.repeating("WriteUpload", self._path)
        while True:
            repeating.prepare(crash)
            _, stored = self._open(self._upload_id)
            # Elsewhere than in this piece it is not for this writer to go on: the next write says.
            if self._size <= stored <= end:
                self._size = stored
            repeating.tell(EventKind.STREAM_RESUMED)
            if self._size == end:
                return
            try:
                self._write_rest(view, start)
            except DriverCrashedError as another:
                crash = another
            else:
                return

    def _end(self, method: str, params: dict[str, Wire], *, is_done: Callable[[], bool]) -> None:
        try:
            self._opening_again(lambda: self._call(method, params))
        except DriverCrashedError as crash:
            self._settle(crash, method, params, is_done)
        self._has_ended = True

    def _settle(
        self,
        crash: DriverCrashedError,
        method: str,
        params: dict[str, Wire],
        is_done: Callable[[], bool],
    ) -> None:
        """End an upload that was to end when the driver crashed, unless that has been done."""
        repeating = self._calls.repeating(method, self._path)
        while True:
            repeating.prepare(crash)
            try:
                self._open(self._upload_id)
            except PathNotFoundError:
                if is_done():
                    return
                raise repeating.unknown(crash) from crash
            repeating.tell(EventKind.CALL_REPEATED)
            try:
                self._opening_again(lambda: self._call(method, params))
            except DriverCrashedError as another:
                crash = another
            else:
                return

    def _call(self, method: str, params: dict[str, Wire]) -> None:
        self._calls.once.call(method, {"upload_id": self._upload_id, **params}, self._path)

    def _opening_again(self, call: Callable[[], None]) -> None:
        """Make the call, and again where the upload was there but not open.

        Another writer has closed it, or the process has ended in which it was open: that may happen
        between the opening and the call, too.
        """
        for _ in range(_MAX_OPENINGS):
            try:
                return call()
            except PathNotFoundError as error:
                if type(error) is not PathNotFoundError:
                    raise
            # Its size there is of no interest: it is the one here that has to be right.
            self._open(self._upload_id)
        return call()

    def _check_open(self) -> None:
        if self._calls.is_closed:
            raise ValueError(f"the driver {self._calls.name} is closed")
        if self._has_ended:
            raise ValueError("the upload is closed")
