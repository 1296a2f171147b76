"""The driver that keeps objects as files below one directory.

An object is a file, its path the path below the root; what others put there by the rules is an
object too. How contents get there atomically stands in `staging`, how they stay in `durability`,
and why nothing outside the root is reached in `confined`.
"""

from __future__ import annotations

import errno
import math
import os
import stat
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from storagedriver.contract.driver import Paths, StorageDriver
from storagedriver.contract.errors import (
    InvalidParametersError,
    IsADirectoryError,
    PartialFailureError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.contract.features import CONSTANT_MEMORY, MOVE_DIRECTORIES, UPLOADS, WALK
from storagedriver.contract.fileinfo import FileInfo, FileInfoFields
from storagedriver.contract.streams import Reader, ReadStream, as_bytes_view
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.drivers.confined import open_root, split
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.filesystem_upload import FilesystemUpload
from storagedriver.drivers.in_place import InPlaceWrite, check_write
from storagedriver.drivers.moving import move, not_synced
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.parameters import check_known
from storagedriver.drivers.parents import Parents
from storagedriver.drivers.pieces import pieces
from storagedriver.drivers.place import Place
from storagedriver.drivers.reading import ObjectReadStream, read_whole
from storagedriver.drivers.removal import remove_tree
from storagedriver.drivers.staging import StagedFile
from storagedriver.drivers.tree_walk import walk
from storagedriver.drivers.upload_files import (
    find_upload,
    list_uploads,
    make_upload,
    sweep_uploads,
)
from storagedriver.drivers.visible import file_info, shown_names

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DEFAULT_UPLOAD_EXPIRY_SECONDS: Final = 7 * 24 * 3600.0
"""A week: what the registry of 2015 gave an upload before it was purged."""


class FilesystemDriver(StorageDriver):
    """Objects below the directory `root`, which is made if it is missing.

    Any number of threads and processes may use one root at once, and each may be killed at any
    moment. What `put_content` and `move` changed when they return survives as `durability` says;
    so does what `write_stream` stored. A deletion may come undone in a power cut.
    """

    name = "filesystem"
    features = frozenset({CONSTANT_MEMORY, MOVE_DIRECTORIES, UPLOADS, WALK})

    def __init__(
        self,
        root: str,
        *,
        durability: Durability = Durability.FULL,
        upload_expiry_seconds: float = DEFAULT_UPLOAD_EXPIRY_SECONDS,
    ) -> None:
        """Removes uploads that nobody has written to for `upload_expiry_seconds`; none if it is 0.

        Raises PermissionDeniedError, NotADirectoryError and others about the root directory.
        """
        self._place = Place(open_root(root, durability))
        self._durability = durability
        self._place.staging.sweep()
        sweep_uploads(self._place.root, upload_expiry_seconds)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, object]) -> FilesystemDriver:
        """Make a driver from `rootdirectory`, an absolute path, and what else is given.

        That is `durability`, a tier, and `uploadexpiry`, a number of seconds.

        Raises InvalidParametersError before any I/O, and what the constructor raises.
        """
        check_known(cls.name, parameters, known=("rootdirectory", "durability", "uploadexpiry"))
        return cls(
            _root_directory(parameters),
            durability=_durability(parameters),
            upload_expiry_seconds=_upload_expiry_seconds(parameters),
        )

    def get_content(self, path: str) -> bytes:
        with self._place as place:
            descriptor, status = place.root.open_object(path)
        try:
            return read_whole(descriptor, status.st_size)
        except OSError as error:
            raise contract_error(error, path) from error
        finally:
            os.close(descriptor)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        view = as_bytes_view(content)
        with self._place as place, Parents(place.root, path) as parents:
            try:
                with place.staging.create() as staged:
                    placed = self._put(parents, staged, view)
                if not placed:
                    # Another file system is mounted above the path: staged there once more.
                    with place.staging.create_beside(parents.descriptor) as staged:
                        self._put(parents, staged, view)
            except OSError as error:
                raise contract_error(error, path) from error
            try:
                parents.sync(self._durability)
            except OSError as error:
                raise not_synced("PutContent", path, error) from error

    def _put(self, parents: Parents, staged: StagedFile, content: memoryview) -> bool:
        """Return False if the place is on another file system than the staged file."""
        staged.write(content)
        staged.finish(self._durability)
        # Looked at last: from here to the rename there is little time for things to change.
        replaced = parents.look()
        if replaced is not None:
            if stat.S_ISDIR(replaced.st_mode):
                raise IsADirectoryError(parents.path)
            staged.take_over(replaced, self._durability)
        return parents.place(lambda place: _renamed(staged, place, parents.leaf))

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        with self._place as place:
            descriptor, status = place.root.open_object(path)
        return ObjectReadStream(descriptor, status, offset, path)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        with self._place as place:
            check_write(place.root, path, offset)
            incoming = pieces(reader)
            # Nothing is cut or made before the reader has shown that it can read.
            first = next(incoming, b"")
            with (
                Parents(place.root, path) as parents,
                InPlaceWrite(parents, offset, self._durability) as writing,
            ):
                writing.append(first)
                for piece in incoming:
                    writing.append(piece)
                return writing.finish()

    def stat(self, path: str) -> FileInfo:
        with self._place as place:
            if path == "/":
                return FileInfoFields(path, 0, None, is_dir=True)
            return file_info(path, place.root.shown_status(path))

    def list(self, path: str) -> Paths:
        with self._place as place, place.root.open_directory(path) as directory:
            try:
                names = sorted(shown_names(directory.descriptor))
            except OSError as error:
                raise contract_error(error, path) from error
        if path == "/":
            return ["/" + name for name in names]
        if not names:
            raise PathNotFoundError(path)
        return [f"{path}/{name}" for name in names]

    def move(self, source: str, destination: str) -> None:
        with self._place as place:
            move(place, self._durability, source, destination)

    def delete(self, path: str) -> None:
        with self._place as place, Parents(place.root, path) as parents:
            status = parents.look()
            if status is None:
                raise PathNotFoundError(path)
            try:
                if stat.S_ISDIR(status.st_mode):
                    failed = remove_tree(parents.descriptor, parents.leaf, path)
                    if failed:
                        raise PartialFailureError(failed)
                else:
                    os.unlink(parents.leaf, dir_fd=parents.descriptor)
            except OSError as error:
                raise contract_error(error, path) from error
            parents.prune()

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        raise UnsupportedMethodError("URLFor")

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        """As the contract says; each directory is seen as it is when the walk comes to it."""
        with self._place as place:
            if path != "/":
                # Raises if no object is there: in the call, as it should be.
                place.root.shown_status(path)
            return walk(place.root.open_directory(path), path, start_after or "")

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        # Raises for what could lead out of the root, as the commit will.
        split(path)
        with self._place as place:
            try:
                if resume is None:
                    file = make_upload(place.root, path, self._durability)
                else:
                    file = find_upload(place.root, path, resume)
                return FilesystemUpload(self._place, file, self._durability)
            except OSError as error:
                raise contract_error(error, path) from error

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        with self._place as place:
            try:
                return iter(list_uploads(place.root, prefix))
            except OSError as error:
                raise contract_error(error, prefix) from error

    def close(self) -> None:
        """Let no further call in. Calls under way, walks and open streams come to their end."""
        self._place.close()


