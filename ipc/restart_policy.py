"""When a driver that has ended is started again: a pure policy, given times and a random number.

The first start after an end is made at once. What ends again without having been of use is waited
for, longer each time, and given up in the end: such a driver would only burn the machine.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How often and how soon a driver may be started again.

    A driver was of use when it has answered a call, or was ready for `stable_seconds`: the ends
    before it are forgotten then.
    """

    max_in_a_row: int = 10
    """Starts after ends in a row; with the next end the driver is given up."""
    first_delay_seconds: float = 0.1
    """Before the second start in a row, twice as long before each further one. The first is made at
    once."""
    max_delay_seconds: float = 5.0
    """No delay is longer."""
    jitter: float = 0.5
    """The part of a delay that chance may take off, so that many drivers do not start together."""
    stable_seconds: float = 5.0
    """After which a driver that nobody has asked anything counts as sound."""


class RestartHistory:
    """The ends of one driver in a row. For one thread at a time."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._ends = 0

    def end(self, *, was_of_use: bool, ready_seconds: float, chance: float) -> float | None:
        """Account for an end; return after how many seconds to start again, or None to give up.

        `ready_seconds` is how long the driver was ready, 0 if its start has failed; `chance` a
        number from 0 to 1.
        """
        policy = self._policy
        if was_of_use or ready_seconds >= policy.stable_seconds:
            self._ends = 0
        self._ends += 1
        if self._ends > policy.max_in_a_row:
            return None
        if self._ends == 1:
            return 0.0
        # The exponent ends where every delay is the longest: powers of two grow without limit.
        doublings = min(self._ends - 2, 62)
        delay = min(policy.max_delay_seconds, policy.first_delay_seconds * 2.0**doublings)
        return delay * (1 - policy.jitter * chance)
