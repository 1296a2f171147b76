from __future__ import annotations

import threading
from functools import partial

import pytest

from storagedriver.cli.parallel import Pool, StoppedError


def test_all_work_is_done_at_the_end() -> None:
    done: list[int] = []
    with Pool(3) as pool:
        for number in range(50):
            pool.submit(partial(done.append, number))
    assert sorted(done) == list(range(50))


def test_no_more_than_twice_the_threads_is_taken_on() -> None:
    gate = threading.Event()
    taken = 0

    def offer(pool: Pool) -> None:
        nonlocal taken
        for _ in range(5):
            pool.submit(gate.wait)
            taken += 1

    with Pool(1) as pool:
        pool.submit(gate.wait)
        pool.submit(gate.wait)
        offering = threading.Thread(target=offer, args=(pool,))
        offering.start()
        offering.join(0.1)
        assert taken == 0
        gate.set()
        offering.join()
    assert taken == 5


def test_a_bug_in_work_is_raised() -> None:
    def fail() -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError), Pool(1) as pool:
        pool.submit(fail)


def test_an_exception_stops_work_that_runs_and_drops_what_waits() -> None:
    stopped = threading.Event()
    running = threading.Event()
    dropped: list[int] = []

    def long_work(pool: Pool) -> None:
        running.set()
        try:
            while True:
                pool.check()
        except StoppedError:
            stopped.set()
            raise

    def interrupted() -> None:
        with Pool(1) as pool:
            pool.submit(lambda: long_work(pool))
            pool.submit(lambda: dropped.append(1))
            running.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stopped.wait(10)
    assert dropped == []
