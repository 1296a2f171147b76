"""The names of what a driver may do beyond the minimum; all else every driver does."""

from __future__ import annotations

from typing import Final

URL_FOR: Final = "url-for"
"""`url_for` gives URLs."""
WALK: Final = "walk"
"""`walk` does better than listing each directory and asking for each entry."""
UPLOADS: Final = "uploads"
"""`writer` and `uploads` work."""
MOVE_DIRECTORIES: Final = "move-directories"
"""`move` takes directories."""
CONSTANT_MEMORY: Final = "constant-memory"
"""Streams of any size pass through without growing the process."""
FLAT_NAMESPACE: Final = "flat-namespace"
"""An object and a prefix may have one name, and both stay reachable."""
VOLATILE: Final = "volatile"
"""All content is lost when the driver ends: whoever starts it again has to know."""
PING: Final = "ping"
"""On the wire: control messages are answered while calls run."""
FILE_HANDOFF: Final = "file-handoff"
"""On the wire: reads may hand over a file descriptor."""

FEATURES: Final = frozenset(
    {
        URL_FOR,
        WALK,
        UPLOADS,
        MOVE_DIRECTORIES,
        CONSTANT_MEMORY,
        FLAT_NAMESPACE,
        VOLATILE,
        PING,
        FILE_HANDOFF,
    }
)
