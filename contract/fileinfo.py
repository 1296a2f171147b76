"""What `stat` and `walk` tell about a path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class FileInfo(Protocol):
    """Anything with these four attributes; drivers may return a type of their own.

    Source: the original's FileInfo interface.
    """

    @property
    def path(self) -> str:
        """The path as it was requested."""
        ...

    @property
    def size(self) -> int:
        """Size of the content in bytes, and so the offset at which a write may continue; 0 for a
        directory."""
        ...

    @property
    def mod_time(self) -> datetime | None:
        """When the content was last written, aware and in UTC; None for a directory."""
        ...

    @property
    def is_dir(self) -> bool:
        """Whether the path is a directory."""
        ...


@dataclass(frozen=True, slots=True)
class FileInfoFields:
    """The FileInfo of all drivers here (the original's FileInfoFields and FileInfoInternal)."""

    path: str
    size: int
    mod_time: datetime | None
    is_dir: bool
