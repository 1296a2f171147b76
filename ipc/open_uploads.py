"""The uploads that are open in a driver process, for the calls that name them by id."""

from __future__ import annotations

import threading

from storagedriver.contract import PathNotFoundError, StorageDriver, UploadWriter


class OpenUploads:
    """Holds the writers between calls. Any thread may call it.

    A writer is made by OpenUpload and kept until it is committed, cancelled or closed. Opening an
    upload again takes the place of the writer that was there.
    """

    def __init__(self, driver: StorageDriver) -> None:
        self._driver = driver
        self._writers: dict[str, UploadWriter] = {}
        self._lock = threading.Lock()

    def open(self, path: str, upload_id: str | None) -> UploadWriter:
        """Return a writer for a new upload to `path`, or for the one that `upload_id` names."""
        writer = self._driver.writer(path, resume=upload_id)
        with self._lock:
            former = self._writers.pop(writer.upload_id, None)
            self._writers[writer.upload_id] = writer
        if former is not None:
            former.close()
        return writer

    def get(self, upload_id: str) -> UploadWriter:
        """Return the writer. Raises PathNotFoundError if it is not open here."""
        writer = self._writers.get(upload_id)
        if writer is None:
            raise PathNotFoundError(upload_id, reason="no such upload is open")
        return writer

    def forget(self, upload_id: str) -> None:
        """Let go of a writer that has ended."""
        with self._lock:
            self._writers.pop(upload_id, None)

    def close(self) -> None:
        """Close all writers, which keeps their uploads."""
        with self._lock:
            writers = list(self._writers.values())
            self._writers.clear()
        for writer in writers:
            writer.close()
