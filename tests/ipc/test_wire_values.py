from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagedriver.contract import ProtocolError
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.wire_values import (
    CHECKS,
    MisfitError,
    Type,
    integer_from_wire,
    time_from_wire,
    time_to_wire,
)

quiet = settings(database=None, deadline=None)


@pytest.mark.parametrize("value", [0, -5, 1 << 70])
def test_an_integer_is_itself(value: int) -> None:
    assert integer_from_wire(value) == value


@pytest.mark.parametrize("value", [5.0, -5.0, 0.0, float(1 << 53), -float(1 << 53)])
def test_a_float_without_fraction_is_an_integer(value: float) -> None:
    integer = integer_from_wire(value)
    assert integer == value
    assert type(integer) is int


@pytest.mark.parametrize(
    "value",
    [True, False, None, "5", b"5", 0.5, float("nan"), float("inf"), float(1 << 54), [5], {}],
    ids=repr,
)
def test_nothing_else_is_an_integer(value: Wire) -> None:
    assert integer_from_wire(value) is None


@quiet
@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_comes_back_exactly(time: datetime) -> None:
    assert time_from_wire(time_to_wire(time)) == time


FIRST, LAST = datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-01-01")


@quiet
@given(
    # A year from either end: in another zone the last day would lie beyond.
    st.datetimes(min_value=FIRST, max_value=LAST),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_a_time_of_another_zone_is_the_same_moment(local: datetime, zone: timezone) -> None:
    time = local.replace(tzinfo=zone)
    back = time_from_wire(time_to_wire(time))
    assert back == time
    assert back.tzinfo is UTC


def test_a_time_is_two_integers() -> None:
    wire = time_to_wire(datetime(1969, 12, 31, 23, 59, 59, 1, UTC))
    assert wire == [-1, 1000]
    assert all(type(part) is int for part in wire)


def test_a_time_without_zone_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        time_to_wire(datetime(2024, 1, 1))  # noqa: DTZ001 - naive on purpose


@quiet
@given(st.lists(st.integers() | st.floats() | st.none(), max_size=3))
def test_any_pair_is_a_time_or_a_protocol_error(pair: list[Wire]) -> None:
    try:
        time = time_from_wire(pair)
    except ProtocolError:
        return
    assert time.tzinfo is UTC


def test_every_type_has_a_check() -> None:
    assert set(CHECKS) == set(Type)


@pytest.mark.parametrize("type_", Type)
def test_no_type_takes_nil(type_: Type) -> None:
    with pytest.raises(MisfitError):
        CHECKS[type_](None)


def test_a_check_does_not_change_what_it_is_given() -> None:
    options: dict[str, Wire] = {"expiry": [5.0, 0]}
    assert CHECKS[Type.OPTIONS](options) == {"expiry": [5, 0]}
    assert options == {"expiry": [5.0, 0]}
    assert repr(options["expiry"]) == "[5.0, 0]"


def test_a_misfit_in_a_nested_map_names_the_key() -> None:
    with pytest.raises(MisfitError, match="has a key deadline_ms that must be an integer"):
        CHECKS[Type.META]({"deadline_ms": "soon"})
