"""Storing and fetching content, measured and hashed while it passes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from storagedriver.contract import (
    ChecksumMismatchError,
    Reader,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.contract.features import UPLOADS
from storagedriver.contract.streams import Piece

ALGORITHMS: Final = ("sha256", "sha384", "sha512")

# Each piece is a call. What a message takes at most by default, so that each is one message, too.
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Passed:
    """What a transfer moved."""

    size_bytes: int
    digest: str
    """As "algorithm:hex"."""

    def check_digest(self, path: str, expected: str) -> None:
        """Raises ChecksumMismatchError if what moved has another digest than "algorithm:hex"."""
        if self.digest != expected.lower():
            reason = f"the content is {self.digest}, not {expected}"
            raise ChecksumMismatchError(path, reason=reason)


def store(
    driver: StorageDriver, path: str, source: Reader, *, advance: Callable[[int], None]
) -> Passed:
    """Store all of `source` at `path`, out of sight until it is whole where the driver can do so.

    Raises ChecksumMismatchError if the driver then has something else, and what the driver and the
    source raise. A driver without the feature `uploads` may then show the beginning of the content;
    with it, what was at `path` before is still there, and nothing else is left.
    """
    measured = _MeasuredReader(source, advance)
    if UPLOADS in driver.features:
        _store_by_upload(driver, path, measured)
    else:
        driver.write_stream(path, 0, measured)
    passed = measured.passed()
    stored_bytes = driver.stat(path).size
    if stored_bytes != passed.size_bytes:
        reason = f"sent {passed.size_bytes} bytes, but the store has {stored_bytes}"
        raise ChecksumMismatchError(path, reason=reason, driver=driver.name)
    return passed


def _store_by_upload(driver: StorageDriver, path: str, measured: _MeasuredReader) -> None:
    with driver.writer(path) as upload:
        try:
            while piece := measured.read(_PIECE_BYTES):
                upload.write(piece)
            passed = measured.passed()
            upload.commit(size=passed.size_bytes, digest=passed.digest)
        except BaseException:
            # Nobody knows its id, so nobody could continue it. What went wrong first is told.
            with suppress(StorageDriverError, ValueError):
                upload.cancel()
            raise


def fetch(
    pieces: Iterable[Piece],
    write: Callable[[Piece], object],
    *,
    advance: Callable[[int], None],
    algorithm: str = "sha256",
) -> Passed:
    """Give all pieces, such as those of a stream, to `write`, one by one."""
    hasher = hashlib.new(algorithm)
    size_bytes = 0
    for piece in pieces:
        write(piece)
        hasher.update(piece)
        size_bytes += len(piece)
        advance(len(piece))
    return Passed(size_bytes, f"{algorithm}:{hasher.hexdigest()}")


class _MeasuredReader:
    """A reader that counts and hashes what is read through it."""

    def __init__(self, source: Reader, advance: Callable[[int], None]) -> None:
        self._source = source
        self._advance = advance
        self._hasher = hashlib.sha256()
        self._size_bytes = 0

    def read(self, size: int, /) -> Piece:
        piece = self._source.read(size)
        self._hasher.update(piece)
        self._size_bytes += len(piece)
        self._advance(len(piece))
        return piece

    def passed(self) -> Passed:
        return Passed(self._size_bytes, f"sha256:{self._hasher.hexdigest()}")
