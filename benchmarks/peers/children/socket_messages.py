"""The messages of the raw sockets peer: lengths in front of everything."""

from __future__ import annotations

import socket
from enum import IntEnum
from io import BufferedReader
from struct import Struct
from typing import Final, cast

REQUEST: Final = Struct("!BHQ")
"""What to do, the length of the key, and the length of the content; both follow."""

RESPONSE: Final = Struct("!Q")
"""The size of the content, which follows where it was asked for."""

PIECE: Final = Struct("!I")
"""In front of each piece of a written stream, whose end is one of no bytes."""

PIECE_BYTES: Final = 1 << 20
"""For one system call. From 256 KiB on it makes no difference."""

# A small message comes by one system call, and larger ones by as few as without a buffer.
_BUFFER_BYTES: Final = 64 * 1024


class Operation(IntEnum):
    """What to do."""

    SIZE = 0
    GET = 1
    PUT = 2
    READ = 3
    WRITE = 4


def incoming_of(connection: socket.socket) -> BufferedReader:
    """Return what reads from a connection. What is larger than its buffer goes past that."""
    # Typed as less than it is.
    return cast("BufferedReader", connection.makefile("rb", _BUFFER_BYTES))
