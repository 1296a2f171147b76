"""The host's end of a control channel: one request at a time, each with a time limit."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from time import monotonic
from typing import Final

from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.messages import Response, Wire
from storagedriver.ipc.states import State
from storagedriver.ipc.wire_errors import error_from_wire

# For a call to see that the process has ended: it watches that.
_LAST_CALL_SECONDS: Final = 5.0


class ControlChannel:
    """Any thread may call it; calls wait for each other."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._lock = threading.Lock()
        self._is_closed = False

    def call(
        self, method: str, params: Mapping[str, Wire], *, timeout_seconds: float
    ) -> Mapping[str, Wire]:
        """Return the result of a call.

        Raises the driver's error; NoProgressError if no answer came in time, then the answer stays
        due and the next call takes it off first; ProtocolError, ChannelLostError.
        """
        deadline = monotonic() + timeout_seconds
        is_mine = False
        try:
            # Within, as an interrupt may come right behind it.
            is_mine = self._lock.acquire(timeout=max(0.0, timeout_seconds))
            if not is_mine:
                raise NoProgressError
            if self._is_closed:
                # The process has ended and was put away while another call was on its way here.
                raise ChannelLostError(process_ended=True)
            # The session knows also of a request whose sending has failed half-way.
            if self.channel.session.state not in (State.IDLE, State.CLOSED):
                self._receive(deadline)
            self.channel.send(
                self.channel.session.request(method, params), timeout_seconds=timeout_seconds
            )
            response = self._receive(deadline)
        finally:
            if is_mine:
                self._lock.release()
        if response.error is not None:
            raise error_from_wire(response.error)
        return response.result or {}

    def close(self) -> None:
        """Close the channel, once a call that another thread makes has seen the driver's end.

        The process has ended by then. Every further call is ChannelLostError.
        """
        # Not for ever: an interrupt may have come between the end of a call and its release.
        is_mine = self._lock.acquire(timeout=_LAST_CALL_SECONDS)
        self._is_closed = True
        self.channel.close()
        if is_mine:
            self._lock.release()

    def _receive(self, deadline: float) -> Response:
        while True:
            message = self.channel.receive(max(0.0, deadline - monotonic()))
            if isinstance(message, Response):
                return message
