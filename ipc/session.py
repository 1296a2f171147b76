"""The protocol as seen by one end of one channel: a pure state machine, used by both peers.

Messages and a time go in; it says whether each is allowed, keeps the account of credit and counts,
and gives back what is to be acted on. There is no socket, thread, clock or process in it.

Rules beyond the table of `states`:

* An id differs from the one before; every message of a call carries its id. Messages that crossed
  the response carry the last id and are dropped.
* Content never exceeds the credit granted, wherever it travels, nor a chunk the agreed size.
* A success says how much content moved, and that must be what moved, and as much as a START has
  announced: nothing is ever cut short without an error. A write succeeds only after its end.
* A control channel takes Hello, then the control calls; a worker channel the rest. A driver with no
  worker channels takes both on its only one.

Not safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import ClassVar, Final

from storagedriver.contract import ProtocolError, UnsupportedMethodError
from storagedriver.ipc.calls import CALLS, Direction, check_info, check_params, check_result
from storagedriver.ipc.fields import count
from storagedriver.ipc.limits import (
    CREDIT_STEP_DIVISOR,
    CREDIT_WINDOW_CHUNKS,
    MAX_CHUNK_BYTES,
    MAX_CREDIT_BYTES,
    MAX_ID,
)
from storagedriver.ipc.messages import (
    Cancel,
    Chunk,
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
from storagedriver.ipc.states import TRANSITIONS, Side, State


class Role(IntEnum):
    """Which calls a channel takes."""

    NEW = 0
    """A control channel before Hello has succeeded."""
    CONTROL = 1
    WORKER = 2
    ONLY = 3
    """The control channel of a driver whose max_channels is 0: it takes all calls."""


_CHECKED_KINDS: Final = frozenset({Kind.REQUEST, Kind.RESPONSE, Kind.START})
_FLOWS: Final = {
    Kind.START: Direction.RECEIVED,
    Kind.CHUNK: Direction.RECEIVED,
    Kind.CREDIT: Direction.SENT,
}
"""In which calls a driver sends these. Of what a host sends, the state says as much."""

_CONTROL_METHODS: Final = frozenset({"OpenChannel", "Ping", "Shutdown"})
_ONLY_METHODS: Final = frozenset({"Ping", "Shutdown"})


def _takes(role: Role, method: str) -> bool:
    """Whether a channel takes the method. An unknown one is a worker's: it is to be answered."""
    match role:
        case Role.NEW:
            return method == "Hello"
        case Role.CONTROL:
            return method in _CONTROL_METHODS
        case Role.WORKER:
            return method not in _CONTROL_METHODS and method != "Hello"
        case Role.ONLY:
            return method in _ONLY_METHODS or _takes(Role.WORKER, method)


