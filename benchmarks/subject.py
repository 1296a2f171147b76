"""Subject: what a benchmark measures, whatever it is made of."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Protocol

from storagedriver.contract import Piece, Reader


class Subject(Protocol):
    """Stores content by key. A key begins with a slash and is a legal path of a storage driver.

    It is started and stopped again and again, and remembers nothing from one time to the next. One
    thread starts and stops it, and any number call what is between at once. Errors of its own pass
    through a benchmark unchanged and end it.

    A method should add nothing to what is measured: no check, no copy and no lock that a user of
    the same thing would not have.
    """

    @property
    def name(self) -> str:
        """What the columns of the result are called."""
        ...

    @property
    def child_pid(self) -> int | None:
        """The process that does the work, while started; None if this one does."""
        ...

    @property
    def most_calls(self) -> int | None:
        """How many calls it takes at once, while started; None if there is no limit."""
        ...

    def start(self) -> None:
        """Start it, and return once it has answered a first call."""
        ...

    def stop(self) -> None:
        """End it and leave nothing of what was stored. Without effect if it is not started."""
        ...

    def stat(self, key: str) -> int:
        """Return the size of the content in bytes."""
        ...

    def get(self, key: str) -> Piece:
        """Return the whole content."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Replace the whole content."""
        ...

    def read_stream(self, key: str) -> Iterator[Piece]:
        """Iterate over the content in chunks, none empty, of the size that suits the subject."""
        ...

    def write_stream(self, key: str, reader: Reader) -> int:
        """Replace the content with all that `reader` gives; return how many bytes that were."""
        ...


@contextmanager
def running(subject: Subject) -> Generator[None, None, None]:
    """Have a subject started within the block, and stopped after it, however it ends."""
    try:
        subject.start()
        yield
    finally:
        subject.stop()
