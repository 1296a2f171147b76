from __future__ import annotations

from itertools import count
from threading import Thread

from storagedriver.benchmarks.peers.per_thread import PerThread


def test_each_thread_has_one_connection_of_its_own_and_all_are_closed() -> None:
    numbers = count()
    closed: list[int] = []
    connections = PerThread(lambda: next(numbers), closed.append)
    got: list[tuple[int, int]] = []

    def get_twice() -> None:
        got.append((connections.get(), connections.get()))

    for _ in range(2):
        thread = Thread(target=get_twice)
        thread.start()
        thread.join()
    assert got == [(0, 0), (1, 1)]
    assert connections.get() == 2
    connections.close()
    assert sorted(closed) == [0, 1, 2]


def test_after_a_close_there_are_new_ones() -> None:
    numbers = count()
    closed: list[int] = []
    connections = PerThread(lambda: next(numbers), closed.append)
    assert connections.get() == 0
    connections.close()
    assert connections.get() == 1
    connections.close()
    assert closed == [0, 1]
