"""A hidden upload of a driver in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.contract import (
    InvalidOffsetError,
    StorageDriverError,
    UploadWriter,
    check_content,
)
from storagedriver.ipc.caller import Caller
from storagedriver.ipc.fields import count, text
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.sending import ViewReader

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class RemoteUpload(UploadWriter):
    """Every write is a call of its own, which returns when the driver has stored it."""

    def __init__(self, caller: Caller, path: str, resume: str | None) -> None:
        """Open a new upload to `path`, or continue the one whose id is `resume`."""
        self._caller = caller
        self._path = path
        self._has_ended = False
        params: dict[str, Wire] = {"path": path}
        if resume is not None:
            params["upload_id"] = resume
        result = caller.call("OpenUpload", params, path)
        self._upload_id = text(result, "upload_id")
        self._size = count(result, "size")

    @property
    def upload_id(self) -> str:
        return self._upload_id

    @property
    def size(self) -> int:
        return self._size

    def write(self, content: ReadableBuffer) -> int:
        self._check_open()
        view = check_content(content)
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
        return len(view)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._end("CommitUpload", {"size": size, "digest": digest})

    def cancel(self) -> None:
        self._end("CancelUpload", {})

    def close(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._caller.call("CloseUpload", {"upload_id": self._upload_id}, self._path)

    def _end(self, method: str, params: dict[str, Wire]) -> None:
        self._check_open()
        self._caller.call(method, {"upload_id": self._upload_id, **params}, self._path)
        self._has_ended = True

    def _check_open(self) -> None:
        if self._has_ended:
            raise ValueError("the upload is closed")
