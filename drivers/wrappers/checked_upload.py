"""The wrapper around a writer of an upload, as `checked` is one around a driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from storagedriver.contract.checks import check_commit, check_content
from storagedriver.contract.errors import StorageDriverError
from storagedriver.contract.failures import fill_upload_stored
from storagedriver.contract.uploads import UploadWriter
from storagedriver.drivers.wrappers.naming import ErrorNaming

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class CheckedUpload(UploadWriter):
    """Refuses wrong arguments before `upload` sees them, and names the driver in its errors.

    Owns `upload`: closes it.
    """

    def __init__(
        self, upload: UploadWriter, naming: ErrorNaming, check_driver_open: Callable[[], None]
    ) -> None:
        """`check_driver_open` raises ValueError once the driver is closed."""
        self._upload = upload
        self._naming = naming
        self._check_driver_open = check_driver_open
        self._has_ended = False

    @property
    def upload_id(self) -> str:
        return self._upload.upload_id

    @property
    def size(self) -> int:
        return self._upload.size

    def write(self, content: ReadableBuffer) -> int:
        self._check_open()
        view = content if type(content) is bytes else check_content(content)
        try:
            with self._naming:
                written = self._upload.write(view)
                _check_written(written, len(view))
        except StorageDriverError as error:
            fill_upload_stored(error, self._upload)
            raise
        return written

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._check_open()
        try:
            check_commit(self._naming.name, size, digest)
        except StorageDriverError as error:
            self._naming.named(error)
            raise
        with self._naming:
            self._upload.commit(size=size, digest=digest)
        self._end()

    def cancel(self) -> None:
        self._check_open()
        with self._naming:
            self._upload.cancel()
        self._end()

    def close(self) -> None:
        if not self._has_ended:
            self._end()

    def _end(self) -> None:
        self._has_ended = True
        with self._naming:
            self._upload.close()

    def _check_open(self) -> None:
        self._check_driver_open()
        if self._has_ended:
            raise ValueError("the upload is closed")


def _check_written(written: int, given: int) -> None:
    """A driver that takes a part only, or miscounts, must not look like a success."""
    if written != given:
        raise StorageDriverError(
            f"The driver reports {written} bytes written, it was given {given}"
        )
