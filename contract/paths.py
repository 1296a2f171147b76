"""Which paths are legal: the strict rule of the original, and a relaxed one to opt into."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storagedriver.contract.errors import InvalidPathError

# What common file systems allow for one name (ext4, xfs, btrfs: 255 bytes), and what S3 allows for
# a key. Paths are ASCII, so characters are bytes.
MAX_COMPONENT_BYTES = 255
MAX_PATH_BYTES = 1024

PATH_PATTERN = re.compile(r"(/[a-z0-9]+([._-][a-z0-9]+)*)+")
"""The original's PathRegexp, for `fullmatch` only: `$` would let a final newline through."""

RELAXED_PATTERN = re.compile(r"(/(?!\.\.?(?:/|\Z))[A-Za-z0-9._-]+)+")
"""Upper case, leading and doubled separators too; still no `.` or `..`, and ASCII only."""


@dataclass(frozen=True, slots=True)
class PathRule:
    """One rule for paths: a pattern, and the limits above.

    `check` and `check_with_root` do no I/O, and may be called from any thread.
    """

    name: str
    pattern: re.Pattern[str]

    def check(self, path: str) -> None:
        """Return if `path` names an object or a directory below the root.

        Raises InvalidPathError if it does not fit, TypeError if it is not a str.
        """
        # One match and one comparison for nearly every call; the reason is only sought on failure.
        if type(path) is str and len(path) <= MAX_COMPONENT_BYTES and self.pattern.fullmatch(path):
            return
        self._check_slowly(path)

    def check_with_root(self, path: str) -> None:
        """As `check`, but `/` is legal too: for `list`, `walk` and `stat`."""
        if path != "/":
            self.check(path)

    def _check_slowly(self, path: str) -> None:
        if not isinstance(path, str):
            raise TypeError(f"a path is a str, not {type(path).__name__}")
        # Length first: matching a megabyte of nonsense would cost time for the same answer.
        if len(path) > MAX_PATH_BYTES:
            raise InvalidPathError(path, reason=f"longer than {MAX_PATH_BYTES} bytes")
        if not self.pattern.fullmatch(path):
            raise InvalidPathError(path, reason=f"does not follow the {self.name} path rule")
        if max(map(len, path.split("/"))) > MAX_COMPONENT_BYTES:
            raise InvalidPathError(
                path, reason=f"has a component longer than {MAX_COMPONENT_BYTES} bytes"
            )


STRICT_PATHS = PathRule("strict", PATH_PATTERN)
RELAXED_PATHS = PathRule("relaxed", RELAXED_PATTERN)
