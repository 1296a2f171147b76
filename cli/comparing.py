"""Two walks side by side, and whether an object is the same on both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from storagedriver.contract import (
    FileInfo,
    NotADirectoryError,
    PathNotFoundError,
    ProtocolError,
    StorageDriver,
)

BATCH_OBJECTS: Final = 10_000
"""Entries of a walk that are taken at once: a few megabytes. A walk that goes on lists the
directory it comes to once more, as a whole, and of a large one this should not be often."""


@dataclass(frozen=True, slots=True)
class Side:
    """A directory of a store."""

    driver: StorageDriver
    path: str

    def full(self, relative: str) -> str:
        """Return the whole path of what is `relative` to here."""
        return self.path.rstrip("/") + relative

    def relative(self, full: str) -> str:
        """Return what `full` gave the path for."""
        return full[len(self.path.rstrip("/")) :]

    def walk(self, *, may_be_missing: bool = False) -> Iterator[tuple[str, FileInfo]]:
        """Iterate over all files below, each with its relative path, which begins with a slash.

        Raises ProtocolError if the driver does not walk in byte order: what seems to be missing on
        one side could then be deleted on the other.
        """
        return self._in_order(self._in_batches(self._open(None, may_be_missing), may_be_missing))

    def _open(self, start_after: str | None, may_be_missing: bool) -> Iterator[FileInfo]:
        try:
            return self.driver.walk(self.path, start_after)
        except NotADirectoryError:
            raise
        except PathNotFoundError:
            if not may_be_missing:
                raise
            return iter(())

    def _in_batches(
        self, infos: Iterator[FileInfo] | None, may_be_missing: bool
    ) -> Iterator[FileInfo]:
        while infos is not None:
            batch = list(islice(infos, BATCH_OBJECTS))
            # Let go before anything is done: an open walk holds a channel for as long as copying
            # takes, and a driver may have only one.
            infos = None
            yield from batch
            if len(batch) == BATCH_OBJECTS:
                infos = self._open(batch[-1].path, may_be_missing)

    def _in_order(self, infos: Iterator[FileInfo]) -> Iterator[tuple[str, FileInfo]]:
        last = b""
        for info in infos:
            if (key := order_of(info.path)) <= last:
                reason = f"walk gave {info.path} out of byte order"
                raise ProtocolError(reason, driver=self.driver.name)
            last = key
            yield self.relative(info.path), info


@dataclass(frozen=True, slots=True)
class Pair:
    """One relative path, and what stands there on each side; not None on at least one."""

    path: str
    source: FileInfo | None
    destination: FileInfo | None


def pairs(
    source: Iterator[tuple[str, FileInfo]], destination: Iterator[tuple[str, FileInfo]]
) -> Iterator[Pair]:
    """Iterate over both, in byte order of the relative path, which both are in."""
    ours, theirs = next(source, None), next(destination, None)
    while ours is not None and theirs is not None:
        our_key, their_key = order_of(ours[0]), order_of(theirs[0])
        if our_key == their_key:
            yield Pair(ours[0], ours[1], theirs[1])
            ours, theirs = next(source, None), next(destination, None)
        elif our_key < their_key:
            yield Pair(ours[0], ours[1], None)
            ours = next(source, None)
        else:
            yield Pair(theirs[0], None, theirs[1])
            theirs = next(destination, None)
    while ours is not None:
        yield Pair(ours[0], ours[1], None)
        ours = next(source, None)
    while theirs is not None:
        yield Pair(theirs[0], None, theirs[1])
        theirs = next(destination, None)


def seems_same(source: FileInfo, destination: FileInfo | None) -> bool:
    """Whether the sizes are equal and the destination is not older; a time may be unknown."""
    if destination is None or source.size != destination.size:
        return False
    if source.mod_time is None or destination.mod_time is None:
        return False
    return destination.mod_time >= source.mod_time


def order_of(path: str) -> bytes:
    """Return the key by which paths are in byte order, whatever a driver calls one."""
    return path.encode("utf-8", "surrogatepass")
