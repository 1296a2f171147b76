"""A tree of objects by path, in dictionaries: the namespace of the inmemory driver.

No call's cost grows with the number of objects elsewhere in the tree. There is no lock here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from storagedriver.contract.errors import (
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
)
from storagedriver.contract.fileinfo import FileInfoFields
from storagedriver.drivers.segments import Segments


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as it was written; a write puts another in its place."""

    segments: Segments
    size: int
    mod_time: datetime
    version: bytes

    def info(self, path: str) -> FileInfoFields:
        return FileInfoFields(path, self.size, self.mod_time, is_dir=False)


Node: TypeAlias = "StoredObject | Directory"
Directory: TypeAlias = dict[str, Node]
Entries: TypeAlias = list[tuple[str, Node]]


class Tree:
    """Objects and the directories above them; a directory is there while something is in it."""

    def __init__(self) -> None:
        self._root: Directory = {}

    def find(self, path: str) -> Node:
        """Raises PathNotFoundError, or NotADirectoryError below an object."""
        node: Node = self._root
        for name in _names(path):
            if isinstance(node, StoredObject):
                raise NotADirectoryError(path)
            found = node.get(name)
            if found is None:
                raise PathNotFoundError(path)
            node = found
        return node

    def find_object(self, path: str) -> StoredObject:
        """As `find`, but raises IsADirectoryError for a directory."""
        found = self.find(path)
        if not isinstance(found, StoredObject):
            raise IsADirectoryError(path)
        return found

    def find_replaceable(self, path: str) -> StoredObject | None:
        """Return the object that one put at `path` would replace, None if nothing is there.

        Raises IsADirectoryError, NotADirectoryError if none can be put there. After this `place`
        of an object succeeds.
        """
        try:
            return self.find_object(path)
        except (IsADirectoryError, NotADirectoryError):
            raise
        except PathNotFoundError:
            return None

    def entries(self, path: str) -> Entries:
        """Return name and node of all that stands directly in a directory, in no order."""
        found = self.find(path)
        if isinstance(found, StoredObject):
            raise NotADirectoryError(path)
        return list(found.items())

    def place(self, path: str, node: Node) -> None:
        """Put `node` at `path`, replacing what is there; directories above it come into being.

        Raises NotADirectoryError below an object. Nothing has been made then: below a directory
        that was missing there is no object.
        """
        *parents, leaf = _names(path)
        directory = self._root
        for name in parents:
            child = directory.setdefault(name, {})
            if isinstance(child, StoredObject):
                raise NotADirectoryError(path)
            directory = child
        directory[leaf] = node

    def remove(self, path: str) -> None:
        """Remove what stands at `path`, and the directories that are empty without it."""
        directory = self._root
        chain: list[tuple[Directory, str]] = []
        for name in _names(path):
            chain.append((directory, name))
            child = directory[name]
            if isinstance(child, StoredObject):
                break
            directory = child
        directory, leaf = chain.pop()
        del directory[leaf]
        while chain and not directory:
            directory, name = chain.pop()
            del directory[name]


def _names(path: str) -> list[str]:
    return path[1:].split("/") if path != "/" else []
