"""Whatever comes over a channel is a typed protocol error or a valid event, never anything else.

`check` has bytes decide which end of a channel it is, in which state, and what it then receives,
sends and consumes; it raises AssertionError, or what was raised instead of ProtocolError. The
ordinary tests call it. For coverage-guided inputs, with `pip install .[fuzz]`:

    mkdir found && python tests/fuzz/fuzz_protocol.py found tests/fuzz/corpus -max_len=1024

The bytes: the way to the state, the side, and then one operation after another, each a byte:

    0  receive a frame: two bytes of length, the header, a byte that chooses a second frame
    1  receive a message that is made of the bytes that follow
    2  send one
    3  consume: one byte chooses how much
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, TypeVar

from storagedriver.contract import ProtocolError
from storagedriver.ipc.calls import (
    CALLS,
    Direction,
    Key,
    check_entries,
    check_info,
    check_params,
    check_result,
)
from storagedriver.ipc.codec import ListingDecoder, decode, encode
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
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import AFTER_REQUEST, TRANSITIONS, Side, State
from storagedriver.ipc.wire_errors import error_from_wire, error_to_wire
from storagedriver.ipc.wire_values import Type

MAX_CHUNK: Final = 4096
WRITE_CREDIT: Final = 8192
MAX_CREDIT: Final = 1 << 53
SIZES: Final = (0, 1, 2, 1000, 2048, 4095, 4096, 4097, 8192, 1 << 53)
"""Of content and credit: around what the limits above allow."""

GOOD: Final[Mapping[Type, Wire]] = {
    Type.TEXT: "/a",
    Type.VERSION: b"v",
    Type.FLAG: True,
    Type.COUNT: 2,
    Type.CREDIT: 6000,
    Type.LIMIT: MAX_CHUNK,
    Type.TIME: [0, 0],
    Type.TEXTS: ["ping"],
    Type.OPTIONS: {"method": "GET"},
    Type.META: {"deadline_ms": 5},
    Type.WORKERS: [],
}
ODD: Final[tuple[Wire, ...]] = (
    None, False, 0, 1, 10, -1, 4096, 8192, 2.0, 0.5, 1 << 53, (1 << 53) + 1, 1 << 63,
    "", "0.1", b"", b"\x00" * 65, [], [0, 0], [0, -1], {}, {"method": 5}, [{}], ["a", 1],
)  # fmt: skip
METHODS: Final = (*CALLS, "Nobody", "")

Said = tuple[Side, Message]
_H, _D = Side.HOST, Side.DRIVER
_ATTACH: Final = (_D, Attach("k1", "0.1", 7))
_STAT: Final = (_H, Request(1, "Stat", {"path": "/a"}))
_READ: Final = (_H, Request(1, "ReadStream", {"path": "/a", "offset": 2, "credit": 6000}))
_LIST: Final = (_H, Request(1, "List", {"path": "/", "credit": 6000}))
_WRITE: Final = (_H, Request(1, "WriteUpload", {"upload_id": "u", "offset": 2}, b"ab"))
_HELLO: Final = (_H, Request(1, "Hello", {"version": "0.1", "features": [], "max_chunk": 4096}))
_START: Final = (_D, Start(1, {"size": 4}))
_FAILED: Final = (_D, Response(1, {"code": "NoSpace"}, None))
_CANCEL: Final = (_H, Cancel(1))


def _agreed(max_channels: int) -> Said:
    result: dict[str, Wire] = {
        "version": "0.1",
        "name": "demo",
        "features": [],
        "max_channels": max_channels,
        "write_credit": WRITE_CREDIT,
        "max_chunk": MAX_CHUNK,
    }
    return _D, Response(1, None, result)


WAYS: Final[tuple[tuple[Role, tuple[Said, ...]], ...]] = (
    (Role.NEW, ()),
    (Role.NEW, (_ATTACH,)),
    (Role.NEW, (_ATTACH, _HELLO)),
    (Role.NEW, (_ATTACH, _HELLO, _agreed(4))),
    (Role.NEW, (_ATTACH, _HELLO, _agreed(0))),
    (Role.WORKER, ()),
    (Role.WORKER, (_ATTACH,)),
    (Role.WORKER, (_ATTACH, _STAT)),
    (Role.WORKER, (_ATTACH, _STAT, _CANCEL)),
    (Role.WORKER, (_ATTACH, _STAT, _FAILED)),
    (Role.WORKER, (_ATTACH, _READ)),
    (Role.WORKER, (_ATTACH, _READ, _CANCEL)),
    (Role.WORKER, (_ATTACH, _READ, _START)),
    (Role.WORKER, (_ATTACH, _READ, _START, (_D, Chunk(1, b"a")))),
    (Role.WORKER, (_ATTACH, _READ, _START, _CANCEL)),
    (Role.WORKER, (_ATTACH, _READ, _START, _FAILED)),
    (Role.WORKER, (_ATTACH, _LIST)),
    (Role.WORKER, (_ATTACH, _LIST, (_D, Start(1, {})))),
    (Role.WORKER, (_ATTACH, _WRITE)),
    (Role.WORKER, (_ATTACH, _WRITE, _CANCEL)),
    (Role.WORKER, (_ATTACH, _WRITE, (_H, End(1, b"c")))),
    (Role.WORKER, (_ATTACH, _WRITE, (_H, End(1)), _CANCEL)),
    (Role.WORKER, (_ATTACH, _WRITE, _FAILED)),
    (Role.WORKER, (_ATTACH, (_H, Close()))),
)
"""Legal ways to every state: the role of the channel, and what is said on it."""


T = TypeVar("T")


def check(data: bytes) -> None:
    """Do what the bytes say, and hold what comes of it against the specification."""
    choices = Choices(data)
    role, way = choices.one_of(WAYS)
    end = Held(choices.one_of(tuple(Side)), role)
    for sender, message in way:
        assert end.passes(sender, message), f"{message} is legal"
    goes_on = True
    while goes_on and choices.is_left:
        match choices.byte() % 4:
            case 0:
                goes_on = end.receives_frames(*choices.frames())
            case 1:
                goes_on = end.passes(end.peer, choices.message(end.session))
            case 2:
                goes_on = end.passes(end.session.side, choices.message(end.session))
            case _:
                credit = end.session.consume(choices.one_of(SIZES))
                assert credit is None or credit.size_bytes > 0, "a CREDIT of 0 is none"


class Choices:
    """Reads decisions from bytes; zeros follow the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def is_left(self) -> bool:
        return self._place < len(self._data)

    def take(self, size: int) -> bytes:
        taken = self._data[self._place : self._place + size]
        self._place += size
        return taken

    def byte(self) -> int:
        taken = self.take(1)
        return taken[0] if taken else 0

    def one_of(self, values: tuple[T, ...]) -> T:
        return values[self.byte() % len(values)]

    def frames(self) -> tuple[bytes, Content | None]:
        header = self.take(self.byte() + 256 * self.byte())
        second = self.byte()
        # Few frames are needed that are longer than any chunk.
        return header, bytes(SIZES[second % 9]) if second else None

    def content(self) -> Content | None:
        if self.byte() % 8 == 0:
            return self.take(self.byte() % 32)
        return bytes(SIZES[self.byte() % 9]) or None

    def map_of(self, keys: tuple[Key, ...]) -> dict[str, Wire]:
        """Mostly right, or else it would be refused for its keys alone."""
        chosen: dict[str, Wire] = {}
        for key in keys:
            how = self.byte()
            if how < 160:
                chosen[key.name] = GOOD[key.type]
            elif how < 230:
                chosen[key.name] = self.one_of(ODD)
        return chosen

    def message(self, session: Session) -> Message:
        kind = self.one_of(tuple(Kind))
        call = CALLS.get(session.method)
        id = self.one_of((session.id, session.id, session.id, session.id + 1, 0))
        match kind:
            case Kind.REQUEST:
                method = self.one_of(METHODS)
                called = CALLS.get(method)
                params = self.map_of(() if called is None else called.params)
                return Request(id + 1, method, params, self.content())
            case Kind.RESPONSE if self.byte() % 4 == 0:
                return Response(id, {"code": "NoSpace", "fields": self.one_of(ODD)}, None)
            case Kind.RESPONSE:
                result = self.map_of(() if call is None else call.result)
                if call is not None and call.count_key is not None and self.byte() % 2 == 0:
                    result[call.count_key] = session.moved_bytes + self.byte() % 8
                return Response(id, None, result, self.content())
            case Kind.CHUNK:
                return Chunk(id, self.content() or b"x")
            case Kind.CREDIT:
                return Credit(id, self.one_of(SIZES) or 1)
            case Kind.END:
                return End(id, self.content())
            case Kind.CANCEL:
                return Cancel(id)
            case Kind.ATTACH:
                return Attach("k1", "0.1", 7)
            case Kind.START:
                return Start(id, self.map_of(() if call is None else call.info))
            case Kind.CLOSE:
                return Close()


