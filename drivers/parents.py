"""The directories above one path: opened and made on the way to a write, pruned after a removal.

A directory exists only while something is in it, so two calls may meet: one has just made or found
a directory which the other, having emptied it, removes. The one who writes goes back and makes it
again; the one who removes leaves whatever is not empty. Neither takes anything from the other.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from storagedriver.contract.errors import (
    IsADirectoryError,
    PermissionDeniedError,
    StorageDriverError,
)
from storagedriver.drivers.confined import Root, split
from storagedriver.drivers.descriptors import DIRECTORY, PASSING, directory_error
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.os_errors import contract_error
from storagedriver.drivers.removal import remove_empty_directories
from storagedriver.drivers.visible import holds_object_in, shown_status

Result = TypeVar("Result")

ATTEMPTS: Final = 1000
"""How often a write goes back. Each time something else has emptied a directory, or left an empty
one, at the very moment; a thousand times in a row is no coincidence, and takes some 20 ms."""


class Parents:
    """The chain of directories from the root to the one that `path` stands in. A context.

    For one thread. Raises errors of the contract about `path`, but for `sync`.
    """

    def __init__(self, root: Root, path: str) -> None:
        self.path = path
        self._names, self.leaf = split(path)
        # The root, whose descriptor is not ours to close, stands in front of the others.
        self._root = root
        self._descriptors = [root.descriptor]
        # How many of the directories are older than this call.
        self._found = len(self._names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None and self._found < len(self._names):
            # Nothing of a failed write stays, also not the directories that it made.
            self.prune()
        self._reset()

    @property
    def descriptor(self) -> int:
        """Of the directory that the path stands in, once that was found or made."""
        return self._descriptors[-1]

    def look(self) -> os.stat_result | None:
        """Return the status of what is at the path, None if nothing that shows is.

        Raises NotADirectoryError if a file is above it, PermissionDeniedError if a link or a
        special file is there or above.
        """
        if not self._find():
            return None
        return shown_status(self.descriptor, self.leaf, self.path)

    def place(self, put: Callable[[int], Result]) -> Result:
        """Make the chain, call `put` with the descriptor of its last, and return what that gives.

        `put` puts something at the leaf, or raises OSError. It is called again after a directory
        has vanished, and after an empty one at the leaf was removed.

        Raises as `look`, and IsADirectoryError if a directory with an object is at the leaf.
        """
        for _ in range(ATTEMPTS):
            try:
                self._make()
                return put(self.descriptor)
            except OSError as error:
                if error.errno == errno.ENOENT:
                    self._reset()
                elif error.errno in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST):
                    self._remove_leftover()
                else:
                    raise contract_error(error, self.path) from error
        raise self._no_progress()

    def sync(self, durability: Durability) -> None:
        """Sync the leaf's entry, and that of each directory which was made on the way to it.

        Raises OSError.
        """
        if durability is not Durability.FULL:
            return
        for place in self._descriptors[self._found :]:
            try:
                directory = os.open(".", DIRECTORY, dir_fd=place)
            except FileNotFoundError:
                # Another call has emptied and removed it by now, and so what was to be synced.
                continue
            try:
                durability.sync_entries(directory)
            finally:
                os.close(directory)

    def prune(self) -> None:
        """Remove the directories of the chain that are empty, from the last one up."""
        for parent, name in reversed(list(zip(self._descriptors, self._names, strict=False))):
            try:
                os.rmdir(name, dir_fd=parent)
            except OSError:
                # Something is in it; or it is gone, and whoever removed it goes on upwards; or it
                # may not be removed, and stays out of sight, as empty directories do.
                return

    def _find(self) -> bool:
        """Open what is there of the chain; return whether that is all of it."""
        for name in self._names[len(self._descriptors) - 1 :]:
            parent = self.descriptor
            try:
                self._descriptors.append(os.open(name, PASSING, dir_fd=parent))
            except FileNotFoundError:
                return False
            except OSError as error:
                raise directory_error(error, parent, name, self.path) from error
        return True

    def _make(self) -> None:
        """Open the chain, and make what is missing. Raises FileNotFoundError if some vanished."""
        while not self._find():
            depth = len(self._descriptors) - 1
            try:
                os.mkdir(self._names[depth], dir_fd=self.descriptor)
            except FileExistsError:
                # Somebody else has made it by now.
                continue
            self._found = min(self._found, depth)

    def _reset(self) -> None:
        while len(self._descriptors) > 1:
            os.close(self._descriptors.pop())

    def _remove_leftover(self) -> None:
        """Remove the directory at the leaf, unless it shows. It may have gone meanwhile."""
        try:
            if holds_object_in(self.descriptor, self.leaf):
                raise IsADirectoryError(self.path)
            remove_empty_directories(self.descriptor, self.leaf)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise contract_error(error, self.path) from error
            # An object that has just come will be seen next time.
            if not holds_object_in(self.descriptor, self.leaf):
                reason = "a directory is in the way that holds no object, but something else"
                raise PermissionDeniedError(self.path, reason=reason) from error

    def _no_progress(self) -> StorageDriverError:
        if os.fstat(self._root.descriptor).st_nlink == 0:
            return StorageDriverError(f"The root directory was removed; cannot write {self.path}")
        reason = f"Other calls got in the way {ATTEMPTS} times: {self.path}"
        return StorageDriverError(reason, temporary=True)
