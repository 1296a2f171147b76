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

    Several writers may have one upload open, here and in other processes, but only one gets on:
    what the upload holds must be what the writer believes, else its write is refused. Not to be
    shared between threads without a lock.

    As a context manager it closes at the end, which keeps the upload unless it was committed or
    cancelled. After any of the three, every call but `close` is ValueError. All others raise
    PathNotFoundError if the upload is gone: committed or cancelled by another writer, or expired.
    """

    @property
    @abstractmethod
    def upload_id(self) -> str:
        """What `writer(path, resume=...)` takes to continue this upload, also elsewhere."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes stored as far as this writer knows: the offset at which the next write goes on."""

    @abstractmethod
    def write(self, content: ReadableBuffer) -> int:
        """Append `content` and return its length in bytes.

        What was written survives the end of this process, but not that of the machine: nothing is
        synced before `close` or `commit`.

        Raises InvalidOffsetError, with the path and the `size` that was believed, if another writer
        has moved the end of the upload; nothing of `content` is stored then, and to go on takes a
        resume. After any failure the error's `stored` tells how much there is, if that is known. If
        a part of `content` was stored, `size` has grown by it.
        """

    @abstractmethod
    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        """Publish the content at the path, atomically, replacing what was there; ends the upload.

        `size` is what this writer believes unless given; `digest` is "algorithm:hex", of any
        algorithm of hashlib with digests of one length. Both are checked against what is stored.

        Raises ChecksumMismatchError if they differ; InvalidParametersError for a digest that is
        none; IsADirectoryError, NotADirectoryError and others as `put_content`.
        After failure: nothing is published, and the upload is still there, unless the outcome is
        said to be unknown, or the content could not be synced. Then there is no upload any more, as
        nobody can tell what of it the disk holds.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Drop the upload and all its bytes."""

    @abstractmethod
    def close(self) -> None:
        """Stop writing and keep the upload for a resume, as durable as a commit would make it.

        Closing twice is no error. If the content cannot be synced the upload is gone, and this
        raises.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except Exception:
            # What went wrong first is what the caller must see.
            if error is None:
                raise