class Held:
    """One end of a channel, held against an account of its own. After an error it is done."""

    def __init__(self, side: Side, role: Role) -> None:
        self.session = Session(
            side, role, max_chunk_bytes=MAX_CHUNK, write_credit_bytes=WRITE_CREDIT
        )
        self.peer = Side(1 - side)
        self._granted_bytes = 0
        self._offset = 0

    def receives_frames(self, header: bytes, content: Content | None) -> bool:
        """Take frames as a channel does. Return whether the channel goes on."""
        try:
            message = decode(header, content)
        except ProtocolError as error:
            self.session.refuse(error.detail)
            return self._is_refused()
        # As bytes: a message that holds a NaN does not equal itself.
        said = encode(message)
        assert encode(decode(*said)) == said, "what is understood can be said"
        return self.passes(self.peer, message)

    def passes(self, sender: Side, message: Message) -> bool:
        """Send or receive a message. Return whether the channel goes on."""
        was, role = self.session.state, self.session.role
        event: Message | None = message
        try:
            if sender is self.peer:
                event = self.session.receive(message, 0.0)
            else:
                self.session.send(message, 0.0)
        except ProtocolError:
            return self._is_refused()
        self._hold(was, role, sender, message)
        if event is None:
            assert was in (State.IDLE, State.CANCELLING), "only what crosses is ignored"
        elif sender is self.peer:
            hold_event(self.session.method, event)
        return True

    def _is_refused(self) -> bool:
        assert self.session.state is State.CLOSED
        assert self.session.credit_bytes >= 0
        return False

    def _hold(self, was: State, role: Role, sender: Side, message: Message) -> None:
        session = self.session
        following = TRANSITIONS[was][sender, message.kind]
        allowed = AFTER_REQUEST if message.kind is Kind.REQUEST else {following}
        assert session.state in allowed
        if not isinstance(message, Attach | Close):
            assert message.id == session.id
        if isinstance(message, Request):
            assert is_taken(role, message.method)
            self._granted_bytes = self._first_grant(message)
            offset = message.params.get("offset") or 0
            self._offset = int(offset) if isinstance(offset, int | float) else 0
        if isinstance(message, Response) and message.error is None:
            assert was is not State.SENDING, "a write succeeds after its END"
            self._hold_count(message)
        if isinstance(message, Credit) and was is not State.IDLE:
            call = CALLS[session.method]
            receiver = _D if call.direction is Direction.SENT else _H
            assert call.direction is not Direction.NONE
            assert sender is receiver, "the receiver grants"
            self._granted_bytes += message.size_bytes
        assert 0 <= session.credit_bytes <= MAX_CREDIT
        assert session.moved_bytes >= 0
        assert session.moved_bytes + session.credit_bytes == self._granted_bytes

    def _hold_count(self, response: Response) -> None:
        call = CALLS[self.session.method]
        if call.count_key is None:
            return
        counted = (response.result or {})[call.count_key]
        assert isinstance(counted, int | float)
        moved = self.session.moved_bytes
        if call.direction is Direction.RECEIVED:
            assert counted == self._offset + moved or (moved == 0 and counted <= self._offset)
        else:
            assert counted == moved + (self._offset if call.counts_from_offset else 0)

    def _first_grant(self, request: Request) -> int:
        call = CALLS.get(request.method)
        if call is None or call.direction is Direction.NONE:
            return 0
        if call.direction is Direction.SENT:
            return self.session.write_credit_bytes
        credit = request.params["credit"]
        assert isinstance(credit, int | float)
        return int(credit)