class Session:
    """One end of one channel.

    Attributes, for reading:
        state: see `states`.
        role: which calls the channel takes.
        id: of the current call, or of the last one.
        method: likewise.
        credit_bytes: how much content its sender may still send, as far as this end knows.
        moved_bytes: content of the current call that has passed this end.
        progress_at: when this end last saw or caused progress; deadlines count from it.
    """

    __slots__ = (
        "_consumed_bytes",
        "_direction",
        "_ended",
        "_offset",
        "_peer",
        "_sender",
        "_size",
        "_window_bytes",
        "credit_bytes",
        "id",
        "max_chunk_bytes",
        "method",
        "moved_bytes",
        "progress_at",
        "role",
        "side",
        "state",
        "write_credit_bytes",
    )

    def __init__(
        self,
        side: Side,
        role: Role,
        *,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        write_credit_bytes: int = MAX_CHUNK_BYTES * CREDIT_WINDOW_CHUNKS,
    ) -> None:
        self.side = side
        self._peer = Side(1 - side)
        self.role = role
        self.max_chunk_bytes = max_chunk_bytes
        self.write_credit_bytes = write_credit_bytes
        self.state = State.ATTACHING
        self.id: int = 0
        self.method = ""
        self.credit_bytes = 0
        self.moved_bytes = 0
        self.progress_at = 0.0
        self._direction = Direction.NONE
        self._ended = True
        self._offset = 0
        self._sender = side
        self._size: Wire = None
        self._consumed_bytes = 0
        self._window_bytes = 0

    def request(
        self,
        method: str,
        params: Mapping[str, Wire],
        content: Content | None = None,
    ) -> Request:
        """Return the REQUEST that would begin the next call; `send` it to begin."""
        return Request(self.id + 1 if self.id < MAX_ID else 1, method, params, content)

    def send(self, message: Message, now: float) -> None:
        """Account for a message that this end is about to send.

        Raises ProtocolError if it may not; that is a mistake of this end, and the state is then
        CLOSED.
        """
        try:
            self._step(self.side, message)
        except ProtocolError:
            self.state = State.CLOSED  # also where a map lacks what is counted on
            raise
        self.progress_at = now

    def receive(self, message: Message, now: float) -> Message | None:
        """Account for a message that has come. Return it if it is to be acted on, else None.

        A returned REQUEST, START or successful RESPONSE has a checked map: all keys that the call
        must have, of the right types.

        Raises ProtocolError if the peer may not send it; the state is then CLOSED.
        """
        was, peer = self.state, self._peer
        # What is not allowed now is refused as that, whatever it says.
        if message.kind in _CHECKED_KINDS and (peer, message.kind) in TRANSITIONS[was]:
            message = self._checked(message)
        self._step(peer, message)
        self.progress_at = now
        if was is State.IDLE and message.kind not in (Kind.REQUEST, Kind.CLOSE):
            return None  # crossed the response of its call
        if was is State.CANCELLING and message.kind not in (Kind.RESPONSE, Kind.CLOSE):
            return None  # was under way when the call was cancelled
        return message

    def consume(self, size_bytes: int) -> Credit | None:
        """Say that received content has been used up. Return the CREDIT to send, if one is due.

        Grants come in steps of a part of the window, so that a stream costs few messages.
        """
        self._consumed_bytes += size_bytes
        if self._consumed_bytes * CREDIT_STEP_DIVISOR < max(1, self._window_bytes):
            return None
        if self.state not in (State.OPENING, State.RECEIVING, State.SENDING):
            return None
        grant, self._consumed_bytes = self._consumed_bytes, 0
        return Credit(self.id, grant)

    @property
    def sendable_bytes(self) -> int:
        """How much content may go into the next message."""
        return min(self.credit_bytes, self.max_chunk_bytes)

    def refuse(self, detail: str) -> ProtocolError:
        """Close the channel for what the peer did, and return the error to raise."""
        self._sender = self._peer
        return self._breach(detail)

    def _breach(self, detail: str) -> ProtocolError:
        self.state = State.CLOSED
        by = "by this end" if self._sender is self.side else f"from the {self._sender.name.lower()}"
        return ProtocolError(f"{detail} ({by})")

    def _checked(self, message: Message) -> Message:
        """Check the parts of a received message whose shape depends on the method."""
        try:
            if isinstance(message, Request):
                try:
                    params = check_params(message.method, message.params)
                except UnsupportedMethodError:
                    return message  # legal to ask; answering it is the driver's business
                return Request(message.id, message.method, params, message.content)
            if isinstance(message, Response) and message.error is None:
                result = check_result(self.method, message.result)
                return Response(message.id, None, result, message.content)
            if isinstance(message, Start):
                return Start(message.id, check_info(self.method, message.info))
        except ProtocolError as error:
            if isinstance(message, Request):
                self.id = message.id
            raise self.refuse(error.detail) from None
        return message

    def _step(self, sender: Side, message: Message) -> None:
        self._sender = sender
        following = TRANSITIONS[self.state].get((sender, message.kind))
        if following is None:
            raise self._breach(f"{message.kind.name} is not allowed in state {self.state.name}")
        if (
            sender is Side.DRIVER
            and _FLOWS.get(message.kind, self._direction) is not self._direction
        ):
            raise self._breach(f"{message.kind.name} has no place in {self.method[:40]}")
        rule = self._RULES.get(message.kind)
        if rule is not None:
            following = rule(self, message, following)
        self.state = following

    def _begin(self, message: Request, following: State) -> State:
        if message.id == self.id:
            raise self._breach(f"REQUEST repeats the id {message.id}")
        # Before anything else is looked at: a refusal of the rest carries it.
        self.id = message.id
        method, params = message.method, message.params
        if not _takes(self.role, method):
            raise self._breach(f"{method[:40]!r} is not a call for a {self.role.name} channel")
        call = CALLS.get(method)
        self.method = method
        self.credit_bytes = self.moved_bytes = self._consumed_bytes = 0
        self._ended = True
        self._size = None
        self._direction = direction = Direction.NONE if call is None else call.direction
        if call is None:
            # Of a later version, and it may send content: it is answered, whatever it has.
            return State.WAITING
        if direction is Direction.NONE:
            if message.content is not None:
                raise self._breach(f"{method} takes no content")
            return State.WAITING
        self._offset = count(params, "offset") if "offset" in params else 0
        if direction is Direction.RECEIVED:
            if message.content is not None:
                raise self._breach(f"{method} takes no content")
            credit = count(params, "credit")
            if not 0 <= credit <= MAX_CREDIT_BYTES:
                raise self._breach(f"{method} with a credit of {credit}")
            self.credit_bytes = self._window_bytes = credit
            return State.OPENING
        self.credit_bytes = self._window_bytes = self.write_credit_bytes
        if message.content is not None:
            self._move(len(message.content))
        if params.get("end") is True:
            return State.WAITING
        self._ended = False
        return State.SENDING

    def _finish(self, message: Response, following: State) -> State:
        self._check_id(message.id, Kind.RESPONSE)
        if message.error is not None:
            if type(message.error.get("code")) is not str:
                raise self._breach("an error must have a code, which is a text")
            return following
        if message.content is not None:
            if self._direction is not Direction.RECEIVED:
                raise self._breach(f"the response to {self.method} has no content")
            self._move(len(message.content))
        if not self._ended:
            raise self._breach(f"{self.method} succeeded before its END")
        result = message.result or {}
        self._check_count(result)
        if self.method == "Hello":
            self._adopt(result)
        return following

    def _check_count(self, result: Mapping[str, Wire]) -> None:
        call = CALLS.get(self.method)
        if call is None:
            raise self._breach(f"nothing is known of a success of {self.method[:40]!r}")
        if call.count_key is None:
            return
        counted = count(result, call.count_key)
        if self._size is not None and self._size != counted:
            raise self._breach(
                f"the result of {self.method} has a size of {counted},"
                f" and its START of {self._size!r}"
            )
        if self._direction is Direction.RECEIVED:
            expected = max(0, counted - self._offset)
        else:
            expected = counted - (self._offset if call.counts_from_offset else 0)
        if expected != self.moved_bytes:
            raise self._breach(
                f"the result of {self.method} speaks of {expected} bytes of content,"
                f" and {self.moved_bytes} have passed"
            )

    def _adopt(self, result: Mapping[str, Wire]) -> None:
        """Take over what Hello has agreed on."""
        max_chunk, write_credit = count(result, "max_chunk"), count(result, "write_credit")
        if not 0 < max_chunk <= write_credit:
            raise self._breach(f"write_credit {write_credit} is less than max_chunk {max_chunk}")
        self.max_chunk_bytes = min(self.max_chunk_bytes, max_chunk)
        self.write_credit_bytes = write_credit
        self.role = Role.ONLY if count(result, "max_channels") == 0 else Role.CONTROL

    def _check_id(self, id: int, kind: Kind) -> None:
        if id != self.id:
            raise self._breach(f"{kind.name} for call {id}, the call is {self.id}")

    def _move(self, size_bytes: int) -> None:
        if size_bytes > self.max_chunk_bytes:
            raise self._breach(
                f"{size_bytes} bytes in one message, the limit is {self.max_chunk_bytes}"
            )
        if size_bytes > self.credit_bytes:
            raise self._breach(f"{size_bytes} bytes sent with a credit of {self.credit_bytes}")
        self.credit_bytes -= size_bytes
        self.moved_bytes += size_bytes

    def _on_start(self, message: Start, following: State) -> State:
        self._check_id(message.id, Kind.START)
        self._size = message.info.get("size")
        return following

    def _on_chunk(self, message: Chunk, following: State) -> State:
        self._check_id(message.id, Kind.CHUNK)
        if self.state is not State.IDLE:
            self._move(len(message.content))
        # Found out here, as a peer that sends for ever never comes to its count.
        if type(self._size) is int and self._offset + self.moved_bytes > self._size:
            raise self._breach(f"{self.method} sends more than the {self._size} bytes of its START")
        return following

    def _on_end(self, message: End, following: State) -> State:
        self._check_id(message.id, Kind.END)
        if self.state is not State.IDLE:
            if message.content is not None:
                self._move(len(message.content))
            self._ended = True
        return following

    def _on_credit(self, message: Credit, following: State) -> State:
        self._check_id(message.id, Kind.CREDIT)
        if self.state is not State.IDLE:
            self.credit_bytes += message.size_bytes
            if self.credit_bytes > MAX_CREDIT_BYTES:
                raise self._breach(f"credit overflow: {self.credit_bytes}")
        return following

    def _on_cancel(self, message: Cancel, following: State) -> State:
        self._check_id(message.id, Kind.CANCEL)
        return following

    # Here and not in `_step`: a table is read at a glance, and made once.
    _RULES: ClassVar[Mapping[Kind, Callable[..., State]]] = {
        Kind.REQUEST: _begin,
        Kind.RESPONSE: _finish,
        Kind.START: _on_start,
        Kind.CHUNK: _on_chunk,
        Kind.END: _on_end,
        Kind.CREDIT: _on_credit,
        Kind.CANCEL: _on_cancel,
    }
