"""A budget that refills, and counts that are told once in a while."""

from __future__ import annotations

from storagedriver.ipc.log_rate import RECORD_BYTES, TOLD_EVERY_SECONDS, Budget, Drops


def records(budget: Budget, size_bytes: int = 0) -> int:
    """Return how many records the budget has room for now."""
    count = 0
    while budget.take(size_bytes):
        count += 1
    return count


def test_a_burst_passes_and_no_more() -> None:
    budget = Budget(rate_bytes_per_second=RECORD_BYTES, burst_bytes=5 * RECORD_BYTES)
    budget.refill(100.0)
    assert records(budget) == 5
    assert budget.is_spent


def test_it_refills_with_time() -> None:
    budget = Budget(rate_bytes_per_second=2 * RECORD_BYTES, burst_bytes=10 * RECORD_BYTES)
    budget.refill(0.0)
    records(budget)
    budget.refill(1.5)
    assert records(budget) == 3


def test_it_holds_no_more_than_a_burst() -> None:
    budget = Budget(rate_bytes_per_second=RECORD_BYTES, burst_bytes=5 * RECORD_BYTES)
    budget.refill(0.0)
    budget.refill(1e9)
    assert records(budget) == 5


def test_bytes_count_too() -> None:
    budget = Budget(burst_bytes=10 * RECORD_BYTES)
    budget.refill(0.0)
    assert records(budget, size_bytes=RECORD_BYTES) == 5


def test_a_debt_is_paid_first() -> None:
    budget = Budget(rate_bytes_per_second=RECORD_BYTES, burst_bytes=RECORD_BYTES)
    budget.refill(0.0)
    assert budget.take(9 * RECORD_BYTES)
    budget.refill(9.0)
    assert budget.is_spent
    budget.refill(9.5)
    assert not budget.is_spent


def test_once_spent_it_waits_for_more_than_one_record() -> None:
    budget = Budget(rate_bytes_per_second=1000 * RECORD_BYTES, burst_bytes=1000 * RECORD_BYTES)
    budget.refill(0.0)
    records(budget)
    budget.refill(0.09)
    assert budget.is_spent
    budget.refill(0.11)
    assert records(budget) >= 100


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    budget = Budget(burst_bytes=5 * RECORD_BYTES)
    budget.refill(10.0)
    budget.refill(0.0)
    assert records(budget) == 5


def test_nothing_dropped_is_nothing_to_tell() -> None:
    drops = Drops()
    drops.add(0, 1.0)
    assert drops.wait_seconds(100.0) is None


def test_a_count_is_told_a_second_after_its_first_line() -> None:
    drops = Drops()
    drops.add(2, 10.0)
    drops.add(3, 10.5)
    assert drops.wait_seconds(10.5) == TOLD_EVERY_SECONDS - 0.5
    assert drops.take() == 5
    assert drops.wait_seconds(20.0) is None


def test_the_next_count_begins_with_its_own_first_line() -> None:
    drops = Drops()
    drops.add(2, 10.0)
    drops.take()
    drops.add(1, 20.0)
    assert drops.wait_seconds(20.0) == TOLD_EVERY_SECONDS
