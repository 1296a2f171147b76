"""What a driver can do wrong on the wire: answers that are none, are wrong, or are too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from storagedriver.drivers.misbehaving.calls import Call
from storagedriver.drivers.misbehaving.rules import Fault, Rule
from storagedriver.drivers.misbehaving.script import DRIVER_NAME
from storagedriver.ipc.calls import CALLS
from storagedriver.ipc.channel import ChannelLostError
from storagedriver.ipc.codec import encode
from storagedriver.ipc.fields import count
from storagedriver.ipc.messages import Chunk, Message, Response, Wire
from storagedriver.ipc.session import Session


class Line(Protocol):
    """What an answer needs of a `channel.ScriptedChannel`, which says what each does."""

    session: Session
    call: Call | None

    def answer(self, response: Response) -> None: ...
    def answer_raw(self, *messages: Sequence[bytes]) -> None: ...
    def send_raw(self, *messages: Sequence[bytes]) -> None: ...
    def drain(self) -> None: ...
    def close(self) -> None: ...


def _error(line: Line, rule: Rule, response: Response | None) -> None:
    error: dict[str, Wire] = {
        "code": rule.code,
        "message": rule.message or f"{rule.code}, as the script says",
        "temporary": rule.temporary,
        "driver": DRIVER_NAME,
        "fields": dict(rule.fields),
    }
    line.answer(Response(line.session.id, error, None))


def _answer(line: Line, rule: Rule, response: Response | None) -> None:
    line.drain()
    result = _plain_success(line) if rule.result is None else rule.result
    line.answer_raw(_frames_of(Response(line.session.id, None, result)))


def _plain_success(line: Line) -> dict[str, Wire]:
    """Return the result of a write or a change that went well; of all else a map that is empty."""
    session = line.session
    call = CALLS.get(session.method)
    if call is None or call.count_key is None or line.call is None:
        return {}
    offset = count(line.call.request.params, "offset") if call.counts_from_offset else 0
    return {call.count_key: offset + session.moved_bytes}


def _frames(line: Line, rule: Rule, response: Response | None) -> None:
    if rule.instead:
        line.answer_raw(*rule.frames)
    else:
        line.send_raw(*rule.frames)


def _disconnect(line: Line, rule: Rule, response: Response | None) -> None:
    line.close()
    raise ChannelLostError(process_ended=False)


def _answer_twice(line: Line, rule: Rule, response: Response | None) -> None:
    if response is not None:
        line.answer(response)
        line.send_raw(_frames_of(response))


def _wrong_count(line: Line, rule: Rule, response: Response | None) -> None:
    call = CALLS[line.session.method]
    if response is not None and response.result is not None and call.count_key is not None:
        counted = count(response.result, call.count_key)
        result = {**response.result, call.count_key: counted + rule.by}
        line.answer_raw(_frames_of(Response(response.id, None, result, response.content)))


def _end_early(line: Line, rule: Rule, response: Response | None) -> None:
    info = line.call.info if line.call is not None else None
    line.answer_raw(_frames_of(Response(line.session.id, None, info)))


def _exceed_credit(line: Line, rule: Rule, response: Response | None) -> None:
    session = line.session
    chunk = _frames_of(Chunk(session.id, bytes(session.max_chunk_bytes)))
    line.send_raw(*[chunk] * (session.credit_bytes // session.max_chunk_bytes + 1))


def _frames_of(message: Message) -> list[bytes]:
    header, content = encode(message)
    return [header] if content is None else [header, bytes(content)]


Answer = Callable[[Line, Rule, Response | None], None]

ANSWERS: Final[Mapping[Fault, Answer]] = {
    Fault.ERROR: _error,
    Fault.ANSWER: _answer,
    Fault.FRAMES: _frames,
    Fault.DISCONNECT: _disconnect,
    Fault.ANSWER_TWICE: _answer_twice,
    Fault.WRONG_COUNT: _wrong_count,
    Fault.END_EARLY: _end_early,
    Fault.EXCEED_CREDIT: _exceed_credit,
}
"""Each is given the channel and the response that the driver would send, if it has one yet. Called
by the channel's thread. One that answers ends the call, as `ScriptedChannel.answer` says."""
