"""What is told of an object that turns out wrong, and the exception that tells it."""

from __future__ import annotations

from collections import defaultdict, deque
from time import monotonic
from typing import Final

# The last calls explain what is there now; what lies further back has been verified since.
_REMEMBERED: Final = 16


class ViolationError(Exception):
    """Something is not as it must be. The text tells what, and how it came to it."""


class Stories:
    """What has happened to each path of one thread."""

    def __init__(self, began: float) -> None:
        """`began` is the monotonic time that all times are told from."""
        self._began = began
        self._lines: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))

    def tell(self, path: str, event: str) -> None:
        self._lines[path].append(f"{monotonic() - self._began:9.3f} s  {event}")

    def violation(self, path: str, what: str) -> ViolationError:
        """Return the exception for what is wrong at `path`, with its story."""
        return ViolationError("\n    ".join([f"{path}: {what}", *self._lines[path]]))
