"""Where a filesystem driver works, held open while the driver is or any call still needs it."""

from __future__ import annotations

import threading
from types import TracebackType

from storagedriver.drivers.confined import Root
from storagedriver.drivers.staging import Staging


class Place:
    """The root and its staging directory. A context for each call, from any thread.

    The last to leave after `close` closes both: closed under a call, their descriptors might be
    another file's by the next line of it. (Loser: to leave it to their last reference, as the
    traceback of an error holds references for as long as anybody holds the error.)
    """

    def __init__(self, root: Root) -> None:
        self.root = root
        self.staging = Staging(root)
        self._lock = threading.Lock()
        self._calls = 0
        self._is_closed = False

    def __enter__(self) -> Place:
        with self._lock:
            if self._is_closed:
                raise ValueError("the driver filesystem is closed")
            self._calls += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._calls -= 1
            self._close_if_unused()

    def close(self) -> None:
        """Let no further call in. Closing twice is no error."""
        with self._lock:
            self._is_closed = True
            self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._is_closed and self._calls == 0:
            self.staging.close()
            self.root.close()
