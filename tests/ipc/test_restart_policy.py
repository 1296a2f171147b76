"""When a driver is started again, and when it is given up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storagedriver.ipc.restart_policy import RestartHistory, RestartPolicy

POLICY = RestartPolicy(
    max_in_a_row=4,
    first_delay_seconds=0.5,
    max_delay_seconds=1.5,
    jitter=0.5,
    stable_seconds=10.0,
)


def fail(history: RestartHistory, *, chance: float = 0.0) -> float | None:
    """End without having been of use."""
    return history.end(was_of_use=False, ready_seconds=0.0, chance=chance)


def test_the_first_start_is_made_at_once_and_each_further_one_later_up_to_a_limit() -> None:
    history = RestartHistory(POLICY)
    assert [fail(history) for _ in range(4)] == [0.0, 0.5, 1.0, 1.5]


def test_what_ends_too_often_in_a_row_is_given_up() -> None:
    history = RestartHistory(POLICY)
    for _ in range(4):
        assert fail(history) is not None
    assert fail(history) is None
    assert fail(history) is None


def test_chance_takes_off_a_part_of_the_delay() -> None:
    history = RestartHistory(POLICY)
    fail(history)
    assert fail(history, chance=1.0) == 0.25


def test_a_driver_that_was_ready_for_long_has_its_ends_forgotten() -> None:
    history = RestartHistory(POLICY)
    for _ in range(4):
        fail(history)
    assert history.end(was_of_use=False, ready_seconds=10.0, chance=0.0) == 0.0
    assert fail(history) == 0.5


def test_a_driver_that_has_answered_has_its_ends_forgotten() -> None:
    history = RestartHistory(POLICY)
    for _ in range(20):
        assert history.end(was_of_use=True, ready_seconds=0.1, chance=0.0) == 0.0


def test_one_that_was_ready_for_a_moment_was_of_no_use() -> None:
    history = RestartHistory(POLICY)
    fail(history)
    assert history.end(was_of_use=False, ready_seconds=9.9, chance=0.0) == 0.5


def test_no_number_of_ends_is_too_many_for_the_arithmetic() -> None:
    history = RestartHistory(RestartPolicy(max_in_a_row=5000, max_delay_seconds=7.0, jitter=0.0))
    assert [fail(history) for _ in range(5000)][-1] == 7.0


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 100), st.floats(0, 1)), max_size=50),
    st.integers(1, 8),
)
def test_delays_are_bounded_and_giving_up_needs_as_many_ends_as_allowed(
    ends: list[tuple[bool, float, float]], max_in_a_row: int
) -> None:
    policy = RestartPolicy(max_in_a_row=max_in_a_row)
    history = RestartHistory(policy)
    in_a_row = 0
    for was_of_use, ready_seconds, chance in ends:
        is_first = was_of_use or ready_seconds >= policy.stable_seconds
        in_a_row = 1 if is_first else in_a_row + 1
        delay = history.end(was_of_use=was_of_use, ready_seconds=ready_seconds, chance=chance)
        assert (delay is None) == (in_a_row > max_in_a_row)
        assert delay is None or 0.0 <= delay <= policy.max_delay_seconds
