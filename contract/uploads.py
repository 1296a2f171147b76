"""Hidden uploads: content that grows out of sight and appears whole, by one commit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@dataclass(frozen=True, slots=True)
class UploadInfo:
    """One open upload, as `uploads` lists it."""

    upload_id: str
    path: str
    size: int
    """Bytes stored so far."""
    time: datetime
    """When it was last written to, aware and in UTC; the time of creation where that is all the
    backend keeps."""


class UploadWriter(ABC):
    """A hidden upload, opened by `StorageDriver.writer`; nothing shows at its path until `commit`.

    One writer at a time may write to an upload. Not to be shared between threads without a lock.
    As a context manager it closes at the end, which keeps the upload unless it was committed or
    cancelled. After any of the three, every call but `close` is ValueError.
    """

    @property
    @abstractmethod
    def upload_id(self) -> str:
        """What `writer(path, resume=...)` takes to continue this upload, also elsewhere."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes stored so far, and so the offset at which the next write continues."""

    @abstractmethod
    def write(self, content: ReadableBuffer) -> int:
        """Append `content` and return its length in bytes.

        Raises InvalidOffsetError if another writer has moved the end of the upload meanwhile.
        After failure the error's `stored` tells how much there is, and the upload can be resumed.
        """

    @abstractmethod
    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        """Publish the content at the path, atomically, replacing what was there; ends the upload.

        `digest` is "algorithm:hex". If the content has another size or digest:
        ChecksumMismatchError, nothing is published, and the upload is still there.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Drop the upload and all its bytes."""

    @abstractmethod
    def close(self) -> None:
        """Stop writing and keep the upload for a resume. Closing twice is no error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
