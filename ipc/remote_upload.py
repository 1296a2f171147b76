"""A hidden upload of a driver in another process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from storagedriver.contract import (
    InvalidOffsetError,
    PathNotFoundError,
    StorageDriverError,
    UploadWriter,
    check_commit,
    check_content,
)
from storagedriver.ipc.caller import Caller
from storagedriver.ipc.fields import count, text
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.sending import ViewReader

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class RemoteUpload(UploadWriter):
    """Every write is a call of its own, which returns when the driver has stored it.

    Writers of one upload share what is open of it in the driver's process. Where another one has
    closed that, this one opens it again and goes on.
    """

    def __init__(self, caller: Caller, path: str, resume: str | None) -> None:
        """Open a new upload to `path`, or continue the one whose id is `resume`."""
        self._caller = caller
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
        start = self._size
        # What was stored before the upload was found closed is not sent again.
        self._opening_again(lambda: self._write(view[self._size - start :]))
        return len(view)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._check_open()
        try:
            check_commit(self._caller.name, size, digest)
        except StorageDriverError as error:
            error.driver = self._caller.name
            raise
        # Always sent: the driver's process may know another size than this writer.
        size = self._size if size is None else size
        self._end("CommitUpload", {"size": size, "digest": digest})

    def cancel(self) -> None:
        self._check_open()
        self._end("CancelUpload", {})

    def close(self) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        if not self._caller.is_closed:
            # A driver that is closed has closed all its uploads.
            self._call("CloseUpload", {})

    def _open(self, upload_id: str | None) -> tuple[str, int]:
        params: dict[str, Wire] = {"path": self._path}
        if upload_id is not None:
            params["upload_id"] = upload_id
        result = self._caller.call("OpenUpload", params, self._path)
        return text(result, "upload_id"), count(result, "size")

    def _write(self, view: memoryview) -> None:
        params: dict[str, Wire] = {"upload_id": self._upload_id, "offset": self._size}
        try:
            result = self._caller.write("WriteUpload", params, self._path, ViewReader(view))
        except InvalidOffsetError:
            raise  # another writer is at work, and going on behind it would mix the two
        except StorageDriverError as error:
            if error.stored is not None:
                self._size = error.stored
            raise
        self._size = count(result, "size")

    def _end(self, method: str, params: dict[str, Wire]) -> None:
        self._opening_again(lambda: self._call(method, params))
        self._has_ended = True

    def _call(self, method: str, params: dict[str, Wire]) -> None:
        self._caller.call(method, {"upload_id": self._upload_id, **params}, self._path)

    def _opening_again(self, call: Callable[[], None]) -> None:
        """Make the call, and once more if the upload was there but not open."""
        try:
            call()
        except PathNotFoundError as error:
            if type(error) is not PathNotFoundError:
                raise
        else:
            return
        # Its size there is of no interest: it is the one here that has to be right.
        self._open(self._upload_id)
        call()

    def _check_open(self) -> None:
        if self._caller.is_closed:
            raise ValueError(f"the driver {self._caller.name} is closed")
        if self._has_ended:
            raise ValueError("the upload is closed")
