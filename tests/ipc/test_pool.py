"""The pool of channels: who gets one, who waits, and who is told at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import monotonic

import pytest

from storagedriver.contract import ThrottledError
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.messages import Cancel, Chunk, Close, Request, Response, Start
from storagedriver.ipc.pool import ChannelPool, ClosedError
from storagedriver.ipc.states import State

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05

Pair = tuple[Channel, Channel]


class Opener:
    """Opens real channels, and keeps the drivers' ends of them."""

    def __init__(self, make_pair: Callable[..., Pair]) -> None:
        self._make_pair = make_pair
        self.opened: list[Pair] = []
        self.failure: Exception | None = None

    def __call__(self, timeout_seconds: float | None) -> Channel:
        if self.failure is not None:
            raise self.failure
        self.opened.append(self._make_pair())
        return self.opened[-1][0]


@pytest.fixture
def opener(make_pair: Callable[..., Pair]) -> Opener:
    return Opener(make_pair)


@pytest.fixture
def pool(opener: Opener) -> ChannelPool:
    return ChannelPool(opener, limit=2)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def acquire(pool: ChannelPool, timeout_seconds: float | None = PATIENCE_SECONDS) -> Channel:
    return pool.acquire("/a", timeout_seconds)


def wait_for_a_waiter(pool: ChannelPool) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    # The lock is free again only when the waiter waits.
    while not pool._waiting and monotonic() < deadline:  # pyright: ignore[reportPrivateUsage]
        threading.Event().wait(0.001)
    with pool._changed:  # pyright: ignore[reportPrivateUsage]
        pass


class TestAcquiring:
    def test_nothing_is_opened_before_it_is_needed(self, pool: ChannelPool, opener: Opener) -> None:
        assert opener.opened == []
        acquire(pool)
        assert len(opener.opened) == 1

    def test_one_that_was_given_back_is_used_again(self, pool: ChannelPool, opener: Opener) -> None:
        channel = acquire(pool)
        pool.release(channel)
        assert acquire(pool) is channel
        assert len(opener.opened) == 1

    def test_the_last_one_given_back_comes_first(self, pool: ChannelPool) -> None:
        one, two = acquire(pool), acquire(pool)
        pool.release(one)
        pool.release(two)
        assert acquire(pool) is two

    def test_the_holder_is_known(self, pool: ChannelPool) -> None:
        channel = acquire(pool)
        assert channel.holder == threading.get_ident()
        pool.release(channel)
        assert channel.holder == 0

    def test_what_opening_raises_is_raised_and_costs_no_place(
        self, pool: ChannelPool, opener: Opener
    ) -> None:
        opener.failure = ValueError("no")
        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                acquire(pool)
        opener.failure = None
        assert {acquire(pool), acquire(pool)} == {pair[0] for pair in opener.opened}

    def test_many_threads_share_what_there_is(
        self, pool: ChannelPool, opener: Opener, threads: ThreadPoolExecutor
    ) -> None:
        def work() -> None:
            for _ in range(200):
                channel = acquire(pool)
                assert channel.holder == threading.get_ident()
                pool.release(channel)

        for work_done in [threads.submit(work) for _ in range(4)]:
            work_done.result(PATIENCE_SECONDS)
        assert len(opener.opened) <= 2


