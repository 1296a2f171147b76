"""The uploads that are open in a driver process, for the calls that name them by id."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from storagedriver.contract import (
    InvalidOffsetError,
    PathNotFoundError,
    Piece,
    StorageDriver,
    StorageDriverError,
    UploadWriter,
)
from storagedriver.contract.failures import as_driver_error, fill_upload_stored

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Open:
    path: str
    writer: UploadWriter
    # A writer is for one thread at a time, and the calls of an upload may come on several channels.
    lock: threading.Lock = field(default_factory=threading.Lock)


class OpenUploads:
    """Holds the writers between calls. Any thread may call it.

    A writer is made by OpenUpload and kept until it is committed, cancelled or closed, by whichever
    of the host's writers. All calls but `open` and `close_one` raise PathNotFoundError, with the id
    for a path, if the upload is not open here; the host opens it again then.
    """

    def __init__(self, driver: StorageDriver) -> None:
        self._driver = driver
        self._uploads: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def open(self, path: str, upload_id: str | None) -> tuple[str, int]:
        """Open a new upload to `path`, or the one that `upload_id` names; return its id and size.

        What was open of it is closed.
        """
        writer = self._driver.writer(path, resume=upload_id)
        opened = _Open(path, writer)
        with self._lock:
            former = self._uploads.get(writer.upload_id)
            self._uploads[writer.upload_id] = opened
        if former is not None:
            with former.lock:
                former.writer.close()
        return writer.upload_id, writer.size

    def check(self, upload_id: str, offset: int) -> None:
        """Refuse a write at `offset` before its content is read. Raises as `write`."""
        upload = self._find(upload_id)
        _check_offset(upload, offset)

    def write(self, upload_id: str, offset: int, content: Piece) -> int:
        """Append `content`, which the host has for `offset`; return the size afterwards.

        Raises InvalidOffsetError if the upload ends elsewhere.
        """
        while True:
            upload = self._find(upload_id)
            with upload.lock:
                # While this waited for the lock another may have come into its place.
                if self._uploads.get(upload_id) is upload:
                    return _append(upload, offset, content, self._driver.name)

    def commit(self, upload_id: str, size: int | None, digest: str | None) -> None:
        """Publish the upload, which is open no more then."""
        upload = self._find(upload_id)
        with upload.lock:
            upload.writer.commit(size=size, digest=digest)
            self._forget(upload_id, upload)

    def cancel(self, upload_id: str) -> None:
        """Drop the upload, which is open no more then."""
        upload = self._find(upload_id)
        with upload.lock:
            upload.writer.cancel()
            self._forget(upload_id, upload)

    def close_one(self, upload_id: str) -> None:
        """Close the writer, which keeps the upload. One that is not open is no error."""
        upload = self._uploads.get(upload_id)
        if upload is not None:
            with upload.lock:
                self._forget(upload_id, upload)
                upload.writer.close()

    def close(self) -> None:
        """Close all writers, which keeps their uploads."""
        for upload_id in list(self._uploads):
            try:
                self.close_one(upload_id)
            except Exception:
                # The others are to be closed all the same, and nobody waits for an answer.
                _logger.exception("an upload could not be closed")

    def _find(self, upload_id: str) -> _Open:
        upload = self._uploads.get(upload_id)
        if upload is None:
            raise PathNotFoundError(upload_id, reason="no such upload is open")
        return upload

    def _forget(self, upload_id: str, upload: _Open) -> None:
        with self._lock:
            if self._uploads.get(upload_id) is upload:
                del self._uploads[upload_id]


def _append(upload: _Open, offset: int, content: Piece, driver_name: str) -> int:
    writer = upload.writer
    _check_offset(upload, offset)
    try:
        writer.write(content)
    except Exception as error:
        failure = as_driver_error(error, driver_name)
        fill_upload_stored(failure, writer)
        raise failure from error
    if writer.size != offset + len(content):
        raise StorageDriverError(
            f"The driver reports a size of {writer.size}, it was given {len(content)} at {offset}"
        )
    return writer.size


def _check_offset(upload: _Open, offset: int) -> None:
    size = upload.writer.size
    if offset != size:
        raise InvalidOffsetError(upload.path, offset, stored=size)
