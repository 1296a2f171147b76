"""The sequences of messages that every language reads hold for both ends of this implementation."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from storagedriver.contract import ProtocolError
from storagedriver.ipc.codec import ListingDecoder, decode
from storagedriver.ipc.messages import Chunk, Message, Response
from storagedriver.ipc.receiving import EntryStream
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side, State

SEQUENCES = (
    Path(str(import_module("storagedriver.ipc").__file__)).parent
    / "spec"
    / "vectors"
    / "sequences.json"
)

# What stands in a vector is used as it should be.
Vector: TypeAlias = dict[str, Any]


def vectors(array: str) -> list[Any]:
    found: list[Vector] = json.loads(SEQUENCES.read_text(encoding="ascii"))[array]
    return [pytest.param(vector, id=vector["name"]) for vector in found]


@pytest.mark.parametrize("vector", vectors("accept"))
def test_a_sequence_leads_to_its_state(vector: Vector) -> None:
    end = End(vector)
    for step in vector["steps"]:
        end.take(step)
    assert end.session.state is State[vector["state"]]


@pytest.mark.parametrize("vector", vectors("reject"))
def test_the_last_message_of_a_sequence_is_refused(vector: Vector) -> None:
    end = End(vector)
    *steps, last = vector["steps"]
    for step in steps:
        end.take(step)
    assert "receive" in last
    with pytest.raises(ProtocolError):
        end.take(last)


def test_every_state_is_reached_and_both_ends_refuse() -> None:
    accepted = [param.values[0] for param in vectors("accept")]
    refused = [param.values[0] for param in vectors("reject")]
    assert {vector["side"] for vector in refused} == {"host", "driver"}
    assert {vector["state"] for vector in accepted} <= set(State.__members__)
    # Further states are on the way: all, if each sequence is followed.
    on_the_way: set[State] = set()
    for vector in accepted:
        end = End(vector)
        for step in vector["steps"]:
            on_the_way.add(end.session.state)
            end.take(step)
        on_the_way.add(end.session.state)
    assert on_the_way == set(State)


class End:
    """The end of a channel that a vector speaks of."""

    def __init__(self, vector: Vector) -> None:
        self.session = Session(
            Side[vector["side"].upper()],
            Role.NEW if vector["channel"] == "control" else Role.WORKER,
            max_chunk_bytes=vector["max_chunk"],
            write_credit_bytes=vector["write_credit"],
        )
        self._listed: list[bytes] = []

    def take(self, step: Vector) -> None:
        frames = step.get("receive", step.get("send")), step.get("content")
        header, content = (None if parts is None else from_bytes(parts) for parts in frames)
        assert header is not None
        message = decode(header, content)
        if "send" in step:
            self.session.send(message, 0.0)
            return
        event = self.session.receive(message, 0.0)
        assert (event is None) is step.get("ignored", False)
        if event is not None and self.session.side is Side.HOST:
            self._look_into(event)

    def _look_into(self, event: Message) -> None:
        """Check what the session hands on as it is: the content of listings."""
        if self.session.method in ("List", "Walk", "ListUploads"):
            if isinstance(event, Chunk | Response) and event.content is not None:
                ListingDecoder().feed(event.content)  # whole entries in every message
                self._listed.append(bytes(event.content))
            if isinstance(event, Response) and event.error is None:
                whole = Response(event.id, None, event.result, b"".join(self._listed))
                list(EntryStream(self.session.method, None, whole))
                self._listed.clear()


def from_bytes(parts: Any) -> bytes:
    """The bytes that a vector writes as hex, or as parts of it that may be repeated."""
    if isinstance(parts, str):
        return bytes.fromhex(parts)
    return b"".join(
        bytes.fromhex(part) if isinstance(part, str) else bytes.fromhex(part[0]) * part[1]
        for part in parts
    )
