"""The states of a channel and which message leads where, as one literal table.

Both peers run the same table. A row says: in this state, this side may send this message, and then
the channel is in that state. What is not in the table is a protocol error.

The peers need not be in the same state at once: messages are under way. So the table also has the
rows for messages that cross: after a RESPONSE the host's last CREDIT, CHUNK, END or CANCEL may
still arrive, and after a CANCEL what the driver had already sent. Those are taken and ignored.

Not in the table, because they need more than the state: ids, credit, the sizes of chunks, and which
methods a channel takes (see `session`). The table in spec/PROTOCOL.md is held against this one by a
test.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from storagedriver.ipc.messages import Kind


class Side(IntEnum):
    """The two peers of a channel."""

    HOST = 0
    DRIVER = 1


class State(IntEnum):
    """What a channel is in the middle of."""

    ATTACHING = 0
    """Connected, but the driver has not said who it is."""
    IDLE = 1
    """No call."""
    WAITING = 2
    """A call without content under way: nothing but the response is missing."""
    OPENING = 3
    """A call that reads, before START."""
    RECEIVING = 4
    """A call that reads, after START."""
    SENDING = 5
    """A call that writes, before END."""
    CANCELLING = 6
    """The host has sent CANCEL; the response still comes."""
    CLOSED = 7
    """Nothing more."""


_HOST, _DRIVER = Side.HOST, Side.DRIVER

AFTER_REQUEST: Final = frozenset({State.WAITING, State.OPENING, State.SENDING})
"""Where a REQUEST leads: by the way its content flows, and WAITING for a write that is complete."""

TRANSITIONS: Final[Mapping[State, Mapping[tuple[Side, Kind], State]]] = {
    State.ATTACHING: {
        (_DRIVER, Kind.ATTACH): State.IDLE,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.IDLE: {
        (_HOST, Kind.REQUEST): State.WAITING,  # or another of AFTER_REQUEST
        (_HOST, Kind.CREDIT): State.IDLE,
        (_HOST, Kind.CHUNK): State.IDLE,
        (_HOST, Kind.END): State.IDLE,
        (_HOST, Kind.CANCEL): State.IDLE,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.WAITING: {
        (_DRIVER, Kind.CREDIT): State.WAITING,
        (_DRIVER, Kind.RESPONSE): State.IDLE,
        (_HOST, Kind.CANCEL): State.CANCELLING,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.OPENING: {
        (_DRIVER, Kind.START): State.RECEIVING,
        (_DRIVER, Kind.RESPONSE): State.IDLE,
        (_HOST, Kind.CREDIT): State.OPENING,
        (_HOST, Kind.CANCEL): State.CANCELLING,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.RECEIVING: {
        (_DRIVER, Kind.CHUNK): State.RECEIVING,
        (_DRIVER, Kind.RESPONSE): State.IDLE,
        (_HOST, Kind.CREDIT): State.RECEIVING,
        (_HOST, Kind.CANCEL): State.CANCELLING,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.SENDING: {
        (_DRIVER, Kind.CREDIT): State.SENDING,
        (_DRIVER, Kind.RESPONSE): State.IDLE,  # with an error: a success would be too early
        (_HOST, Kind.CHUNK): State.SENDING,
        (_HOST, Kind.END): State.WAITING,
        (_HOST, Kind.CANCEL): State.CANCELLING,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.CANCELLING: {
        (_DRIVER, Kind.START): State.CANCELLING,
        (_DRIVER, Kind.CHUNK): State.CANCELLING,
        (_DRIVER, Kind.CREDIT): State.CANCELLING,
        (_DRIVER, Kind.RESPONSE): State.IDLE,
        (_HOST, Kind.CLOSE): State.CLOSED,
    },
    State.CLOSED: {},
}
