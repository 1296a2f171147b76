"""What the transcripts are written in: commands for two sessions, and what came of each.

The commands:

    pair control|worker [detached] [max_chunk=N] [write_credit=N]    two new sessions, joined
    SIDE send KIND key=value...      a message that the session of that side must allow
    SIDE forge KIND key=value...     one that it does not see: a broken peer
    raw FROM->TO HEX [content HEX]   frames as they are; HEX may be N*HEX
    deliver FROM->TO [N]             the messages that are under way, or the first N
    lose FROM->TO                    they never arrive
    SIDE consume N                   received content is used up; sends CREDIT if it is due
    SIDE farewell                    the last message of who has found an error
    SIDE drop                        that side has lost its channel
    time +SECONDS
    vector SIDE NAME [-- REASON]     keeps what that side saw in spec/vectors/sequences.json

Values are JSON without spaces; what is none is a text. `hex:`, `zeros:` and `entries:` make binary.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from storagedriver.contract import ProtocolError
from storagedriver.ipc.codec import ListingDecoder, decode, encode, encode_listing
from storagedriver.ipc.headers import elements_of
from storagedriver.ipc.limits import CREDIT_WINDOW_CHUNKS, MAX_CHUNK_BYTES
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    Content,
    Credit,
    End,
    Message,
    Request,
    Response,
    Start,
    Wire,
)
from storagedriver.ipc.receiving import EntryStream
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side
from storagedriver.ipc.wire_errors import error_from_wire, error_to_wire

INDENT = "    "

Frames = tuple[bytes, Content | None]
LISTINGS = frozenset({"List", "Walk", "ListUploads"})


@dataclass
class Peer:
    """One side: its session, what is under way to it, and what it has seen."""

    name: str
    session: Session
    inbox: deque[Frames] = field(default_factory=deque[Frames])
    shown: str = ""
    agreed: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    error: ProtocolError | None = None
    refused: dict[str, Any] | None = None
    listed: list[Content] = field(default_factory=list[Content])


class Conversation:
    """Carries out commands. `sequences` are the vectors that they made."""

    def __init__(self) -> None:
        self.ends: dict[str, Peer] = {}
        self.now = 0.0
        self.setting: dict[str, object] = {}
        self.sequences: dict[str, list[dict[str, Any]]] = {"accept": [], "reject": []}

    def obey(self, line: str) -> Iterator[str]:
        """Carry out one line; give what came of it."""
        words = line.split()
        match words:
            case ["pair", role, *options]:
                yield from self._pair(role, options)
                return
            case ["raw", way, header, *rest]:
                content = from_hex(rest[1]) if rest else None
                self._post(way.split("->")[1], (from_hex(header), content))
            case ["deliver", way, *number]:
                yield from self._deliver(way, int(number[0]) if number else None)
            case ["lose", way]:
                inbox = self.ends[way.split("->")[1]].inbox
                while inbox:
                    yield f"lost {as_written(decode(*inbox.popleft()))}"
            case ["time", seconds]:
                self.now += float(seconds)
                for end in self.ends.values():
                    yield f"{end.name}: quiet for {self.now - end.session.progress_at:g} s"
            case ["vector", side, *name]:
                yield self._keep(self.ends[side], " ".join(name))
            case [("host" | "driver") as side, verb, *rest]:
                yield from self._act(self.ends[side], verb, rest)
            case _:
                raise ValueError(f"no command: {line}")
        for end in self.ends.values():
            yield from changes(end)

    def _pair(self, role: str, options: list[str]) -> Iterator[str]:
        sizes = {
            "max_chunk": MAX_CHUNK_BYTES,
            "write_credit": MAX_CHUNK_BYTES * CREDIT_WINDOW_CHUNKS,
        }
        sizes |= {name: int(size) for name, _, size in (o.partition("=") for o in options) if size}
        self.setting = {"channel": role, **sizes}
        for side in Side:
            session = Session(
                side,
                Role.NEW if role == "control" else Role.WORKER,
                max_chunk_bytes=sizes["max_chunk"],
                write_credit_bytes=sizes["write_credit"],
            )
            self.ends[side.name.lower()] = Peer(side.name.lower(), session)
        if "detached" not in options:
            for line in ("driver send ATTACH", "deliver driver->host"):
                list(self.obey(line))
        for end in self.ends.values():
            list(changes(end))
        host = self.ends["host"]
        yield f"both: {host.agreed}; {host.shown}"

    def _act(self, end: Peer, verb: str, rest: list[str]) -> Iterator[str]:
        match verb:
            case "send":
                yield from self._send(end, make_message(end.session, rest[0], rest[1:]))
            case "forge":
                message = make_message(end.session, rest[0], rest[1:])
                yield f"{end.name} forges {as_written(message)}"
                self._post(peer_of(end.name), encode(message))
            case "consume":
                credit = end.session.consume(int(rest[0]))
                if credit is None:
                    yield f"{end.name}: no credit is due"
                else:
                    yield from self._send(end, credit)
            case "farewell":
                assert end.error is not None, "there was no error"
                message = Response(end.session.id, error_to_wire(end.error), None)
                yield f"{end.name} sends {as_written(message)}"
                self._post(peer_of(end.name), encode(message))
            case "drop":
                # What Channel.close does to its session.
                end.session.state = type(end.session.state).CLOSED
            case _:
                raise ValueError(f"no command: {verb}")

    def _send(self, end: Peer, message: Message) -> Iterator[str]:
        try:
            end.session.send(message, self.now)
        except ProtocolError as error:
            yield f"{end.name} may not send {as_written(message)}: {error.detail}"
            return
        yield f"{end.name} sends {as_written(message)}"
        frames = encode(message)
        end.steps.append({"send": to_hex(frames[0]), **second_frame(frames[1])})
        self._post(peer_of(end.name), frames)

    def _post(self, side: str, frames: Frames) -> None:
        self.ends[side].inbox.append(frames)

    def _deliver(self, way: str, number: int | None) -> Iterator[str]:
        sender, receiver = way.split("->")
        end = self.ends[receiver]
        assert sender == peer_of(receiver)
        assert end.inbox, "nothing is under way"
        for _ in range(len(end.inbox) if number is None else number):
            yield from self._take(end, end.inbox.popleft())

    def _take(self, end: Peer, frames: Frames) -> Iterator[str]:
        step: dict[str, Any] = {"receive": to_hex(frames[0]), **second_frame(frames[1])}
        end.steps.append(step)
        try:
            try:
                message = decode(*frames)
            except ProtocolError as error:
                raise end.session.refuse(error.detail) from None
            event = end.session.receive(message, self.now)
        except ProtocolError as error:
            end.error, end.refused = error, step
            yield f"{end.name} refuses: {error.detail}"
            return
        if event is None:
            step["ignored"] = True
            yield f"{end.name} ignores {as_written(message)}"
            return
        yield f"{end.name} takes {as_written(event)}"
        try:
            if isinstance(event, Response) and event.error is not None:
                raised = error_from_wire(event.error)
                yield f"{end.name} raises {type(raised).__name__}: {raised.message}"
            elif end.name == "host" and end.session.method in LISTINGS:
                yield from entries_in(end, event)
        except ProtocolError as error:
            # The session does not look at these; who does closes the channel.
            end.error, end.refused = end.session.refuse(error.detail), step
            yield f"{end.name} refuses: {end.error.detail}"

    def _keep(self, end: Peer, text: str) -> str:
        name, _, reason = text.partition(" -- ")
        sequence: dict[str, Any] = {"name": f"{end.name}: {name}", "side": end.name, **self.setting}
        sequence["steps"] = list(end.steps)
        if reason:
            assert end.error is not None, f"{name} was not refused"
            assert end.steps[-1] is end.refused, f"{name} goes on after it was refused"
            sequence["reason"] = reason
        else:
            assert end.error is None, f"{name} was refused"
            sequence["state"] = end.session.state.name
        self.sequences["reject" if reason else "accept"].append(sequence)
        return f"kept: {len(end.steps)} steps"


def changes(end: Peer) -> Iterator[str]:
    """What is to be said of a side because it has changed."""
    session = end.session
    shown = f"{session.state.name}, call {session.id}"
    shown += f", credit {session.credit_bytes}, moved {session.moved_bytes}"
    agreed = f"{session.role.name} channel, max_chunk {session.max_chunk_bytes}"
    agreed += f", write_credit {session.write_credit_bytes}"
    if agreed != end.agreed:
        yield f"{end.name}: {agreed}"
    if shown != end.shown:
        yield f"{end.name}: {shown}"
    end.shown, end.agreed = shown, agreed


def entries_in(end: Peer, message: Message) -> Iterator[str]:
    """What the content of a listing says. Raises ProtocolError if it is wrong in the end."""
    if not isinstance(message, Chunk | Response):
        return
    if message.content is not None:
        end.listed.append(message.content)
        yield f"host: entries {shown_value(ListingDecoder().feed(message.content))}"
    if isinstance(message, Response):
        content = b"".join(end.listed)
        end.listed.clear()
        whole = Response(message.id, None, message.result, content)
        yield f"host: {len(list(EntryStream(end.session.method, None, whole)))} in order"


def peer_of(side: str) -> str:
    return "driver" if side == "host" else "host"


def make_message(session: Session, kind: str, words: list[str]) -> Message:
    given: dict[str, Any] = {}
    for name, _, text in (word.partition("=") for word in words):
        given[name] = value_of(text)
    content = given.pop("content", None)
    if isinstance(content, str):
        content = content.encode()
    usual_id = session.request("", {}).id if kind == "REQUEST" else session.id
    id = given.pop("id", usual_id)
    match kind:
        case "REQUEST":
            return Request(id, given.pop("method"), given, content)
        case "RESPONSE" if "error" in given:
            return Response(id, {"code": given.pop("error"), "fields": given}, None, content)
        case "RESPONSE":
            return Response(id, None, given, content)
        case "START":
            return Start(id, given)
        case "CHUNK":
            return Chunk(id, content)
        case "CREDIT":
            return Credit(id, given["bytes"])
        case "END":
            return End(id, content)
        case "CANCEL":
            return Cancel(id)
        case "ATTACH":
            return Attach("k1", "0.1", 7)
        case "CLOSE":
            return Close()
        case _:
            raise ValueError(f"no kind of message: {kind}")


def value_of(text: str) -> Wire:
    how, _, rest = text.partition(":")
    match how:
        case "hex":
            return bytes.fromhex(rest)
        case "zeros":
            return bytes(int(rest))
        case "entries":
            return encode_listing(json.loads(rest))
        case _:
            pass
    try:
        value: Wire = json.loads(text)
    except ValueError:
        value = text
    return value


def from_hex(text: str) -> bytes:
    times, _, digits = text.rpartition("*")
    return bytes.fromhex(digits) * int(times or 1)


def to_hex(frame: Content) -> str | list[object]:
    """As section 16 of the specification writes bytes: long runs as [hex, times]."""
    parts: list[object] = []
    for run in re.finditer(rb"(?s)(.)\1{63,}|(?:(?!(.)\2{63}).)+", bytes(frame)):
        piece = run[0]
        parts.append([piece[:1].hex(), len(piece)] if run[1] else piece.hex())
    return parts if any(isinstance(part, list) for part in parts) else "".join(map(str, parts))


def second_frame(content: Content | None) -> dict[str, object]:
    return {} if content is None else {"content": to_hex(content)}


def as_written(message: Message) -> str:
    """A message as the specification writes it, behind the name of its kind."""
    elements, content = elements_of(message)
    written = [int(message.kind), *elements[1:]]
    if content is not None:
        written.append(content)
    return f"{message.kind.name} {shown_value(written)}"


def shown_value(value: object) -> str:
    match value:
        case None:
            return "nil"
        case bytes() | memoryview():
            content = bytes(cast("Content", value))
            if len(content) <= 16 and content.isascii() and content.decode().isprintable():
                return f'"{content.decode()}" as binary'
            return f"<{len(content)} bytes>" if len(content) > 16 else f"<{content.hex()}>"
        case list():
            return f"[{', '.join(map(shown_value, cast('list[object]', value)))}]"
        case dict():
            pairs = cast("dict[str, object]", value).items()
            return "{" + ", ".join(f"{json.dumps(k)}: {shown_value(v)}" for k, v in pairs) + "}"
        case _:
            return json.dumps(value)


def replayed(text: str, conversation: Conversation | None = None) -> str:
    """The transcript as it is today: its commands, and below each what comes of it now."""
    conversation = conversation or Conversation()
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(INDENT):
            continue
        lines.append(line)
        if line and not line.startswith("#"):
            lines += [INDENT + what for what in conversation.obey(line)]
    return "\n".join(lines) + "\n"
