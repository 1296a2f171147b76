"""How rpyc is tuned, at both ends."""

# rpyc has no types; its constants are inferred to be those that they are.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from typing import Final

from rpyc.core.channel import Channel  # type: ignore[import-untyped] # it has no types
from rpyc.core.stream import SocketStream  # type: ignore[import-untyped] # it has no types

_IO_BYTES: Final = 1 << 20
"""For one system call. At 64,000 it copies what is left of a message after each of them."""


def tune() -> None:
    """Have it compress nothing, which it does from 3,000 bytes on, and send and receive much."""
    Channel.COMPRESSION_THRESHOLD = 1 << 40  # pyright: ignore[reportAttributeAccessIssue]
    SocketStream.MAX_IO_CHUNK = _IO_BYTES  # pyright: ignore[reportAttributeAccessIssue]