def _renamed(staged: StagedFile, place: int, name: str) -> bool:
    try:
        staged.rename(place, name)
    except OSError as error:
        if error.errno == errno.EXDEV:
            return False
        raise
    return True


def _root_directory(parameters: Mapping[str, object]) -> str:
    value = parameters.get("rootdirectory")
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        # The value is not shown: it may be anything, also a secret in the wrong place.
        reason = "is required and must be an absolute path"
        raise InvalidParametersError(FilesystemDriver.name, "rootdirectory", reason)
    return value


def _durability(parameters: Mapping[str, object]) -> Durability:
    value = parameters.get("durability", Durability.FULL.value)
    try:
        return Durability(value)
    except ValueError:
        tiers = ", ".join(tier.value for tier in Durability)
        reason = f"must be one of {tiers}"
        raise InvalidParametersError(FilesystemDriver.name, "durability", reason) from None


def _upload_expiry_seconds(parameters: Mapping[str, object]) -> float:
    value = parameters.get("uploadexpiry", DEFAULT_UPLOAD_EXPIRY_SECONDS)
    # A bool is a number to Python, but True is no time.
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf:
        return value
    reason = "must be a number of seconds, 0 or more"
    raise InvalidParametersError(FilesystemDriver.name, "uploadexpiry", reason)
