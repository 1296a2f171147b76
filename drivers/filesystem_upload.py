"""Hidden uploads of the filesystem driver: written, checked, and published by one rename."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from storagedriver.contract.checks import no_such_upload, parse_digest
from storagedriver.contract.digests import DigestCheck
from storagedriver.contract.errors import (
    ChecksumMismatchError,
    InvalidOffsetError,
    IsADirectoryError,
    StorageDriverError,
)
from storagedriver.contract.streams import as_bytes_view
from storagedriver.contract.uploads import UploadWriter
from storagedriver.drivers.descriptors import take_over, write_all
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.moving import not_synced
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.parents import Parents
from storagedriver.drivers.pieces import PIECE_BYTES
from storagedriver.drivers.place import Place
from storagedriver.drivers.staging import StagedFile
from storagedriver.drivers.upload_checks import check_digest, check_size
from storagedriver.drivers.upload_files import UploadFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class FilesystemUpload(UploadWriter):
    """One writer of an upload. It holds no lock between its calls, and one descriptor.

    A `write` is not synced; `commit` and `close` are, as the durability says. After a power cut in
    between, what was written last may be missing, or zeros: a digest at the commit tells.
    """

    def __init__(self, place: Place, file: UploadFile, durability: Durability) -> None:
        """Owns `file`. Raises OSError."""
        self._place = place
        self._file = file
        self._path = file.path
        self._durability = durability
        try:
            self._size = os.fstat(file.descriptor).st_size
        except OSError:
            file.close()
            raise

    @property
    def upload_id(self) -> str:
        return self._file.upload_id

    @property
    def size(self) -> int:
        return self._size

    def write(self, content: ReadableBuffer) -> int:
        descriptor = self._open_descriptor()
        view = as_bytes_view(content)
        try:
            with self._place, self._file.held():
                stored = os.fstat(descriptor).st_size
                if stored != self._size:
                    raise InvalidOffsetError(self._path, self._size, stored=stored)
                try:
                    write_all(descriptor, view, stored)
                finally:
                    # Also after a failure: what was stored of it stays.
                    self._size = os.fstat(descriptor).st_size
        except OSError as error:
            raise self._error(error) from error
        return len(view)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        descriptor = self._open_descriptor()
        expected = None if digest is None else parse_digest("filesystem", digest)
        try:
            with self._place as place:
                checked = self._check(descriptor, self._size if size is None else size, expected)
                self._sync()
                with Parents(place.root, self._path) as parents:
                    self._publish(place, parents, checked)
                    try:
                        parents.sync(self._durability)
                    except OSError as error:
                        raise not_synced("CommitUpload", self._path, error) from error
        except OSError as error:
            raise self._error(error) from error
        self._file.close()

    def cancel(self) -> None:
        self._open_descriptor()
        try:
            with self._place, self._file.held() as directory:
                self._file.remove(directory)
        except OSError as error:
            raise self._error(error) from error
        self._file.close()

    def close(self) -> None:
        if self._file.descriptor < 0:
            return
        try:
            self._sync()
        except OSError as error:
            raise self._error(error) from error
        finally:
            self._file.close()

    def _open_descriptor(self) -> int:
        if self._file.descriptor < 0:
            raise ValueError("the upload is closed")
        return self._file.descriptor

    def _check(self, descriptor: int, size: int, digest: DigestCheck | None) -> int:
        """Return the size of what was checked. It is held only for its size to be seen: reading
        takes time, and what is there of an upload does not change."""
        with self._file.held():
            stored = os.fstat(descriptor).st_size
        check_size(self._path, stored, size)
        check_digest(self._path, self._content(stored), digest)
        return stored

    def _publish(self, place: Place, parents: Parents, checked: int) -> None:
        file = self._file
        with file.held() as directory:
            if os.fstat(file.descriptor).st_size != checked:
                raise ChecksumMismatchError(self._path, reason="it was written to meanwhile")
            # As a put would: its time is that of its coming, not of a write some days ago.
            os.utime(file.descriptor)
            # Looked at last: from here to the rename there is little time for things to change.
            replaced = parents.look()
            if replaced is not None:
                if stat.S_ISDIR(replaced.st_mode):
                    raise IsADirectoryError(self._path)
                if take_over(file.descriptor, replaced):
                    self._sync()
            if not parents.place(lambda above: self._renamed(directory, above, parents.leaf)):
                self._copy_across(place, parents, replaced, checked)
            # From here on there is no upload. What cannot be removed is left to a sweep.
            with suppress(OSError):
                file.remove(directory)

    def _renamed(self, directory: int, above: int, name: str) -> bool:
        """Return False if the place is on another file system than the upload."""
        try:
            self._file.rename(directory, above, name)
        except OSError as error:
            if error.errno == errno.EXDEV:
                return False
            raise
        return True

    def _copy_across(
        self, place: Place, parents: Parents, replaced: os.stat_result | None, size: int
    ) -> None:
        with place.staging.create_beside(parents.descriptor) as staged:
            self._copy(staged, replaced, size)
            parents.place(lambda above: staged.rename(above, parents.leaf))

    def _copy(self, staged: StagedFile, replaced: os.stat_result | None, size: int) -> None:
        for piece in self._content(size):
            staged.write(piece)
        staged.finish(self._durability)
        if replaced is not None:
            staged.take_over(replaced, self._durability)

    def _content(self, size: int) -> Iterator[memoryview]:
        """Iterate over the first `size` bytes; a piece is good until the next is asked for."""
        buffer = memoryview(bytearray(min(size, PIECE_BYTES)))
        position = 0
        while position < size:
            wanted = buffer[: size - position]
            count = os.preadv(self._file.descriptor, [wanted], position)
            if count == 0:
                raise ChecksumMismatchError(self._path, reason="somebody has cut the upload")
            yield wanted[:count]
            position += count

    def _sync(self) -> None:
        descriptor = self._file.descriptor
        try:
            self._durability.sync_content(descriptor)
            # Some file systems report a failed write only when a descriptor is closed.
            os.close(os.dup(descriptor))
        except OSError:
            # Nobody can tell what is on the disk, and a second attempt would seem to succeed.
            self._drop()
            raise

    def _drop(self) -> None:
        # ValueError: the driver is closed, and only this writer has been left open.
        with suppress(OSError, ValueError), self._place, self._file.held() as directory:
            self._file.remove(directory)

    def _error(self, error: OSError) -> StorageDriverError:
        if isinstance(error, FileNotFoundError):
            return no_such_upload(self._path)
        return contract_error(error, self._path)
