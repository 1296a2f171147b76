"""StorageDriver: what every driver is, in this process or in another.

Source: the `storagedriver` package documentation of January 2015, with one answer to each question
that its drivers answered differently (docs/contract.md lists them).

Paths are absolute, `/`-separated and below a root that the driver was given. There are no empty
directories: a directory exists while something is in it. Every method may be called from any
thread. All of them raise StorageDriverError or a class of it (`contract.errors`); the docstrings
name the classes that are special to a method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

from storagedriver.contract.errors import (
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver.contract.fileinfo import FileInfo
from storagedriver.contract.streams import Reader, ReadStream
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.contract.walking import walk_by_listing

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# `list` is a method below, and would hide the built-in in annotations of the class.
Paths = list[str]


class StorageDriver(ABC):
    """A store of objects by path. Nine methods are abstract; the rest have defaults built on them.

    A driver's own code may rely on checked arguments: the path rule, types and `offset >= 0` are
    checked once in the caller's process, by the factory's wrapper or by the IPC client.
    """

    name: str = ""
    """The name it is created by, which errors mention."""

    features: frozenset[str] = frozenset()
    """What it can do beyond the minimum: see `contract.features`."""

    @abstractmethod
    def get_content(self, path: str) -> bytes:
        """Return the whole content at `path`. Meant for small objects, right for any size.

        Raises PathNotFoundError, IsADirectoryError.
        """

    @abstractmethod
    def put_content(self, path: str, content: ReadableBuffer) -> None:
        """Replace the whole content at `path` atomically; parents come into being with it.

        A reader or a crash sees the old content or the new one, never a mixture. Of several writers
        at once, one whole content wins.

        Raises IsADirectoryError over a directory, NotADirectoryError below a file.
        After failure: the old content is there, unless the outcome is said to be unknown.
        """

    @abstractmethod
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        """Open the content at `path` for reading from `offset` in bytes.

        At or beyond the end the stream is empty. If the object is replaced by `put_content` or
        `move`, or deleted, an open stream gives the old content or the new one to the end, or
        raises, but never mixes them.

        Raises PathNotFoundError, IsADirectoryError, InvalidOffsetError if `offset` is negative.
        """

    @abstractmethod
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        """Store all that `reader` gives at `offset`; return the number of bytes written.

        Afterwards the content is `old[:offset]` and what was read; no stale tail stays. `offset` is
        at most the current size, which is 0 where nothing is there. The reader is not closed.

        Raises InvalidOffsetError, with nothing written, IsADirectoryError, NotADirectoryError, and
        whatever the reader raises, unchanged.
        After failure: the content is untouched, or `old[:offset]` and a prefix of what was read.
        """

    @abstractmethod
    def stat(self, path: str) -> FileInfo:
        """Tell about `path`, which may be `/`, a directory always. Raises PathNotFoundError."""

    @abstractmethod
    def list(self, path: str) -> Paths:
        """Return the full paths of what stands directly in `path`, once each, in byte order.

        Raises PathNotFoundError, NotADirectoryError. `/` is always there, if need be empty.
        """

    @abstractmethod
    def move(self, source: str, destination: str) -> None:
        """Move an object, replacing the one at `destination`, atomically where the backend can.

        A directory moves as a whole tree to a place where nothing is, or UnsupportedMethodError
        (feature `move-directories`). To itself: nothing changes.

        Raises PathNotFoundError of the source (then the destination is untouched),
        IsADirectoryError if the destination is a directory, NotADirectoryError if it lies below a
        file or a directory would replace a file, InvalidPathError if a directory would move into
        itself. After failure: nothing has changed, unless the outcome is said to be unknown.
        """

    @abstractmethod
    def delete(self, path: str) -> None:
        """Delete an object, or a directory with all below it.

        Raises PathNotFoundError; PartialFailureError with the paths that are left.
        """

    @abstractmethod
    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        """Return a URL for the object at `path`.

        Options: `method`, "GET" (default), "HEAD", or "PUT" where supported; `expiry`, an aware
        datetime. Raises InvalidParametersError for any other option or type,
        UnsupportedMethodError without the feature `url-for`.
        """

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        """Iterate over every file below `path`, in byte order of the full path.

        `start_after` leaves out all paths up to and including it. A file that vanishes meanwhile is
        left out. Errors of opening are raised by the call, as by `list`.
        """
        return walk_by_listing(self, path, start_after)

    def resume_write_position(self, path: str) -> int:
        """Return the offset at which a write of `path` may continue: its size, 0 if absent.

        Source: the interface of 2014. Raises IsADirectoryError, NotADirectoryError.
        """
        try:
            info = self.stat(path)
        except NotADirectoryError:
            raise
        except PathNotFoundError:
            return 0
        if info.is_dir:
            raise IsADirectoryError(path)
        return info.size

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        """Open a hidden upload to `path`, or continue the one whose id is `resume` at its size.

        Several uploads to one path may be open, and the last one that is committed stays. What
        stands at the path matters to the commit only.

        Raises PathNotFoundError if there is no such upload of this path,
        UnsupportedMethodError without the feature `uploads`.
        """
        raise UnsupportedMethodError("OpenUpload")

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        """Iterate over the open uploads to `prefix` and to paths below it.

        In byte order of path, then of id. Errors of opening are raised by the call, as by `list`.

        Raises UnsupportedMethodError without the feature `uploads`.
        """
        raise UnsupportedMethodError("ListUploads")

    def close(self) -> None:  # noqa: B027 - a driver that holds nothing need not say so
        """Let go of what the driver holds; a driver process ends. Closing twice is no error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
