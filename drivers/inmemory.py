"""The driver that keeps everything in this process's memory, and loses it with the driver."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from storagedriver.contract.driver import Paths, StorageDriver
from storagedriver.contract.errors import (
    InvalidOffsetError,
    InvalidPathError,
    NotADirectoryError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.contract.features import MOVE_DIRECTORIES, UPLOADS, VOLATILE, WALK
from storagedriver.contract.fileinfo import FileInfo, FileInfoFields
from storagedriver.contract.streams import Reader, ReadStream, as_bytes_view
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.drivers.inmemory_uploads import InMemoryUpload, Uploads
from storagedriver.drivers.parameters import check_known
from storagedriver.drivers.pieces import pieces
from storagedriver.drivers.segments import Segments, SegmentsReadStream, appended, cut
from storagedriver.drivers.tree import Entries, Node, StoredObject, Tree

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

VERSION_NONCE_BYTES: Final = 8
"""Random bytes in front of the counter in a version: a driver that was started again counts from
the beginning, and its versions must not pass for those of the one before."""


class InMemoryDriver(StorageDriver):
    """A tree of dictionaries. Takes no parameters.

    A write stores what its reader gave only when the reader has ended: after a failure the content
    is untouched. Everything may be called from any thread; one lock guards the tree, and no call
    holds it for longer than a few dictionary operations, or the copy of one directory's entries.
    """

    name = "inmemory"
    features = frozenset({MOVE_DIRECTORIES, UPLOADS, VOLATILE, WALK})

    def __init__(self) -> None:
        self._tree = Tree()
        self._uploads = Uploads()
        self._lock = threading.Lock()
        self._nonce = os.urandom(VERSION_NONCE_BYTES)
        self._writes = itertools.count(1)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, object]) -> InMemoryDriver:
        """Make a driver. Raises InvalidParametersError if there are any parameters."""
        check_known(cls.name, parameters, known=())
        return cls()

    def get_content(self, path: str) -> bytes:
        with self._lock:
            found = self._tree.find_object(path)
        return b"".join(found.segments)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        data = content if type(content) is bytes else bytes(as_bytes_view(content))
        with self._lock:
            self._put(path, (data,) if data else ())

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        with self._lock:
            found = self._tree.find_object(path)
        return SegmentsReadStream(found.segments, offset, size=found.size, version=found.version)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        with self._lock:
            self._find_writable(path, offset)
        # Not under the lock: the reader may wait for anything, even another call of this driver.
        data = [bytes(piece) for piece in pieces(reader)]
        with self._lock:
            old = self._find_writable(path, offset)
            kept = cut(old.segments, offset) if old else ()
            self._store(path, old, appended(kept, data))
        return sum(map(len, data))

    def stat(self, path: str) -> FileInfo:
        with self._lock:
            found = self._tree.find(path)
        if isinstance(found, StoredObject):
            return found.info(path)
        return FileInfoFields(path, 0, None, is_dir=True)

    def list(self, path: str) -> Paths:
        entries = self._entries(path)
        parent = "" if path == "/" else path
        return [f"{parent}/{name}" for name in sorted(name for name, _ in entries)]

    def move(self, source: str, destination: str) -> None:
        with self._lock:
            moved = self._tree.find(source)
            if source == destination:
                return
            if isinstance(moved, StoredObject):
                replaced = self._tree.find_replaceable(destination)
                if replaced is not None:
                    # The time at a path never goes back, whatever comes to stand there.
                    moved = replace(moved, mod_time=max(moved.mod_time, replaced.mod_time))
            else:
                self._check_directory_move(source, destination)
            self._tree.place(destination, moved)
            self._tree.remove(source)

    def delete(self, path: str) -> None:
        with self._lock:
            self._tree.find(path)
            self._tree.remove(path)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        raise UnsupportedMethodError("URLFor")

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        """As the contract says; each directory is seen as it is when the walk comes to it."""
        return self._walk("" if path == "/" else path, self._entries(path), start_after or "")

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        with self._lock:
            if resume is None:
                upload = self._uploads.make(path)
            else:
                upload = self._uploads.find(path, resume)
        return InMemoryUpload(self._uploads, self._lock, self._put, upload)

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        with self._lock:
            return iter(self._uploads.below(prefix))

    def _walk(self, path: str, entries: Entries, start_after: str) -> Iterator[FileInfo]:
        # A stack of our own: a tree may be deeper than the interpreter's.
        stack = _visits_backwards(path, entries, start_after)
        while stack:
            _, child, node = stack.pop()
            if isinstance(node, StoredObject):
                yield node.info(child)
                continue
            # Found by its path once more: a deleted directory keeps its entries for itself.
            with suppress(PathNotFoundError):
                stack += _visits_backwards(child, self._entries(child), start_after)

    def _entries(self, path: str) -> Entries:
        with self._lock:
            return self._tree.entries(path)

    # The lock is held where those that follow are called.

    def _put(self, path: str, segments: Segments) -> None:
        self._store(path, self._tree.find_replaceable(path), segments)

    def _find_writable(self, path: str, offset: int) -> StoredObject | None:
        found = self._tree.find_replaceable(path)
        if offset > (found.size if found else 0):
            raise InvalidOffsetError(path, offset)
        return found

    def _store(self, path: str, old: StoredObject | None, segments: Segments) -> None:
        now = datetime.now(UTC)
        mod_time = max(now, old.mod_time) if old else now
        version = self._nonce + next(self._writes).to_bytes(8, "big")
        size = sum(map(len, segments))
        self._tree.place(path, StoredObject(segments, size, mod_time, version))

    def _check_directory_move(self, source: str, destination: str) -> None:
        if destination.startswith(source + "/"):
            raise InvalidPathError(destination, reason=f"lies inside {source}, which is to move")
        if self._tree.find_replaceable(destination) is not None:
            raise NotADirectoryError(destination)


def _visits_backwards(path: str, entries: Entries, start_after: str) -> list[tuple[str, str, Node]]:
    """Return (sort key, path, node) of what a walk has to visit in a directory, the first last.

    What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
    """
    visits: list[tuple[str, str, Node]] = []
    for name, node in entries:
        child = f"{path}/{name}"
        if isinstance(node, StoredObject):
            if child > start_after:
                visits.append((child, child, node))
        # All that is below `child` sorts before `child + "0"`, as "0" follows "/".
        elif child + "0" > start_after:
            visits.append((child + "/", child, node))
    visits.sort(key=lambda visit: visit[0], reverse=True)
    return visits
