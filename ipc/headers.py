"""The elements of the header of each kind of message, which are arrays; and how content joins them.

See spec/PROTOCOL.md, "Messages". `codec` makes bytes of the elements. Pure functions, for any
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from storagedriver.contract import ProtocolError
from storagedriver.ipc.limits import MAX_CREDIT_BYTES, MAX_ID
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


def elements_of(message: Message) -> tuple[list[object], Content | None]:
    """Return the elements of the header that come before the content, and the content.

    Raises ProtocolError if the message breaks a rule of its kind.
    """
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


def shape_of(elements: list[Wire]) -> Shape:
    """Return the shape that the first element tells.

    Raises ProtocolError if it is not the number of a kind.
    """
    kind = integer_from_wire(elements[0]) if elements else None
    shape = None if kind is None else _SHAPES.get(kind)
    if shape is None:
        raise ProtocolError("a header must begin with the number of a kind of message")
    return shape


@dataclass(frozen=True, slots=True)
class Shape:
    """What a header of one kind of message holds."""

    name: str
    least: int
    """Elements it must have."""
    known: int
    """Elements it may have; what follows is of a later version."""
    content_index: int | None
    """Where content may stand in it."""
    build: Callable[[list[Wire], Content | None], Message]

    def message(self, elements: list[Wire], frame: Content | None) -> Message:
        """Return the message of a header of this shape and the second frame, None if there is none.

        Raises ProtocolError, whose detail names the element.
        """
        if len(elements) < self.least:
            raise ProtocolError(f"{self.name}[{len(elements)}] is missing")
        return self.build(elements, _content(self, elements, frame))


def _content(shape: Shape, elements: list[Wire], frame: Content | None) -> Content | None:
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


def _attach(elements: list[Wire], content: Content | None) -> Message:
    pid = _integer("ATTACH[3]", "pid", elements[3], 0, MAX_ID)
    token, version = elements[1], elements[2]
    if type(token) is not str:
        raise ProtocolError("ATTACH[1]: token must be a text")
    if type(version) is not str:
        raise ProtocolError("ATTACH[2]: version must be a text")
    return Attach(token, version, pid)


def _request(elements: list[Wire], content: Content | None) -> Message:
    method, params = elements[2], elements[3]
    if type(method) is not str:
        raise ProtocolError("REQUEST[2]: method must be a text")
    if type(params) is not dict:
        raise ProtocolError("REQUEST[3]: params must be a map")
    return Request(_id("REQUEST", elements[1]), method, params, content)


def _response(elements: list[Wire], content: Content | None) -> Message:
    error, result = elements[2], elements[3]
    if error is not None:
        if type(error) is not dict:
            raise ProtocolError("RESPONSE[2]: error must be nil or a map")
        if content is not None:
            raise ProtocolError("RESPONSE[4]: an error has no content")
    if result is not None and type(result) is not dict:
        raise ProtocolError("RESPONSE[3]: result must be nil or a map")
    return Response(_id("RESPONSE", elements[1]), error, result, content)


def _start(elements: list[Wire], content: Content | None) -> Message:
    info = elements[2]
    if type(info) is not dict:
        raise ProtocolError("START[2]: info must be a map")
    return Start(_id("START", elements[1]), info)


def _chunk(elements: list[Wire], content: Content | None) -> Message:
    if content is None:
        raise ProtocolError("CHUNK[2]: a chunk must have content")
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


_SHAPES: Final[Mapping[int, Shape]] = {
    Kind.REQUEST: Shape("REQUEST", 4, 5, 4, _request),
    Kind.RESPONSE: Shape("RESPONSE", 4, 5, 4, _response),
    Kind.CHUNK: Shape("CHUNK", 2, 3, 2, _chunk),
    Kind.CREDIT: Shape("CREDIT", 3, 3, None, _credit),
    Kind.END: Shape("END", 2, 3, 2, _end),
    Kind.CANCEL: Shape("CANCEL", 2, 2, None, _cancel),
    Kind.ATTACH: Shape("ATTACH", 4, 4, None, _attach),
    Kind.START: Shape("START", 3, 3, None, _start),
    Kind.CLOSE: Shape("CLOSE", 1, 1, None, _close),
}


def _id(name: str, value: Wire) -> int:
    if type(value) is int and 0 <= value <= MAX_ID:
        return value
    return _integer(f"{name}[1]", "id", value, 0, MAX_ID)


def _integer(place: str, name: str, value: Wire, least: int, most: int) -> int:
    integer = integer_from_wire(value)
    if integer is None or not least <= integer <= most:
        raise ProtocolError(f"{place}: {name} must be an integer from {least} to {most}")
    return integer
