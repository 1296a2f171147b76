"""The table of states, and the same table in PROTOCOL.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from storagedriver.ipc.messages import Kind
from storagedriver.ipc.states import AFTER_REQUEST, TRANSITIONS, Side, State

SPEC = Path(str(import_module("storagedriver.ipc").__file__)).parent / "spec" / "PROTOCOL.md"

Row = tuple[State, Side, Kind, frozenset[State]]


def documented_rows() -> Iterator[Row]:
    """The rows of the table below the heading "Channel states"."""
    text = SPEC.read_text(encoding="utf-8")
    section = re.split(r"^## \d+\. Channel states$", text, flags=re.MULTILINE)[1]
    lines = re.split(r"^## ", section, flags=re.MULTILINE)[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    assert rows[0] == ["state", "sender", "message", "next state"]
    for state, sender, message, following in rows[2:]:
        names = re.split(r", | or ", following)
        yield (
            State[state],
            Side[sender.upper()],
            Kind[message],
            frozenset(State[name] for name in names),
        )


def implemented_rows() -> Iterator[Row]:
    for state, rows in TRANSITIONS.items():
        for (side, kind), following in rows.items():
            many = AFTER_REQUEST if kind is Kind.REQUEST else frozenset({following})
            yield state, side, kind, many


def test_the_specification_has_the_table_of_the_code() -> None:
    documented = list(documented_rows())
    assert len(documented) == len(set(documented))
    assert set(documented) == set(implemented_rows())


def test_every_state_has_an_entry() -> None:
    assert set(TRANSITIONS) == set(State)


def test_nothing_follows_closed() -> None:
    assert TRANSITIONS[State.CLOSED] == {}


@pytest.mark.parametrize("state", set(State) - {State.CLOSED})
def test_the_host_may_close_in_every_state(state: State) -> None:
    assert TRANSITIONS[state][Side.HOST, Kind.CLOSE] is State.CLOSED


@pytest.mark.parametrize("state", set(State) - {State.CLOSED, State.IDLE, State.ATTACHING})
def test_every_call_can_be_answered_in_every_state(state: State) -> None:
    assert TRANSITIONS[state][Side.DRIVER, Kind.RESPONSE] is State.IDLE


def test_the_driver_says_nothing_between_calls() -> None:
    assert not [kind for side, kind in TRANSITIONS[State.IDLE] if side is Side.DRIVER]


def test_a_call_begins_in_one_of_three_states() -> None:
    assert {State.WAITING, State.OPENING, State.SENDING} == AFTER_REQUEST
