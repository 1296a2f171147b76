"""How much work a benchmark does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

SMALL_BYTES: Final = 4 * 1024
"""Of the content of small calls: a manifest, a lock file, an index entry."""

WHOLE_MIB: Final = (16, 64)
"""Of the contents that are got in one call: far more than a message holds, and what a caller of
`get_content` should think about twice."""

THREAD_COUNTS: Final = (1, 8, 32)
"""How many threads call at once: one, more than there are CPUs, and half the channels that a driver
takes unless told otherwise."""

CHANNEL_COUNTS: Final = (1, 8, 32, 64)
"""How many calls are open at once while one of them is measured. The last is as many as a driver
takes unless told otherwise."""

OBJECT_COUNTS: Final = (1_000, 10_000, 100_000, 1_000_000)
"""How many objects a store holds while calls are measured."""


class Size(Enum):
    """How long a benchmark may take."""

    QUICK = "quick"
    """Seconds, to see that it works; its figures say little."""
    NORMAL = "normal"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Amounts:
    """The work of one turn of one subject, and how many turns it gets."""

    rounds: int
    starts: int
    """Of which the median is the figure of a round."""
    call_seconds: float
    """For how long calls are repeated, for each kind of figure. By time and not by number, as a
    call may take a microsecond or, to a remote store, a tenth of a second."""
    stream_bytes: int
    whole_gets: int
    """Of which the median is the figure of a round."""
    most_objects: int
    """How far a store grows. A million is a matter of minutes for a driver in its own process."""
    fill_seconds: float
    """How long it may take to fill a store to the next number of objects. One that would take
    longer, such as one that syncs each object to a disk, is measured no further."""


AMOUNTS: Final[Mapping[Size, Amounts]] = {
    Size.QUICK: Amounts(
        2,
        starts=1,
        call_seconds=0.02,
        stream_bytes=8 << 20,
        whole_gets=1,
        most_objects=1_000,
        fill_seconds=10,
    ),
    Size.NORMAL: Amounts(
        5,
        starts=3,
        call_seconds=0.4,
        stream_bytes=256 << 20,
        whole_gets=5,
        most_objects=100_000,
        fill_seconds=20,
    ),
    Size.FULL: Amounts(
        9,
        starts=5,
        call_seconds=2.0,
        stream_bytes=1 << 30,
        whole_gets=9,
        most_objects=1_000_000,
        fill_seconds=300,
    ),
}
"""Normal takes about a minute for two subjects whose store is quick. Fewer than five rounds give no
median to speak of. An odd number has one in the middle."""
