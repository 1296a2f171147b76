"""Copying one object between stores: out of sight until whole, and continued where it stopped.

What an earlier copy has sent before it was killed is in an open upload of the destination.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from storagedriver.cli.content import Passed, fetch, store
from storagedriver.cli.piecewise import in_pieces
from storagedriver.contract import (
    ChecksumMismatchError,
    ContentChangedError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    Piece,
    StorageDriver,
    StorageDriverError,
    UploadInfo,
)
from storagedriver.contract.features import UPLOADS

# One call each way, and nothing to continue: sending it again costs no more than to look for it.
SMALL_BYTES: Final = 1 << 20

# An object that is replaced again and again while it is copied is left alone.
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Copied:
    """What one copy took, in bytes of content."""

    passed: Passed
    sent_bytes: int
    continued_bytes: int = 0
    """Found in an upload that was left, and not sent."""
    sent_again_bytes: int = 0
    """Sent a second time, as what was continued turned out to be of another content."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One object to copy; `advance` is told how many bytes have passed, and may raise to stop."""

    source: StorageDriver
    source_path: str
    destination: StorageDriver
    destination_path: str
    advance: Callable[[int], None]

    def run(self, *, verify: bool = False) -> Copied:
        """Copy, and read back if `verify`.

        Raises ContentChangedError if the source changes all the time, ChecksumMismatchError if
        what arrived is not what was sent, and what the drivers raise. What the destination had is
        then there still, if it can do uploads; what was sent is there to be continued.
        """
        before = self.source.stat(self.source_path)
        for _ in range(_ATTEMPTS):
            copied = self._once(before.size)
            # Else what is at the destination would be older than it looks, and never replaced.
            after = self.source.stat(self.source_path)
            if (after.size, after.mod_time) == (before.size, before.mod_time):
                if verify:
                    self._verify(copied.passed.digest)
                return copied
            before = after
        raise ContentChangedError(self.source_path, driver=self.source.name)

    def run_small(self) -> int | None:
        """Copy in one call each way; return the size, None if nothing was done as it is too large.

        Whether the source has changed meanwhile is for the caller to look at. Raises what the
        drivers raise. What the destination had is then there still.
        """
        with self.source.read_stream(self.source_path) as stream:
            # Not all of it, whatever its size: it may have grown since somebody saw it small.
            content = stream.read(SMALL_BYTES + 1)
        if len(content) > SMALL_BYTES:
            return None
        self.destination.put_content(self.destination_path, content)
        self.advance(len(content))
        return len(content)

    def _once(self, size_bytes: int) -> Copied:
        if size_bytes <= SMALL_BYTES:
            content = self.source.get_content(self.source_path)
            self.destination.put_content(self.destination_path, content)
            self.advance(len(content))
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            return Copied(Passed(len(content), digest), len(content))
        if UPLOADS in self.destination.features:
            return self._by_upload(size_bytes)
        if self.source is self.destination:
            return self._by_appending()
        with self.source.read_stream(self.source_path) as stream:
            passed = store(self.destination, self.destination_path, stream, advance=self.advance)
        return Copied(passed, passed.size_bytes)

    def _by_appending(self) -> Copied:
        position = 0

        def append(piece: Piece) -> None:
            nonlocal position
            path = self.destination_path
            position += self.destination.write_stream(path, position, io.BytesIO(piece))

        with self._opened() as pieces:
            passed = fetch(pieces, append, advance=self.advance)
        return Copied(passed, passed.size_bytes)

    def _by_upload(self, size_bytes: int) -> Copied:
        left = self._left_upload(size_bytes)
        if left is None:
            return self._upload(None)
        try:
            return self._upload(left.upload_id)
        except ChecksumMismatchError:
            copied = self._upload(None)
            wasted_bytes = size_bytes - left.size
            return replace(
                copied,
                sent_bytes=copied.sent_bytes + wasted_bytes,
                sent_again_bytes=size_bytes,
            )
        except PathNotFoundError:
            # Somebody has ended it. If it is the source that is gone, that is seen again.
            return self._upload(None)

    def _left_upload(self, size_bytes: int) -> UploadInfo | None:
        """Return the newest upload to the path that may hold a beginning of the content."""
        fitting = [
            upload
            for upload in self.destination.uploads(self.destination_path)
            if upload.path == self.destination_path and upload.size <= size_bytes
        ]
        return max(fitting, key=lambda upload: upload.time, default=None)

    def _upload(self, resume: str | None) -> Copied:
        with (
            self._opened() as pieces,
            self.destination.writer(self.destination_path, resume=resume) as upload,
        ):
            continued_bytes = upload.size
            position = 0

            def send(piece: Piece) -> None:
                nonlocal position
                # What the upload has is read all the same: the digest is that of the whole.
                beyond = memoryview(piece)[max(0, continued_bytes - position) :]
                position += len(piece)
                if beyond:
                    upload.write(beyond)

            passed = fetch(pieces, send, advance=self.advance)
            try:
                # The digest is what keeps a wrong beginning from ever being published.
                upload.commit(size=passed.size_bytes, digest=passed.digest)
            except (ChecksumMismatchError, IsADirectoryError, NotADirectoryError):
                # No continuation could make it right.
                with suppress(StorageDriverError):
                    upload.cancel()
                raise
        sent_bytes = passed.size_bytes - continued_bytes
        return Copied(passed, sent_bytes, continued_bytes)

    @contextmanager
    def _opened(self) -> Generator[Iterable[Piece], None, None]:
        if self.source is self.destination:
            yield in_pieces(self.source, self.source_path)
            return
        with self.source.read_stream(self.source_path) as stream:
            yield stream

    def _verify(self, digest: str) -> None:
        with self.destination.read_stream(self.destination_path) as stream:
            fetch(stream, len, advance=self.advance).check_digest(self.destination_path, digest)
