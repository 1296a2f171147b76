"""The one version number: of the contract and of the wire together, as "Major.Minor"."""

from __future__ import annotations

import re
from dataclasses import dataclass

# ASCII digits only: `\d` would also take digits of other scripts.
_VERSION_PATTERN = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version, ordered by major and then minor; both are unsigned.

    Source: the 2015 package's `Version`, whose text form this keeps and whose silent fallbacks
    (a missing number read as 0) it does not.
    """

    major: int
    minor: int

    def __post_init__(self) -> None:
        if self.major < 0 or self.minor < 0:
            raise ValueError(f"a version has no negative part: {self.major}.{self.minor}")

    @classmethod
    def parse(cls, text: str) -> Version:
        """Return the version written as `text`, two unsigned decimal numbers with a dot between.

        Raises ValueError for anything else.
        """
        match = _VERSION_PATTERN.fullmatch(text)
        if match is None:
            raise ValueError(f'a version is two unsigned numbers such as "0.1", not {text!r}')
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


CURRENT_VERSION = Version(0, 1)
