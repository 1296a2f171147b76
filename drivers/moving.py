"""Moving what the filesystem driver holds: by one rename, by a copy where that does not reach."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from storagedriver.contract.errors import (
    ContentChangedError,
    InvalidPathError,
    IsADirectoryError,
    NotADirectoryError,
    OutcomeUnknownError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.drivers.descriptors import READING
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.parents import Parents
from storagedriver.drivers.pieces import PIECE_BYTES
from storagedriver.drivers.place import Place
from storagedriver.drivers.reading import version_of
from storagedriver.drivers.staging import StagedFile, Staging


def move(place: Place, durability: Durability, source: str, destination: str) -> None:
    """Move as StorageDriver.move says. Raises errors of the contract."""
    with (
        Parents(place.root, source) as above_source,
        Parents(place.root, destination) as above_destination,
    ):
        _Move(place.staging, durability, above_source, above_destination).run()


class _Move:
    def __init__(
        self, staging: Staging, durability: Durability, source: Parents, destination: Parents
    ) -> None:
        self._staging = staging
        self._durability = durability
        self._source = source
        self._destination = destination

    def run(self) -> None:
        moved = self._source.look()
        if moved is None:
            raise PathNotFoundError(self._source.path)
        if self._source.path == self._destination.path:
            return
        replaced = self._destination.look()
        self._check(moved, replaced)
        if replaced is not None:
            self._keep_time(moved, replaced)
        if not self._destination.place(self._rename):
            self._copy_across()
        if replaced is not None and os.path.samestat(moved, replaced):
            # Two names of one file, which only another program makes: the rename did nothing.
            self._unlink_source()
        self._sync()
        self._source.prune()

    def _check(self, moved: os.stat_result, replaced: os.stat_result | None) -> None:
        source, destination = self._source.path, self._destination.path
        is_directory = stat.S_ISDIR(moved.st_mode)
        if is_directory and destination.startswith(source + "/"):
            raise InvalidPathError(destination, reason=f"lies inside {source}, which is to move")
        if replaced is None:
            return
        if stat.S_ISDIR(replaced.st_mode):
            raise IsADirectoryError(destination)
        if is_directory:
            raise NotADirectoryError(destination)

    def _keep_time(self, moved: os.stat_result, replaced: os.stat_result) -> None:
        """Let the time at the destination not go back. Before the rename, or a crash would leave
        it in the past; a source that is younger for a moment harms nobody."""
        if moved.st_mtime_ns >= replaced.st_mtime_ns:
            return
        # Another user's file can be moved, but its time not set.
        with suppress(OSError):
            os.utime(
                self._source.leaf,
                ns=(moved.st_atime_ns, replaced.st_mtime_ns),
                dir_fd=self._source.descriptor,
                follow_symlinks=False,
            )

    def _rename(self, place: int) -> bool:
        """Return False if the destination is on another file system."""
        source = self._source
        try:
            os.rename(
                source.leaf,
                self._destination.leaf,
                src_dir_fd=source.descriptor,
                dst_dir_fd=place,
            )
        except OSError as error:
            if error.errno == errno.EXDEV:
                return False
            if error.errno == errno.ENOENT and source.look() is None:
                raise PathNotFoundError(source.path) from error
            raise
        return True

    def _copy_across(self) -> None:
        source, destination = self._source, self._destination
        try:
            opened = os.open(source.leaf, READING, dir_fd=source.descriptor)
        except OSError as error:
            raise contract_error(error, source.path) from error
        try:
            status = os.fstat(opened)
            if stat.S_ISDIR(status.st_mode):
                raise _no_directory_across(source.path, destination.path)
            with self._staging.create_beside(destination.descriptor) as staged:
                self._copy(opened, status, staged)
                destination.place(lambda place: staged.rename(place, destination.leaf))
        except OSError as error:
            raise contract_error(error, destination.path) from error
        finally:
            os.close(opened)
        self._unlink_source()

    def _copy(self, opened: int, status: os.stat_result, staged: StagedFile) -> None:
        left = status.st_size
        # No further, or somebody who appends all the time would keep it going.
        while left > 0 and (piece := os.read(opened, min(left, PIECE_BYTES))):
            staged.write(piece)
            left -= len(piece)
        if version_of(os.fstat(opened)) != version_of(status):
            raise ContentChangedError(self._source.path, reason="it was written to while it moved")
        staged.finish(self._durability)
        staged.take_over(status, self._durability)

    def _unlink_source(self) -> None:
        source = self._source
        try:
            os.unlink(source.leaf, dir_fd=source.descriptor)
        except FileNotFoundError:
            return
        except OSError as error:
            # Both are there. The destination is whole, and moving again does the rest.
            reason = f"Outcome unknown: it is at {self._destination.path}, but stays where it was"
            raise OutcomeUnknownError("Move", source.path, message=reason) from error

    def _sync(self) -> None:
        try:
            self._destination.sync(self._durability)
            self._source.sync(self._durability)
        except OSError as error:
            raise not_synced("Move", self._destination.path, error) from error


def not_synced(method: str, path: str, error: OSError) -> OutcomeUnknownError:
    """Return the error for a change that happened, but might not survive a power cut."""
    message = f"Outcome unknown: {method} of {path}: its directory cannot be synced: {error}"
    return OutcomeUnknownError(method, path, message=message)


def _no_directory_across(source: str, destination: str) -> UnsupportedMethodError:
    message = f"Unsupported method: Move of directory {source} to another file system"
    return UnsupportedMethodError("Move", message=f"{message}, {destination}")
