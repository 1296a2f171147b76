"""Why a call makes no progress: is the driver busy, stopped, or does it hang?"""

from __future__ import annotations

from enum import Enum
from time import monotonic
from typing import Final

from storagedriver.contract.features import PING
from storagedriver.ipc.channel import ChannelLostError, NoProgressError
from storagedriver.ipc.running import RunningDriver

# An answer to Ping takes a millisecond, and a tenth of a second on a machine that swaps. Nobody who
# has waited for a call minds this much more.
_PING_SECONDS: Final = 2.0


class Finding(Enum):
    """What was found, as the text that an error says."""

    BUSY = "the driver is busy with it: it answers otherwise"
    STOPPED = "the driver's process is stopped"
    SILENT = "the driver answers nothing at all"
    STILL = "no call makes progress, and the driver takes no question while it works"
    ENDED = "the driver has ended since"

    @property
    def is_hang(self) -> bool:
        """Whether nothing more is to be expected of the process."""
        return self in (Finding.STOPPED, Finding.SILENT, Finding.STILL)


def examine(running: RunningDriver, timeout_seconds: float) -> Finding:
    """Find out about a driver of which a call has made no progress for so long.

    A driver that cannot answer while it works is judged by the progress of its other calls.
    """
    if PING not in running.features or not running.has_workers:
        silent_seconds = monotonic() - running.pool.progress_at()
        return Finding.STILL if silent_seconds >= timeout_seconds else Finding.BUSY
    try:
        running.ping(min(_PING_SECONDS, timeout_seconds))
    except NoProgressError:
        return Finding.STOPPED if running.process.is_stopped() else Finding.SILENT
    except ChannelLostError:
        return Finding.ENDED
    return Finding.BUSY
