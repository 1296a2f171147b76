"""Hidden uploads of the inmemory driver, which grow out of its tree."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from storagedriver.contract.checks import no_such_upload, parse_digest
from storagedriver.contract.errors import ChecksumMismatchError, InvalidOffsetError
from storagedriver.contract.streams import as_bytes_view
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.drivers.segments import Segments, appended
from storagedriver.drivers.upload_checks import check_digest, check_size

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as it was last written to; a write puts another in its place."""

    info: UploadInfo
    segments: Segments


class Uploads:
    """All uploads of a driver by id. Whoever calls it holds the driver's lock."""

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def make(self, path: str) -> Upload:
        info = UploadInfo(os.urandom(16).hex(), path, 0, datetime.now(UTC))
        made = self._uploads[info.upload_id] = Upload(info, ())
        return made

    def find(self, path: str, upload_id: str) -> Upload:
        """Raises PathNotFoundError if there is no such upload to `path`."""
        found = self._uploads.get(upload_id)
        if found is None or found.info.path != path:
            raise no_such_upload(path)
        return found

    def append(self, upload: Upload, content: bytes) -> None:
        info = upload.info
        size = info.size + len(content)
        grown = UploadInfo(info.upload_id, info.path, size, datetime.now(UTC))
        segments = appended(upload.segments, (content,))
        self._uploads[info.upload_id] = Upload(grown, segments)

    def remove(self, upload_id: str) -> None:
        del self._uploads[upload_id]

    def below(self, prefix: str) -> list[UploadInfo]:
        """Return those to `prefix` and to paths below it, in order of path and id."""
        start = prefix if prefix == "/" else prefix + "/"
        found = [
            upload.info
            for upload in self._uploads.values()
            if upload.info.path == prefix or upload.info.path.startswith(start)
        ]
        return sorted(found, key=lambda info: (info.path, info.upload_id))


class InMemoryUpload(UploadWriter):
    """One writer of an upload."""

    def __init__(
        self,
        uploads: Uploads,
        lock: threading.Lock,
        put: Callable[[str, Segments], None],
        upload: Upload,
    ) -> None:
        """`lock` is the driver's; it is held where `put` is called, which makes an object."""
        self._uploads = uploads
        self._lock = lock
        self._put = put
        self._path = upload.info.path
        self._upload_id = upload.info.upload_id
        self._size = upload.info.size
        self._has_ended = False

    @property
    def upload_id(self) -> str:
        return self._upload_id

    @property
    def size(self) -> int:
        return self._size

    def write(self, content: ReadableBuffer) -> int:
        self._check_open()
        data = content if type(content) is bytes else bytes(as_bytes_view(content))
        with self._lock:
            upload = self._find()
            if upload.info.size != self._size:
                raise InvalidOffsetError(self._path, self._size, stored=upload.info.size)
            self._uploads.append(upload, data)
            self._size += len(data)
        return len(data)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._check_open()
        expected = None if digest is None else parse_digest("inmemory", digest)
        with self._lock:
            upload = self._find()
        check_size(self._path, upload.info.size, self._size if size is None else size)
        # Not under the lock, as it takes time; nobody changes these segments.
        check_digest(self._path, upload.segments, expected)
        with self._lock:
            if self._find().info.size != upload.info.size:
                raise ChecksumMismatchError(self._path, reason="it was written to meanwhile")
            self._put(self._path, upload.segments)
            self._uploads.remove(self._upload_id)
        self._has_ended = True

    def cancel(self) -> None:
        self._check_open()
        with self._lock:
            self._find()
            self._uploads.remove(self._upload_id)
        self._has_ended = True

    def close(self) -> None:
        self._has_ended = True

    def _find(self) -> Upload:
        return self._uploads.find(self._path, self._upload_id)

    def _check_open(self) -> None:
        if self._has_ended:
            raise ValueError("the upload is closed")
