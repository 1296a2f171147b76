"""What a driver process writes to standard output and error: into the log, and its end kept.

A driver's output is never protocol. It is cut into lines of any length and any bytes; a slow log
handler slows the driver down at worst, never the calls.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import IO, Final

# Enough for a long traceback, little enough to carry around in an error.
TAIL_BYTES: Final = 64 * 1024

# A line longer than this is logged in pieces.
_LINE_BYTES: Final = 8 * 1024

_READ_BYTES: Final = 64 * 1024

# A pipe holds 64 KiB unless somebody made it larger; this is the most it can be made without
# privilege (1 MiB), twice.
_LAST_READS: Final = 32


class OutputPipe:
    """The host's end of one pipe. Used by one thread, but `tail` may be called from any."""

    def __init__(self, stream: IO[bytes], logger: logging.Logger) -> None:
        self._stream = stream
        self.descriptor = stream.fileno()
        os.set_blocking(self.descriptor, False)
        self._logger = logger
        self._line = bytearray()
        self._tail = b""

    @property
    def tail(self) -> str:
        """The last TAIL_BYTES that came, as text; bytes that are not UTF-8 are escaped."""
        return self._tail.decode("utf-8", "backslashreplace")

    def read(self) -> int | None:
        """Take what is there. Return how many bytes: 0 at the end, for good, None if none yet."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return None
        if data:
            self._tail = (self._tail + data)[-TAIL_BYTES:]
            self._log(data)
        else:
            self._log_line()
        return len(data)

    def read_rest(self) -> None:
        """Take what is there now, without waiting for more, and close."""
        # Bounded: another process may hold the pipe and write for ever.
        for _ in range(_LAST_READS):
            if not self.read():
                break
        self._log_line()
        self._stream.close()

    def _log(self, data: bytes) -> None:
        if not self._logger.isEnabledFor(logging.INFO):
            return
        *complete, rest = data.split(b"\n")
        for line in complete:
            self._line += line
            self._log_line()
        self._line += rest
        self._log_long_pieces()

    def _log_line(self) -> None:
        self._log_long_pieces()
        line, self._line = bytes(self._line), bytearray()
        if line:
            self._write(line)

    def _log_long_pieces(self) -> None:
        while len(self._line) > _LINE_BYTES:
            piece, self._line = self._line[:_LINE_BYTES], self._line[_LINE_BYTES:]
            self._write(bytes(piece))

    def _write(self, line: bytes) -> None:
        # A handler of the program around us that raises must not end the reading: nobody would
        # empty the pipe any more, nor see the process end.
        with suppress(Exception):
            # Not as the format: a driver may write percent signs.
            self._logger.info("%s", line.rstrip(b"\r").decode("utf-8", "backslashreplace"))
