"""Whether sources have changed while they were copied: looked at for many of them by one walk.

A copy whose source changed after it was read and before it was stored looks newer than the source,
and would be taken for the same by every later sync.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Final

from storagedriver.cli.comparing import Side, order_of
from storagedriver.contract import FileInfo, StorageDriverError

Noted = dict[str, FileInfo]
"""What each source was when its copy began, by relative path."""

DUE_OBJECTS: Final = 4000
"""How many are looked at by one walk. Few enough to be kept in memory and to be seen soon; so many
that it costs little if their directory is a large one, which a walk begins by listing whole."""

_WALKED_PER_NOTED: Final = 8
"""How many entries a walk may pass for each that is looked for: so many cost about one stat."""


class Settling:
    """Collects what was copied from `source`. Its methods may be called from any thread."""

    def __init__(self, source: Side) -> None:
        self._source = source
        self._noted: Noted = {}
        self._lock = threading.Lock()

    def note(self, path: str, info: FileInfo) -> Noted:
        """Remember a copy that is done; return what is to be looked at by now, mostly nothing."""
        with self._lock:
            self._noted[path] = info
            return self._take() if len(self._noted) >= DUE_OBJECTS else {}

    def rest(self) -> Noted:
        """Return what has not been returned yet."""
        with self._lock:
            return self._take()

    def changed(self, noted: Noted) -> list[str]:
        """Return the paths of those that are not what they were, or cannot be looked at."""
        if not noted:
            return []
        unseen = dict(noted)
        changed = [path for path, now in self._walked(noted) if _differs(unseen.pop(path), now)]
        for path, before in unseen.items():
            try:
                if _differs(before, self._source.driver.stat(self._source.full(path))):
                    changed.append(path)
            except StorageDriverError:
                changed.append(path)
        return changed

    def _walked(self, noted: Noted) -> Iterator[tuple[str, FileInfo]]:
        """Iterate over those that a walk finds, as they are now. The others are to be asked for."""
        ordered = sorted(noted, key=order_of)
        # The first cannot be walked to: a walk starts after a path.
        first, last = self._source.full(ordered[0]), order_of(ordered[-1])
        try:
            infos = self._source.driver.walk(self._source.path, first)
            for info in islice(infos, _WALKED_PER_NOTED * len(noted)):
                path = self._source.relative(info.path)
                if order_of(path) > last:
                    return
                if path in noted:
                    yield path, info
        except StorageDriverError:
            # What ended the walk may not concern the objects themselves.
            return

    def _take(self) -> Noted:
        taken, self._noted = self._noted, {}
        return taken


def _differs(before: FileInfo, now: FileInfo) -> bool:
    return (before.size, before.mod_time) != (now.size, now.mod_time)
