"""One output of a driver process, read whatever comes: its end is kept, and all goes to its log.

A driver's output is never protocol. Nothing here waits for a log handler, so a slow one holds up
neither the driver nor the news of its end.
"""

from __future__ import annotations

import os
from time import sleep
from typing import IO, Final

from storagedriver.ipc.driver_log import OutputLog

# Enough for a long traceback, little enough to carry around in an error.
TAIL_BYTES: Final = 64 * 1024

# What a pipe holds unless somebody made it larger.
_READ_BYTES: Final = 64 * 1024

# How often the output of a driver is read that writes more than is logged. It may still write 32
# MiB a second at most; read as fast as it can write, it would cost the host most of a core.
_FLOOD_SECONDS: Final = 0.002

# The most that a pipe can be made to hold without privilege, 1 MiB, twice.
_LAST_READS: Final = 32


class OutputPipe:
    """The host's end of one pipe. Used by one thread, but `tail` may be called from any."""

    def __init__(self, stream: IO[bytes], log: OutputLog) -> None:
        self._stream = stream
        self.descriptor = stream.fileno()
        os.set_blocking(self.descriptor, False)
        self._log = log
        self._tail = bytearray()

    @property
    def tail(self) -> str:
        """The last TAIL_BYTES that came, as text; bytes that are not UTF-8 are escaped."""
        return self._tail[-TAIL_BYTES:].decode("utf-8", "backslashreplace")

    def read(self) -> int | None:
        """Take what is there. Return how many bytes: 0 at the end, for good, None if none yet.

        Does not wait, but for a moment if the driver floods.
        """
        count = self._read()
        if count and self._log.is_flooded:
            sleep(_FLOOD_SECONDS)
        return count

    def read_rest(self) -> None:
        """Take what is there now, without waiting for more, and close."""
        # Bounded: another process may hold the pipe and write for ever.
        for _ in range(_LAST_READS):
            if not self._read():
                break
        self._log.end()
        self._stream.close()

    def _read(self) -> int | None:
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return None
        if data:
            self._keep(data)
            self._log.feed(data)
        else:
            self._log.end()
        return len(data)

    def _keep(self, data: bytes) -> None:
        self._tail += data
        # Not each time: a driver may write a few bytes at once.
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]
