"""How much of a driver's output is logged: a budget that refills, and a count of what it refused.

Pure: times are given, in seconds of any clock that does not go back.
"""

from __future__ import annotations

from typing import Final

# What a record costs a handler hardly depends on its length, up to about this many bytes.
RECORD_BYTES: Final = 1000

# About a thousand records a second: a few percent of a core, and 90 GB a day at the very worst.
RATE_BYTES_PER_SECOND: Final = 1024 * 1024

# The dump of a thousand goroutines comes at once, is wanted whole, and has some 8,000 lines.
BURST_BYTES: Final = 8 * 1024 * 1024

# A budget that is spent waits until it has this much time's worth again: a hundred lines in a row
# tell more than one line in a hundred, and cost less.
_PAUSE_SECONDS: Final = 0.1

# How long lines that were dropped are counted before the count is told.
TOLD_EVERY_SECONDS: Final = 1.0


class Budget:
    """A token bucket in bytes. Each record counts RECORD_BYTES besides its own bytes.

    The last record may overdraw it: otherwise short lines would pass where a long one between
    them does not.
    """

    def __init__(
        self,
        *,
        rate_bytes_per_second: float = RATE_BYTES_PER_SECOND,
        burst_bytes: float = BURST_BYTES,
    ) -> None:
        self._rate = rate_bytes_per_second
        self._burst = burst_bytes
        self._left = burst_bytes
        self._refilled_at: float | None = None
        self._is_spent = False

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is to be logged for now."""
        return self._is_spent

    def refill(self, now: float) -> None:
        """Add what has come in since the last time."""
        if self._refilled_at is not None:
            since = max(0.0, now - self._refilled_at)
            self._left = min(self._burst, self._left + since * self._rate)
        self._refilled_at = now
        if self._left >= min(self._burst, self._rate * _PAUSE_SECONDS):
            self._is_spent = False

    def take(self, size_bytes: int) -> bool:
        """Take what one record costs; return False, and take nothing, if the budget is spent."""
        if self._is_spent:
            return False
        self._left -= size_bytes + RECORD_BYTES
        self._is_spent = self._left <= 0
        return True


class Drops:
    """Lines that were dropped and of which nobody was told yet."""

    def __init__(self) -> None:
        self._count = 0
        self._since = 0.0

    def add(self, count: int, now: float) -> None:
        """Count lines that are dropped."""
        if count and not self._count:
            self._since = now
        self._count += count

    def wait_seconds(self, now: float) -> float | None:
        """Return in how many seconds the count is due, 0 or less if it is; None without one."""
        return self._since + TOLD_EVERY_SECONDS - now if self._count else None

    def take(self) -> int:
        """Return the count and begin again."""
        count, self._count = self._count, 0
        return count
