"""Messages to frames and back, by msgpack, which no other module knows.

See spec/PROTOCOL.md, "Messages".

Every function may be called from any thread. What comes from the peer is trusted in nothing: no
input makes `decode` or `ListingDecoder.feed` raise anything but ProtocolError, and memory stays
within a small multiple of what was received.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NoReturn, Protocol, cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own

from storagedriver.contract import ProtocolError
from storagedriver.ipc.headers import elements_of, shape_of
from storagedriver.ipc.limits import (
    INLINE_CONTENT_BYTES,
    MAX_CONTAINER_ITEMS,
    MAX_HEADER_BYTES,
    MAX_NESTING_LEVELS,
)
from storagedriver.ipc.messages import Content, Message, Wire


def encode(message: Message) -> tuple[bytes, Content | None]:
    """Return the header frame and the content frame, None where there is no second frame.

    Content of up to INLINE_CONTENT_BYTES is copied into the header; larger content is returned as
    it is. Raises ProtocolError if the message cannot be sent: its header would be longer than
    MAX_HEADER_BYTES, holds a value that msgpack cannot, or breaks a rule of its kind.
    """
    elements, content = elements_of(message)
    if content is not None and len(content) <= INLINE_CONTENT_BYTES:
        # An empty content is none; a shorter header says the same.
        if content:
            elements.append(content)
        content = None
    try:
        header = _packer.pack(elements)
    except _PACK_ERRORS as error:
        raise ProtocolError(f"{message.kind.name} cannot be encoded: {error}") from error
    if len(header) > MAX_HEADER_BYTES:
        raise ProtocolError(
            f"{message.kind.name} would have a header of {len(header)} bytes,"
            f" more than {MAX_HEADER_BYTES}"
        )
    return header, content


def decode(header: bytes | memoryview, content: Content | None) -> Message:
    """Return the message of a header frame and a content frame, None if there was no second one.

    Raises ProtocolError, whose detail names the place, for anything that the specification does
    not allow, and nothing else.
    """
    if len(header) > MAX_HEADER_BYTES:
        raise ProtocolError(f"a header of {len(header)} bytes is longer than {MAX_HEADER_BYTES}")
    elements = _unpack_array(header)
    shape = shape_of(elements)
    if len(elements) > shape.known:
        _check_nested(elements[shape.known :], MAX_NESTING_LEVELS - 1)
    return shape.message(elements, content)


def encode_listing(values: Iterable[list[Wire]]) -> bytes:
    """Return the entries one after another, as the content of a listing holds them.

    Raises ProtocolError if one of them holds what msgpack cannot.
    """
    pack = _packer.pack
    try:
        return b"".join([pack(value) for value in values])
    except _PACK_ERRORS as error:
        raise ProtocolError(f"a listing cannot be encoded: {error}") from error


class ListingDecoder:
    """Decodes the content of one listing, chunk by chunk. Not to be shared between threads."""

    def feed(self, chunk: Content) -> list[list[Wire]]:
        """Return the entries of the next chunk of content, each an array.

        Raises ProtocolError if the chunk is not made of whole, well-formed entries.
        """
        # Every chunk ends with an entry, so nothing is kept from one to the next.
        unpacker = _make_unpacker(
            max_buffer_size=len(chunk) + len(_NIL),
            object_pairs_hook=_strict_map,
            ext_hook=_refuse_extension,
            max_array_len=MAX_CONTAINER_ITEMS,
            max_map_len=MAX_CONTAINER_ITEMS,
        )
        unpacker.feed(chunk)
        # msgpack ends in silence where a value is cut short, and counts its bytes as read. With a
        # nil behind it, a cut value takes that nil for a part of its own.
        unpacker.feed(_NIL)
        try:
            entries = list(unpacker)
        except _UNPACK_ERRORS as error:
            raise ProtocolError(f"a listing is malformed: {error}") from error
        if not entries or entries.pop() is not None:
            raise ProtocolError("a chunk of a listing ends within an entry")
        if not _ARRAY_ONLY.issuperset(map(type, entries)):
            raise ProtocolError("an entry of a listing must be an array")
        _check_nested(entries, MAX_NESTING_LEVELS)
        return cast("list[list[Wire]]", entries)


class _HasPack(Protocol):
    """What is used of msgpack's Packer."""

    def pack(self, value: object, /) -> bytes: ...


