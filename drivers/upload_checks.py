"""What a driver checks before it publishes an upload: the size and the digest of what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from storagedriver.contract.digests import DigestCheck
from storagedriver.contract.errors import ChecksumMismatchError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def check_size(path: str, stored: int, expected: int) -> None:
    """Raises ChecksumMismatchError if the sizes in bytes differ."""
    if stored != expected:
        reason = f"the upload has {stored} bytes, and should have {expected}"
        raise ChecksumMismatchError(path, reason=reason)


def check_digest(path: str, content: Iterable[ReadableBuffer], digest: DigestCheck | None) -> None:
    """Raises ChecksumMismatchError if all of `content` has not the digest; None reads nothing."""
    if digest is None:
        return
    for piece in content:
        digest.update(piece)
    if not digest.matches():
        raise ChecksumMismatchError(path, reason="the upload has another digest")
