"""Every number of the protocol, each with its reason."""

from __future__ import annotations

from typing import Final

MAX_HEADER_BYTES: Final = 64 * 1024
"""A header holds names, numbers, at most INLINE_CONTENT_BYTES of content, and an error text."""

INLINE_CONTENT_BYTES: Final = 16 * 1024
"""Content up to here rides in the header: a second frame costs more than a copy of this size (with
libzmq a third of the time of a small call). Above it the copy begins to cost as much."""

MAX_CONTAINER_ITEMS: Final = 1024
"""Of an array in a header, or pairs of a map: memory is reserved for what the length says, so
without a limit a few nested arrays that declare 65,535 elements each cost half a gigabyte."""

MAX_NESTING_LEVELS: Final = 16
"""Of arrays and maps within each other, the header itself being the first. The deepest that is used
is 5 (a pair in the `failed` of an error), and this is safe to walk by recursion in any language."""

MAX_CHUNK_BYTES: Final = 1024 * 1024
"""The largest content of one message, unless both sides agree on another. Streams reach the speed
of the bare socket from 256 KiB on, and memory stays within a few chunks."""

CREDIT_WINDOW_CHUNKS: Final = 4
"""How many full chunks may be under way in a stream. Fewer lose 15 % of the speed, more gain
nothing that can be measured."""

CREDIT_STEP_DIVISOR: Final = 4
"""A receiver grants in steps of a window divided by this: few messages, and never a dry sender."""

MIN_CHUNK_BYTES: Final = 4 * 1024
"""No chunk but the last is smaller, unless the credit is: a reader that gives single bytes must not
cost a message for each."""

MAX_ERROR_MESSAGE_BYTES: Final = 4 * 1024
"""Of the text of an error, in UTF-8."""

MAX_ERROR_FIELDS_BYTES: Final = 48 * 1024
"""Of all fields of an error together. With the message and the names, all of it fits a header."""

MAX_ERROR_NAME_BYTES: Final = 1024
"""Of a code and of a driver's name in an error: longer ones are mistakes."""

MAX_VERSION_BYTES: Final = 64
"""Of the opaque `version` of a content: two 256-bit hashes."""

MAX_ID: Final = 0xFFFFFFFF
"""Request ids are uint32."""

MAX_CREDIT_BYTES: Final = 1 << 53
"""The largest whole number that every language can count to; no sum of credit goes beyond it."""

MAX_CHANNELS: Final = 64
"""How many channels a Python driver takes at once unless told otherwise. Each is a thread there and
a handful of descriptors on both sides."""

MAX_COUNT: Final = (1 << 63) - 1
"""The largest size or offset: what fits the signed 64 bits of every file system and language."""

MAX_ENDPOINT_BYTES: Final = 100
"""A Unix socket path ends at 107 bytes on Linux and 103 elsewhere."""
