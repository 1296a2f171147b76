"""What a soak counts: calls by kind and outcome, and how long nobody had success."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from time import monotonic


class Tally:
    """Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._last_success = monotonic()
        self._largest_gap_seconds = 0.0
        self._is_paused = False
        self._answers = 0

    def count(self, kind: str, outcome: str) -> None:
        """Count a call of this kind that has ended so."""
        with self._lock:
            self._outcomes[kind][outcome] += 1

    def succeeded(self) -> None:
        """A call has had an answer."""
        now = monotonic()
        with self._lock:
            if not self._is_paused:
                gap_seconds = now - self._last_success
                self._largest_gap_seconds = max(self._largest_gap_seconds, gap_seconds)
            self._last_success = now
            self._answers += 1

    def pause(self) -> None:
        """Not all threads make calls any more."""
        with self._lock:
            self._is_paused = True

    def resume(self) -> None:
        """All threads make calls again."""
        with self._lock:
            self._is_paused = False
            self._last_success = monotonic()

    @property
    def largest_gap_seconds(self) -> float:
        """The longest time without a call that was answered, over all threads."""
        with self._lock:
            return self._largest_gap_seconds

    @property
    def answers(self) -> int:
        """How many calls have had an answer."""
        return self._answers

    @property
    def outcomes(self) -> Mapping[str, Mapping[str, int]]:
        """How often calls of each kind have ended in each way."""
        with self._lock:
            return {kind: dict(counts) for kind, counts in sorted(self._outcomes.items())}
