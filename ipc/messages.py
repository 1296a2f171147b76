"""The nine messages of the protocol, as values. See spec/PROTOCOL.md, "Messages".

A message is what one header frame and at most one content frame say; `codec` turns one into the
other. Content of any size stands in `content` here, whichever way it travels. Immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar, TypeAlias

Content: TypeAlias = bytes | memoryview
"""Raw bytes of an object. A memoryview is flat, read-only by agreement, and keeps memory alive."""

Wire: TypeAlias = bool | int | float | str | bytes | list["Wire"] | dict[str, "Wire"] | None
"""What a header can hold."""


class Kind(IntEnum):
    """The number that a header begins with."""

    REQUEST = 0
    RESPONSE = 1
    CHUNK = 2
    CREDIT = 3
    END = 4
    CANCEL = 5
    ATTACH = 6
    START = 7
    CLOSE = 8


@dataclass(frozen=True, slots=True)
class Attach:
    """driver -> host, first on every channel. Its shape is frozen for all versions."""

    kind: ClassVar[Kind] = Kind.ATTACH
    token: str = field(repr=False)
    version: str
    pid: int


@dataclass(frozen=True, slots=True)
class Request:
    """host -> driver, begins a call. `content` is the first chunk of what is written."""

    kind: ClassVar[Kind] = Kind.REQUEST
    id: int
    method: str
    params: Mapping[str, Wire]
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """driver -> host, ends a call, always. `error` is None, or it failed and has no content."""

    kind: ClassVar[Kind] = Kind.RESPONSE
    id: int
    error: Mapping[str, Wire] | None
    result: Mapping[str, Wire] | None
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """driver -> host, a read is open; comes before its first chunk."""

    kind: ClassVar[Kind] = Kind.START
    id: int
    info: Mapping[str, Wire]


@dataclass(frozen=True, slots=True)
class Chunk:
    """In the direction of the stream; never empty."""

    kind: ClassVar[Kind] = Kind.CHUNK
    id: int
    content: Content


@dataclass(frozen=True, slots=True)
class Credit:
    """From the receiver of a stream: this many more bytes of content may be sent."""

    kind: ClassVar[Kind] = Kind.CREDIT
    id: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class End:
    """host -> driver, the written stream is complete. `content` is its last chunk, or None."""

    kind: ClassVar[Kind] = Kind.END
    id: int
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """host -> driver, stop; the response still comes."""

    kind: ClassVar[Kind] = Kind.CANCEL
    id: int


@dataclass(frozen=True, slots=True)
class Close:
    """host -> driver, end the current call as a cancel does, answer nothing, close the channel."""

    kind: ClassVar[Kind] = Kind.CLOSE


Message: TypeAlias = Attach | Request | Response | Start | Chunk | Credit | End | Cancel | Close
