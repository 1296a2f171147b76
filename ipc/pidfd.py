"""A process held by a descriptor: whatever becomes of its number, this is never another process."""

from __future__ import annotations

import errno
import os
import select
import signal
from contextlib import suppress
from typing import Final

# PIDFD_SIGNAL_PROCESS_GROUP, which Python has no name for.
_TO_GROUP: Final = 1 << 2


class PidFd:
    """A descriptor that becomes readable when the process ends.

    Closed with its last holder at the latest, so that nobody waits for a number that is another's.
    """

    _descriptor = -1

    def __init__(self, pid: int) -> None:
        """Hold the process that has this number now. Raises ProcessLookupError if none has."""
        self._descriptor = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self._descriptor

    def has_ended(self, timeout_seconds: float = 0.0) -> bool:
        """Return whether the process has ended, after waiting for that if a time is given."""
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        return bool(poller.poll(timeout_seconds * 1000))

    def signal(self, number: int) -> None:
        """Signal the process. Without effect if it has ended or is not ours to signal."""
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._descriptor, number)

    def signal_group(self, number: int) -> bool:
        """Signal the process group that this process leads, or has led.

        Without effect if there is none any more. Return False if the kernel cannot do it, which
        Linux can from 6.9 on.
        """
        try:
            signal.pidfd_send_signal(self._descriptor, number, None, _TO_GROUP)
        except (ProcessLookupError, PermissionError):
            pass
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return False
        return True

    def close(self) -> None:
        """Close it, for when nobody can be waiting any more. Closing twice is no error."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()
