"""What a driver's failure becomes on its way to the caller, in this process or in another."""

from __future__ import annotations

from typing import Protocol

from storagedriver.contract.errors import PathNotFoundError, StorageDriverError


class _Resumable(Protocol):
    def resume_write_position(self, path: str) -> int: ...


class _Sized(Protocol):
    @property
    def size(self) -> int: ...


def as_driver_error(error: Exception, driver_name: str) -> StorageDriverError:
    """Return `error` with the driver's name filled in; anything foreign becomes `Internal`.

    The foreign error is the cause of the one returned.
    """
    if not isinstance(error, StorageDriverError):
        internal = StorageDriverError(f"{type(error).__name__}: {error}", driver=driver_name)
        internal.__cause__ = error
        return internal
    if not error.driver:
        error.driver = driver_name
    return error


def fill_stored(error: StorageDriverError, driver: _Resumable, path: str) -> None:
    """Say in the error of a failed write how many bytes `path` holds now, if that can be known."""
    if error.stored is None:
        try:
            error.stored = driver.resume_write_position(path)
        except Exception:  # noqa: BLE001 - the first failure is the one to report
            error.stored = None


def fill_upload_stored(error: StorageDriverError, upload: _Sized) -> None:
    """Say in the error of a failed write how many bytes the upload holds now, if it is not gone."""
    if error.stored is None and not isinstance(error, PathNotFoundError):
        error.stored = upload.size