class TestTheLimit:
    def test_a_thread_that_holds_all_is_told_at_once(self, pool: ChannelPool) -> None:
        acquire(pool)
        acquire(pool)
        with pytest.raises(ThrottledError, match="all 2 channels are held") as caught:
            acquire(pool, None)
        assert (caught.value.path, caught.value.temporary) == ("/a", True)

    def test_one_that_holds_none_is_told_after_its_time(
        self, pool: ChannelPool, threads: ThreadPoolExecutor
    ) -> None:
        acquire(pool)
        threads.submit(acquire, pool).result(PATIENCE_SECONDS)
        before = monotonic()
        with pytest.raises(ThrottledError):
            acquire(pool, SHORT_SECONDS)
        assert monotonic() - before >= SHORT_SECONDS

    def test_one_that_waits_gets_what_is_given_back(
        self, pool: ChannelPool, threads: ThreadPoolExecutor
    ) -> None:
        channel = acquire(pool)
        acquire(pool)
        waiting = threads.submit(acquire, pool, None)
        wait_for_a_waiter(pool)
        pool.release(channel)
        assert waiting.result(PATIENCE_SECONDS) is channel

    def test_one_that_waits_opens_another_in_place_of_one_that_is_lost(
        self, pool: ChannelPool, opener: Opener, threads: ThreadPoolExecutor
    ) -> None:
        channel = acquire(pool)
        acquire(pool)
        waiting = threads.submit(acquire, pool, None)
        wait_for_a_waiter(pool)
        pool.discard(channel)
        assert waiting.result(PATIENCE_SECONDS) is opener.opened[2][0]

    def test_what_is_dropped_unannounced_is_found(
        self,
        pool: ChannelPool,
        threads: ThreadPoolExecutor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.pool._LOOK_SECONDS", SHORT_SECONDS)
        channel = acquire(pool)
        acquire(pool)
        waiting = threads.submit(acquire, pool, None)
        wait_for_a_waiter(pool)
        # As in a finalizer that runs while another thread has the lock.
        with pool._changed:  # pyright: ignore[reportPrivateUsage]
            threads.submit(pool.discard, channel).result(PATIENCE_SECONDS)
        waiting.result(PATIENCE_SECONDS)


class TestGivingBack:
    def test_a_channel_in_the_middle_of_a_call_is_hung_up(
        self, pool: ChannelPool, opener: Opener
    ) -> None:
        channel = acquire(pool)
        _, driver = opener.opened[0]
        channel.send(channel.session.request("Delete", {"path": "/a"}))
        assert isinstance(driver.receive(PATIENCE_SECONDS), Request)
        with ThreadPoolExecutor(1) as threads:
            heard = threads.submit(driver.receive, PATIENCE_SECONDS)
            pool.release(channel)
            assert heard.result() == Close()
        assert channel.session.state is State.CLOSED
        assert acquire(pool) is not channel


class TestClosing:
    def test_what_is_idle_is_hung_up(self, pool: ChannelPool) -> None:
        channel = acquire(pool)
        pool.release(channel)
        assert pool.close(PATIENCE_SECONDS) == 0
        assert channel.session.state is State.CLOSED

    def test_nothing_is_given_out_any_more(self, pool: ChannelPool) -> None:
        pool.release(acquire(pool))
        pool.close(0)
        assert pool.is_closed
        with pytest.raises(ClosedError):
            acquire(pool)

    def test_it_waits_for_calls_in_flight(
        self, pool: ChannelPool, threads: ThreadPoolExecutor
    ) -> None:
        channel = acquire(pool)
        closing_pool = threads.submit(pool.close, PATIENCE_SECONDS)
        while not pool.is_closed:
            threading.Event().wait(0.001)
        assert not closing_pool.done()
        pool.release(channel)
        assert closing_pool.result(PATIENCE_SECONDS) == 0
        assert channel.session.state is State.CLOSED

    def test_one_that_waits_is_told(
        self, pool: ChannelPool, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storagedriver.ipc.pool._LOOK_SECONDS", SHORT_SECONDS)
        acquire(pool)
        acquire(pool)
        waiting = threads.submit(acquire, pool, None)
        wait_for_a_waiter(pool)
        pool.close(0)
        with pytest.raises(ClosedError):
            waiting.result(PATIENCE_SECONDS)

    def test_it_waits_no_longer_than_it_may_and_says_what_is_held(self, pool: ChannelPool) -> None:
        channel = acquire(pool)
        assert pool.close(SHORT_SECONDS) == 1
        assert channel.session.state is State.IDLE

    def test_one_that_is_given_back_too_late_is_hung_up(self, pool: ChannelPool) -> None:
        channel = acquire(pool)
        pool.close(0)
        pool.release(channel)
        assert channel.session.state is State.CLOSED


class TestAdopting:
    def test_an_adopted_channel_is_given_out_and_not_closed(
        self, opener: Opener, pair: Pair
    ) -> None:
        channel, _ = pair
        pool = ChannelPool(opener, limit=1)
        pool.adopt(channel)
        assert acquire(pool) is channel
        pool.release(channel)
        pool.close(PATIENCE_SECONDS)
        assert channel.session.state is State.IDLE
        assert opener.opened == []

    def test_it_counts_towards_the_limit(self, opener: Opener, pair: Pair) -> None:
        pool = ChannelPool(opener, limit=1)
        pool.adopt(pair[0])
        with closing(acquire(pool)), pytest.raises(ThrottledError):
            acquire(pool, SHORT_SECONDS)


class TestAbandoning:
    @pytest.fixture
    def only(self, opener: Opener, pair: Pair) -> ChannelPool:
        """A pool with the one channel of a driver without workers."""
        pool = ChannelPool(opener, limit=1)
        pool.adopt(pair[0])
        return pool

    @staticmethod
    def begin_to_read(channel: Channel, driver: Channel) -> int:
        request = channel.session.request("GetContent", {"path": "/a", "credit": 10})
        channel.send(request)
        driver.receive(PATIENCE_SECONDS)
        driver.send(Start(request.id, {}))
        channel.receive(PATIENCE_SECONDS)
        return request.id

    def test_a_channel_beside_others_is_closed(self, pool: ChannelPool, opener: Opener) -> None:
        channel = acquire(pool)
        self.begin_to_read(channel, opener.opened[0][1])
        pool.abandon(channel)
        assert channel.session.state is State.CLOSED

    def test_the_only_one_is_cancelled_and_the_next_call_waits_for_the_answer(
        self, only: ChannelPool, pair: Pair, threads: ThreadPoolExecutor
    ) -> None:
        channel, driver = acquire(only), pair[1]
        id = self.begin_to_read(channel, driver)
        only.abandon(channel)
        next_call = threads.submit(acquire, only)
        driver.send(Chunk(id, b"too late"))
        assert isinstance(driver.receive(PATIENCE_SECONDS), Cancel)
        driver.send(Response(id, {"code": "Cancelled"}, None))
        assert next_call.result(PATIENCE_SECONDS) is channel
        assert channel.session.state is State.IDLE

    def test_the_only_one_is_given_to_a_caller_that_waits_for_it(
        self, only: ChannelPool, pair: Pair, threads: ThreadPoolExecutor
    ) -> None:
        channel, driver = acquire(only), pair[1]
        id = self.begin_to_read(channel, driver)
        waiting = threads.submit(acquire, only)
        wait_for_a_waiter(only)
        only.abandon(channel)
        driver.send(Response(id, {"code": "Cancelled"}, None))
        assert waiting.result(PATIENCE_SECONDS) is channel

    def test_the_only_one_is_closed_if_the_driver_does_not_answer_to_the_cancel(
        self, only: ChannelPool, pair: Pair
    ) -> None:
        channel = acquire(only)
        self.begin_to_read(channel, pair[1])
        only.abandon(channel)
        with pytest.raises(NoProgressError):
            acquire(only, SHORT_SECONDS)
        assert channel.session.state is State.CLOSED

    def test_one_whose_driver_is_gone_is_closed(self, only: ChannelPool, pair: Pair) -> None:
        channel = acquire(only)
        self.begin_to_read(channel, pair[1])
        pair[1].close()
        with pytest.raises(ChannelLostError):
            channel.receive(PATIENCE_SECONDS)
        only.abandon(channel)
        assert channel.session.state is State.CLOSED


def test_a_channel_that_is_being_opened_counts_as_held(threads: ThreadPoolExecutor) -> None:
    is_opening, go_on = threading.Event(), threading.Event()

    def open_slowly(timeout_seconds: float | None) -> Channel:
        is_opening.set()
        go_on.wait(PATIENCE_SECONDS)
        raise ChannelLostError(process_ended=True)

    pool = ChannelPool(open_slowly, limit=1)
    opening = threads.submit(acquire, pool)
    assert is_opening.wait(PATIENCE_SECONDS)
    assert pool.close(0) == 1
    go_on.set()
    with pytest.raises(ChannelLostError):
        opening.result(PATIENCE_SECONDS)
    assert pool.close(0) == 0