def is_taken(role: Role, method: str) -> bool:
    """Whether section 10 of the specification allows the method on a channel of the role."""
    match role:
        case Role.NEW:
            return method == "Hello"
        case Role.CONTROL:
            return method in ("OpenChannel", "Ping", "Shutdown")
        case Role.WORKER:
            return method not in CALLS or not CALLS[method].control
        case Role.ONLY:
            return method not in ("Hello", "OpenChannel")


def hold_event(method: str, event: Message) -> None:
    """What is handed on has all keys of its call, in their normal form; the rest is refused."""
    match event:
        case Request() if method in CALLS:
            assert same(check_params(method, event.params), event.params)
        case Start():
            assert same(check_info(method, event.info), event.info)
        case Response(error=None):
            assert same(check_result(method, event.result), event.result)
        case Response(error=error) if error is not None:
            hold_error(error)
        case _:
            pass
    if isinstance(event, Chunk | Response) and event.content is not None and CALLS[method].entry:
        hold_listing(method, event.content)


def same(value: object, other: object) -> bool:
    """Whether two values are written alike; a NaN is like another, and 1 is not like 1.0."""
    return repr(value) == repr(other)


def hold_error(error: Mapping[str, Wire]) -> None:
    raised = error_from_wire(error)
    again = error_from_wire(error_to_wire(raised))
    assert type(again) is type(raised), "an error survives the way back"


def hold_listing(method: str, content: Content) -> None:
    try:
        entries = check_entries(method, ListingDecoder().feed(content))
    except ProtocolError:
        return
    assert same(check_entries(method, entries), entries)


def main() -> None:
    # Not at the top: the ordinary tests do without it.
    # It has no types.
    atheris: Any = import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
