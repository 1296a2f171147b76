"""Messages to frames and back, by msgpack, which no other module knows.

See spec/PROTOCOL.md, "Messages".

Every function may be called from any thread. What comes from the peer is trusted in nothing: no
input makes `decode` or `ListingDecoder.feed` raise anything but ProtocolError, and memory stays
within a small multiple of what was received.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, NoReturn, Protocol, cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own
from storagedriver.contract import ProtocolError
from storagedriver.ipc.limits import (
    INLINE_CONTENT_BYTES,
    MAX_CONTAINER_ITEMS,
    MAX_CREDIT_BYTES,
    MAX_HEADER_BYTES,
    MAX_ID,
    MAX_NESTING_LEVELS,
)
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    Content,
    Credit,
    End,
    Kind,
    Message,
    Request,
    Response,
    Start,
    Wire,
)
from storagedriver.ipc.wire_values import integer_from_wire


def encode(message: Message) -> tuple[bytes, Content | None]:
    """Return the header frame and the content frame, None where there is no second frame.

    Content of up to INLINE_CONTENT_BYTES is copied into the header; larger content is returned as
    it is. Raises ProtocolError if the message cannot be sent: its header would be longer than
    MAX_HEADER_BYTES, holds a value that msgpack cannot, or breaks a rule of its kind.
    """
    fields, content = _fields(message)
    if content is not None and len(content) <= INLINE_CONTENT_BYTES:
        # An empty content is none; a shorter header says the same.
        if content:
            fields.append(content)
        content = None
    try:
        header = _packer.pack(fields)
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
    kind = integer_from_wire(elements[0]) if elements else None
    shape = None if kind is None else _SHAPES.get(kind)
    if shape is None:
        raise ProtocolError("a header must begin with the number of a kind of message")
    if len(elements) < shape.least:
        raise ProtocolError(f"{shape.name}[{len(elements)}] is missing")
    if len(elements) > shape.known:
        _check_nested(elements[shape.known :], MAX_NESTING_LEVELS - 1)
    return shape.build(elements, _content(shape, elements, content))


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
            max_buffer_size=max(len(chunk), 1),
            object_pairs_hook=_strict_map,
            ext_hook=_refuse_extension,
            max_array_len=MAX_CONTAINER_ITEMS,
            max_map_len=MAX_CONTAINER_ITEMS,
        )
        unpacker.feed(chunk)
        try:
            entries = list(unpacker)
        except _UNPACK_ERRORS as error:
            raise ProtocolError(f"a listing is malformed: {error}") from error
        if unpacker.tell() != len(chunk):
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

    def tell(self) -> int: ...

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


def _fields(message: Message) -> tuple[list[object], Content | None]:
    """Return the elements of the header before the content, and the content."""
    match message:
        case Chunk():
            if not message.content:
                raise ProtocolError("CHUNK would be empty")
            return [message.kind, message.id], message.content
        case Credit():
            return [message.kind, message.id, message.size_bytes], None
        case Request():
            return [message.kind, message.id, message.method, message.params], message.content
        case Response():
            if message.error is not None and message.content:
                raise ProtocolError("RESPONSE would have an error and content")
            return [message.kind, message.id, message.error, message.result], message.content
        case Start():
            return [message.kind, message.id, message.info], None
        case End():
            return [message.kind, message.id], message.content
        case Cancel():
            return [message.kind, message.id], None
        case Attach():
            return [message.kind, message.token, message.version, message.pid], None
        case Close():
            return [message.kind], None


class _Shape(NamedTuple):
    """What the header of one kind of message holds."""

    name: str
    least: int
    """Elements it must have."""
    known: int
    """Elements it may have; what follows is from a later version."""
    content_index: int | None
    """Where content may stand in it."""
    build: Callable[[list[Wire], Content | None], Message]


def _attach(elements: list[Wire], content: Content | None) -> Message:
    pid = _integer("ATTACH[3]", "pid", elements[3], 0, MAX_ID)
    token, version = elements[1], elements[2]
    if type(token) is not str:
        _misfit("ATTACH[1]: token must be a text")
    if type(version) is not str:
        _misfit("ATTACH[2]: version must be a text")
    return Attach(token, version, pid)


def _request(elements: list[Wire], content: Content | None) -> Message:
    method, params = elements[2], elements[3]
    if type(method) is not str:
        _misfit("REQUEST[2]: method must be a text")
    if type(params) is not dict:
        _misfit("REQUEST[3]: params must be a map")
    return Request(_id("REQUEST", elements[1]), method, params, content)


def _response(elements: list[Wire], content: Content | None) -> Message:
    error, result = elements[2], elements[3]
    if error is not None:
        if type(error) is not dict:
            _misfit("RESPONSE[2]: error must be nil or a map")
        if content is not None:
            _misfit("RESPONSE[4]: an error has no content")
    if result is not None and type(result) is not dict:
        _misfit("RESPONSE[3]: result must be nil or a map")
    return Response(_id("RESPONSE", elements[1]), error, result, content)


def _start(elements: list[Wire], content: Content | None) -> Message:
    info = elements[2]
    if type(info) is not dict:
        _misfit("START[2]: info must be a map")
    return Start(_id("START", elements[1]), info)


def _chunk(elements: list[Wire], content: Content | None) -> Message:
    if content is None:
        _misfit("CHUNK[2]: a chunk must have content")
    return Chunk(_id("CHUNK", elements[1]), content)


def _credit(elements: list[Wire], content: Content | None) -> Message:
    size_bytes = _integer("CREDIT[2]", "bytes", elements[2], 1, MAX_CREDIT_BYTES)
    return Credit(_id("CREDIT", elements[1]), size_bytes)


def _end(elements: list[Wire], content: Content | None) -> Message:
    return End(_id("END", elements[1]), content)


def _cancel(elements: list[Wire], content: Content | None) -> Message:
    return Cancel(_id("CANCEL", elements[1]))


def _close(elements: list[Wire], content: Content | None) -> Message:
    return Close()


_SHAPES: Final[Mapping[int, _Shape]] = {
    Kind.REQUEST: _Shape("REQUEST", 4, 5, 4, _request),
    Kind.RESPONSE: _Shape("RESPONSE", 4, 5, 4, _response),
    Kind.CHUNK: _Shape("CHUNK", 2, 3, 2, _chunk),
    Kind.CREDIT: _Shape("CREDIT", 3, 3, None, _credit),
    Kind.END: _Shape("END", 2, 3, 2, _end),
    Kind.CANCEL: _Shape("CANCEL", 2, 2, None, _cancel),
    Kind.ATTACH: _Shape("ATTACH", 4, 4, None, _attach),
    Kind.START: _Shape("START", 3, 3, None, _start),
    Kind.CLOSE: _Shape("CLOSE", 1, 1, None, _close),
}


def _misfit(detail: str) -> NoReturn:
    raise ProtocolError(detail)


def _id(name: str, value: Wire) -> int:
    if type(value) is int and 0 <= value <= MAX_ID:
        return value
    return _integer(f"{name}[1]", "id", value, 0, MAX_ID)


def _integer(place: str, name: str, value: Wire, least: int, most: int) -> int:
    integer = integer_from_wire(value)
    if integer is None or not least <= integer <= most:
        raise ProtocolError(f"{place}: {name} must be an integer from {least} to {most}")
    return integer


def _content(shape: _Shape, elements: list[Wire], frame: Content | None) -> Content | None:
    """Return the content of a message, wherever it stands; None if it has none or is empty."""
    if frame is not None and len(frame) == 0:
        frame = None
    index = shape.content_index
    if index is None:
        if frame is not None:
            raise ProtocolError(f"{shape.name} has no content, but came with a second frame")
        return None
    inline = elements[index] if len(elements) > index else None
    if inline is None:
        return frame
    if type(inline) is not bytes:
        raise ProtocolError(f"{shape.name}[{index}]: content must be nil or binary")
    if not inline:
        return frame
    if frame is not None:
        raise ProtocolError(f"{shape.name}[{index}]: content stands here and in a second frame")
    return inline


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