class _Unpacker(Protocol):
    """What is used of msgpack's Unpacker."""

    def feed(self, data: Content, /) -> None: ...

    def __iter__(self) -> Iterator[Wire]: ...


# msgpack has no types of its own; these are the ones relied on.
_make_packer: Final = cast("Callable[..., _HasPack]", msgpack.Packer)  # pyright: ignore[reportUnknownMemberType]
_make_unpacker: Final = cast("Callable[..., _Unpacker]", msgpack.Unpacker)  # pyright: ignore[reportUnknownMemberType]
_unpack: Final = cast("Callable[..., Wire]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]


class _Packer(threading.local):
    """A packer of its own for each thread: it is stateful, and costs more to make than to use."""

    def __init__(self) -> None:
        self.pack: Callable[[object], bytes] = _make_packer(buf_size=MAX_HEADER_BYTES).pack


_packer: Final = _Packer()

_PACK_ERRORS: Final = (ValueError, TypeError, OverflowError)
_UNPACK_ERRORS: Final = (ValueError, TypeError, BufferError)
"""What msgpack raises for malformed input: most of it is ValueError, also of invalid UTF-8."""


def _unpack_array(header: bytes | memoryview) -> list[Wire]:
    try:
        elements = _unpack(
            header,
            object_pairs_hook=_strict_map,
            ext_hook=_refuse_extension,
            max_array_len=MAX_CONTAINER_ITEMS,
            max_map_len=MAX_CONTAINER_ITEMS,
        )
    except _UNPACK_ERRORS as error:
        raise ProtocolError(f"a header is malformed: {error}") from error
    if type(elements) is not list:
        raise ProtocolError("a header must be an array")
    return elements


_SCALARS: Final = frozenset({bool, int, float, str, bytes, type(None)})
_CONTAINERS: Final = frozenset({list, dict})
_LEVELS_BELOW_A_MAP: Final = MAX_NESTING_LEVELS - 2
"""Above what stands in a map there is the map, and at least the header."""

_NIL: Final = b"\xc0"
_ARRAY_ONLY: Final = frozenset({list})
_WIRE_TYPES: Final = _SCALARS | _CONTAINERS


def _strict_map(pairs: list[tuple[object, Wire]]) -> dict[str, Wire]:
    """Make a map of what msgpack found, which alone would keep the last of equal keys."""
    result: dict[str, Wire] = {}
    for key, value in pairs:
        if type(key) is not str:
            raise ProtocolError("a key of a map must be a text")
        # A flat array is the common container: a time.
        if type(value) not in _SCALARS and not (
            type(value) is list and _SCALARS.issuperset(map(type, value))
        ):
            _check_nested([value], _LEVELS_BELOW_A_MAP)
        result[key] = value
    if len(result) != len(pairs):
        raise ProtocolError("a map has the same key twice")
    return result


def _check_nested(values: Sequence[Wire], levels: int) -> None:
    """Refuse what is nested deeper than `levels` or is no type of the wire.

    Level by level instead of by recursion, and with the loops in C: listings come through here.
    """
    for _ in range(levels + 1):
        kinds = set(map(type, values))
        if not kinds <= _WIRE_TYPES:
            # msgpack has a class of its own for times, and gives no way to switch it off.
            raise ProtocolError("extension types are not allowed")
        if kinds.isdisjoint(_CONTAINERS):
            return
        values = list(chain.from_iterable(map(_items, values)))
    raise ProtocolError(f"nested deeper than {MAX_NESTING_LEVELS} levels")


def _items(value: Wire) -> Iterable[Wire]:
    if type(value) is list:
        return value
    return value.values() if type(value) is dict else ()


def _refuse_extension(code: int, data: bytes) -> NoReturn:
    raise ProtocolError("extension types are not allowed")
