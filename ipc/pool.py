"""The open channels of one driver process: taken for a call, given back, opened when needed.

A call that finds an idle channel takes no lock: taking from and adding to a list are atomic. The
lock is for opening, for waiting, and for the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from storagedriver.contract import ProtocolError, ThrottledError
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.messages import Cancel
from storagedriver.ipc.sending import CANCEL_SECONDS, receive_response
from storagedriver.ipc.states import State

# A channel that a finalizer has dropped may go unannounced: who waits looks again this often.
_LOOK_SECONDS: Final = 1.0


class ClosedError(Exception):
    """The pool takes no more calls."""


class ChannelPool:
    """Any thread may call it; a channel belongs to the thread that has acquired it.

    Attributes:
        has_answered: whether any call has ended as it should.
    """

    def __init__(self, open_channel: Callable[[float | None], Channel], *, limit: int) -> None:
        """`open_channel` is given the time that a call may take, and may raise anything.

        It is called by one thread at a time.
        """
        self.has_answered = False
        self._open_channel = open_channel
        self._limit = limit
        self._idle: list[Channel] = []
        self._all: set[Channel] = set()
        self._adopted: Channel | None = None
        self._changed = threading.Condition()
        self._opening = threading.Lock()
        self._waiting = 0
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def progress_at(self) -> float:
        """When any call was last seen to make progress, by the monotonic clock; 0 if never."""
        return max((channel.session.progress_at for channel in list(self._all)), default=0.0)

    def adopt(self, channel: Channel) -> None:
        """Take in a channel that is open already, idle, and not to be closed with the pool."""
        self._adopted = channel
        self._all.add(channel)
        self._idle.append(channel)

    def acquire(self, path: str, timeout_seconds: float | None) -> Channel:
        """Return a channel for one call.

        Raises ThrottledError for `path` if all are held for so long, at once if this thread holds
        them itself; NoProgressError if others open channels for so long, or if the driver does not
        answer to the cancel of an abandoned read; ClosedError; and what opening a channel raises.
        """
        try:
            # The last one given back: its memory is the warmest.
            channel = self._idle.pop()
        except IndexError:
            channel = self._acquire_slowly(path, timeout_seconds)
        channel.holder = threading.get_ident()
        if channel.session.state is State.CANCELLING:
            self._end_abandoned(channel, timeout_seconds)
        return channel

    def release(self, channel: Channel) -> None:
        """Give a channel back after its call has ended; one that is in another state is dropped."""
        channel.holder = 0
        self.has_answered = True
        if channel.session.state is not State.IDLE:
            self.discard(channel)
            return
        self._idle.append(channel)
        # Looked at after the append: who waits has said so before it looked at the list.
        if self._waiting or self._is_closed:
            with self._changed:
                if self._is_closed:
                    # `close` may be over, and nobody else would close this one.
                    self._hang_up_idle()
                self._changed.notify_all()

    def discard(self, channel: Channel) -> None:
        """Close a channel whose call did not end. May be called from a finalizer: takes no lock."""
        channel.hang_up()
        self._all.discard(channel)
        self._tell_without_waiting()

    def abandon(self, channel: Channel) -> None:
        """Give up a read that nobody goes on with. May be called from a finalizer, as `discard`.

        Its channel is closed. The adopted one is the only one there is, and the driver would end
        with it: there the read is cancelled, and the next call waits for the answer to that.
        """
        if channel is not self._adopted or self._is_closed:
            self.discard(channel)
            return
        try:
            channel.send(Cancel(channel.session.id), timeout_seconds=0)
        except (ChannelLostError, NoProgressError, ProtocolError):
            self.discard(channel)
            return
        channel.holder = 0
        self._idle.append(channel)
        self._tell_without_waiting()

    def close(self, grace_seconds: float) -> int:
        """Take no more calls; wait for those in flight, at most for the time given.

        Return how many channels are held, or being opened, all the same.
        """
        deadline = monotonic() + grace_seconds
        with self._changed:
            self._is_closed = True
            # Not called again; without it the pool and its owner would keep each other alive.
            self._open_channel = _refuse
            while (held := self._hang_up_idle()) and (left := deadline - monotonic()) > 0:
                self._changed.wait(min(left, _LOOK_SECONDS))
        # One that is being opened is not among them yet, and its thread waits for the process too.
        if not self._opening.acquire(blocking=False):
            return held + 1
        self._opening.release()
        return held

    def _end_abandoned(self, channel: Channel, timeout_seconds: float | None) -> None:
        """Take off what is left of a read that was given up."""
        try:
            receive_response(channel, min(CANCEL_SECONDS, timeout_seconds or CANCEL_SECONDS))
        except BaseException:
            self.discard(channel)
            raise

    def _tell_without_waiting(self) -> None:
        # Who waits looks again by itself if the lock is not to be had.
        if (self._waiting or self._is_closed) and self._changed.acquire(blocking=False):
            self._changed.notify_all()
            self._changed.release()

    def _hang_up_idle(self) -> int:
        """Close what is idle; return how many channels are still held."""
        while self._idle:
            channel = self._idle.pop()
            if channel is not self._adopted:
                channel.hang_up()
            self._all.discard(channel)
        return len(self._all)

    def _acquire_slowly(self, path: str, timeout_seconds: float | None) -> Channel:
        deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        while True:
            channel = self._open_or_take(deadline, timeout_seconds)
            if channel is not None:
                return channel
            with self._changed:
                self._waiting += 1
                try:
                    if not self._idle and not self._is_closed:
                        self._wait(path, deadline)
                finally:
                    self._waiting -= 1

    def _open_or_take(
        self, deadline: float | None, timeout_seconds: float | None
    ) -> Channel | None:
        # One opens at a time, and the others then find out whether there is still need.
        left = -1.0 if deadline is None else max(0.0, deadline - monotonic())
        is_mine = False
        try:
            # Within, as an interrupt may come right behind it.
            is_mine = self._opening.acquire(timeout=left)
            if not is_mine:
                raise NoProgressError
            if self._is_closed:
                raise ClosedError
            try:
                return self._idle.pop()
            except IndexError:
                if len(self._all) >= self._limit:
                    return None
            channel = self._open_channel(timeout_seconds)
            self._all.add(channel)
            return channel
        finally:
            if is_mine:
                self._opening.release()

    def _wait(self, path: str, deadline: float | None) -> None:
        held = [channel.holder for channel in list(self._all)]
        me = threading.get_ident()
        left = _LOOK_SECONDS if deadline is None else deadline - monotonic()
        if left <= 0 or (held and all(holder == me for holder in held)):
            raise ThrottledError(path, reason=f"all {len(held)} channels are held by open calls")
        self._changed.wait(min(left, _LOOK_SECONDS))


def _refuse(timeout_seconds: float | None) -> Channel:
    raise ClosedError
