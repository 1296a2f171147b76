"""The wrapper that every driver in this process stands in: checks before a call, names after it.

The IPC client does the same for a driver in another process, so callers cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from storagedriver.contract.checks import (
    check_content,
    check_offset,
    check_reader,
    check_start_after,
    check_upload_id,
    check_url_options,
)
from storagedriver.contract.driver import Paths, StorageDriver
from storagedriver.contract.errors import StorageDriverError
from storagedriver.contract.fileinfo import FileInfo
from storagedriver.contract.paths import STRICT_PATHS, PathRule
from storagedriver.contract.streams import Piece, Reader, ReadStream
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.drivers.pieces import checked_piece
from storagedriver.drivers.wrappers.checked_upload import CheckedUpload
from storagedriver.drivers.wrappers.naming import ErrorNaming, NamedReadStream, named_items

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Checked(StorageDriver):
    """Refuses wrong arguments before `driver` sees them, and puts its name into its errors.

    Wrong arguments are InvalidPathError, InvalidOffsetError, InvalidParametersError, or TypeError
    for what no annotation allows; the path is checked first. An error of the driver that is not of
    the contract becomes StorageDriverError with the code `Internal`. What the caller's reader
    raises passes unchanged. A call after `close` is ValueError.

    Owns `driver`: closes it. As safe to share between threads as the driver is.
    """

    def __init__(
        self, driver: StorageDriver, *, path_rule: PathRule = STRICT_PATHS, name: str | None = None
    ) -> None:
        """`name` is for errors: the one that the driver was created by, if it is not its own."""
        self.name = driver.name if name is None else name
        self.features = driver.features
        self._driver = driver
        self._naming = ErrorNaming(self.name)
        self._path_rule = path_rule
        self._closed = False

    def get_content(self, path: str) -> bytes:
        self._check_path(path)
        with self._naming:
            return self._driver.get_content(path)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._check_path(path)
        if type(content) is not bytes:
            content = check_content(content)
        with self._naming:
            self._driver.put_content(path, content)

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        self._check_path(path)
        self._check_offset(path, offset)
        with self._naming:
            return NamedReadStream(self._driver.read_stream(path, offset), self.name)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        self._check_path(path)
        self._check_offset(path, offset)
        check_reader(reader)
        watched = _WatchedReader(reader)
        try:
            written = self._driver.write_stream(path, offset, watched)
        except Exception as error:
            watched.raise_failure()
            named = self._naming.named(error)
            if named.stored is None:
                named.stored = self._stored(path)
            if named is error:
                raise
            raise named from error
        watched.raise_failure()
        return written

    def stat(self, path: str) -> FileInfo:
        self._check_path_or_root(path)
        with self._naming:
            return self._driver.stat(path)

    def list(self, path: str) -> Paths:
        self._check_path_or_root(path)
        with self._naming:
            return self._driver.list(path)

    def move(self, source: str, destination: str) -> None:
        self._check_path(source)
        self._check_path(destination)
        with self._naming:
            self._driver.move(source, destination)

    def delete(self, path: str) -> None:
        self._check_path(path)
        with self._naming:
            self._driver.delete(path)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        self._check_path(path)
        with self._naming:
            checked = check_url_options(self.name, options)
            return self._driver.url_for(path, checked)

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        self._check_path_or_root(path)
        check_start_after(start_after)
        with self._naming:
            infos = self._driver.walk(path, start_after)
        return named_items(self._naming, infos)

    def resume_write_position(self, path: str) -> int:
        self._check_path(path)
        with self._naming:
            return self._driver.resume_write_position(path)

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        self._check_path(path)
        if resume is not None:
            self._check_upload_id(path, resume)
        with self._naming:
            upload = self._driver.writer(path, resume=resume)
        return CheckedUpload(upload, self._naming, self._check_open)

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        self._check_path_or_root(prefix)
        with self._naming:
            infos = self._driver.uploads(prefix)
        return named_items(self._naming, infos)

    def close(self) -> None:
        self._closed = True
        with self._naming:
            self._driver.close()

    # Of these checks, only errors of the contract are named: TypeError and ValueError say what is
    # wrong with the caller's code.

    def _check_path(self, path: str) -> None:
        self._check_open()
        try:
            self._path_rule.check(path)
        except StorageDriverError as error:
            self._naming.named(error)
            raise

    def _check_path_or_root(self, path: str) -> None:
        if path == "/":
            self._check_open()
        else:
            self._check_path(path)

    def _check_offset(self, path: str, offset: int) -> None:
        try:
            check_offset(path, offset)
        except StorageDriverError as error:
            self._naming.named(error)
            raise

    def _check_upload_id(self, path: str, upload_id: str) -> None:
        try:
            check_upload_id(path, upload_id)
        except StorageDriverError as error:
            self._naming.named(error)
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError(f"the driver {self.name} is closed")

    def _stored(self, path: str) -> int | None:
        try:
            return self._driver.resume_write_position(path)
        except Exception:  # noqa: BLE001 - the error of the write is what the caller must see
            return None


class _WatchedReader:
    """The caller's reader, remembering what it raised: that must reach the caller unchanged."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._failure: BaseException | None = None

    def read(self, size: int, /) -> Piece:
        try:
            return checked_piece(self._reader.read(size))
        except BaseException as error:
            self._failure = error
            raise

    def raise_failure(self) -> None:
        """Raise what the reader raised, whatever the driver made of it; return if it was nothing.

        A driver that turned it into an error of its own, or even into a success, had read no end.
        """
        if self._failure is not None:
            raise self._failure
