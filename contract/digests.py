"""Digests as text, "algorithm:hex", and whether a content has the one that it should have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# One form for each digest, as in OCI: upper-case hex would be a second one, and two drivers might
# not agree on it.
_DIGEST_PATTERN: Final = re.compile(r"([a-z0-9_-]+):([0-9a-f]+)")


class DigestCheck:
    """Takes a content piece by piece, and tells whether it has the expected digest."""

    def __init__(self, expected: str) -> None:
        """Raises ValueError, whose text says why, if `expected` is no digest that is known here.

        Known are the algorithms of hashlib whose digests have one length.
        """
        # Here, as it loads OpenSSL, and only commits of uploads need it.
        import hashlib

        match = _DIGEST_PATTERN.fullmatch(expected)
        if match is None:
            raise ValueError("must be algorithm:hex, in lower case")
        algorithm, self._expected_hex = match.groups()
        try:
            # It guards nothing here, so also what is not fit to guard may be used.
            self._hash = hashlib.new(algorithm, usedforsecurity=False)
        except ValueError:
            raise ValueError(f"the algorithm {algorithm} is not known") from None
        size_bytes = self._hash.digest_size
        if size_bytes == 0:
            raise ValueError(f"a digest of {algorithm} may have any length")
        if len(self._expected_hex) != 2 * size_bytes:
            raise ValueError(f"a digest of {algorithm} has {2 * size_bytes} hexadecimal digits")

    def update(self, content: ReadableBuffer) -> None:
        """Take the next piece."""
        self._hash.update(content)

    def matches(self) -> bool:
        """Whether all that was taken has the expected digest."""
        return self._hash.hexdigest() == self._expected_hex
