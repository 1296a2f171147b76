"""Errors that leave a driver carry its name, also those that a stream or a walk raises later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from storagedriver.contract.errors import StorageDriverError
from storagedriver.contract.streams import ReadStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Item = TypeVar("Item")


class ErrorNaming:
    """A context in which every error becomes one of the contract, with the driver's name in it.

    An error of the contract keeps its name if it has one. Any other becomes a StorageDriverError
    with the code `Internal`, chained from it. What is no Exception passes: an interrupt, say.

    One instance serves any number of calls at once; it is no generator, as those cost more than
    some of the calls that it is put around.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception):
            named = self.named(error)
            if named is not error:
                raise named from error

    def named(self, error: Exception) -> StorageDriverError:
        """Return `error` with the name in it, or what it becomes: to be raised from it."""
        if isinstance(error, StorageDriverError):
            error.driver = error.driver or self.name
            return error
        text = f"{type(error).__name__}: {error}"
        return StorageDriverError(text, code="Internal", driver=self.name)


class _LastingErrorNaming(ErrorNaming):
    """As ErrorNaming, for one stream: once entered in vain, it raises the same error for ever."""

    __slots__ = ("_failure",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._failure: StorageDriverError | None = None

    def __enter__(self) -> None:
        if self._failure is not None:
            raise self._failure

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, traceback)
        except StorageDriverError as internal:
            self._failure = internal
            raise
        if isinstance(error, StorageDriverError):
            self._failure = error


class NamedReadStream(ReadStream):
    """Passes everything on to `stream`, which it owns. After an error it raises that again."""

    def __init__(self, stream: ReadStream, name: str) -> None:
        self._stream = stream
        self._naming = _LastingErrorNaming(name)
        self.size = stream.size
        self.version = stream.version

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        self.check_open()
        with self._naming:
            return self._stream.readinto1(buffer)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        self.check_open()
        with self._naming:
            return self._stream.readinto(buffer)

    def read(self, size: int | None = -1, /) -> bytes:
        self.check_open()
        with self._naming:
            return self._stream.read(size)

    def read1(self, size: int = -1, /) -> bytes:
        self.check_open()
        with self._naming:
            return self._stream.read1(size)

    # As in ReadStream: chunks, which may be memoryviews.
    def __next__(self) -> bytes | memoryview:  # type: ignore[override]
        self.check_open()
        with self._naming:
            chunk = next(self._stream, None)
        # Not inside: the end is no error.
        if chunk is None:
            raise StopIteration
        return chunk

    def fileno(self) -> int:
        return self._stream.fileno()

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        # Its own context: closing works, and counts, also after a failed read.
        with ErrorNaming(self._naming.name):
            self._stream.close()


def named_items(naming: ErrorNaming, items: Iterable[Item]) -> Iterator[Item]:
    """Iterate over `items`, naming the errors that come up on the way."""
    with naming:
        yield from items
