"""A gate at which all threads of a soak can be made to wait, so that it can be looked around."""

from __future__ import annotations

import threading


class Gate:
    """Open at first. Whoever waits in it makes no call."""

    def __init__(self, participants: int) -> None:
        self._participants = participants
        self._changed = threading.Condition()
        self._waiting = 0
        self._is_open = True

    def pass_through(self) -> None:
        """Return when the gate is open."""
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_open)
            self._waiting -= 1

    def leave(self) -> None:
        """This participant is not coming again."""
        with self._changed:
            self._participants -= 1
            self._changed.notify_all()

    def close(self, timeout_seconds: float) -> bool:
        """Close it and wait until all participants wait in it; return whether they do in time."""
        with self._changed:
            self._is_open = False
            return self._changed.wait_for(
                lambda: self._waiting >= self._participants, timeout_seconds
            )

    def open(self) -> None:
        """Let everybody through."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()
