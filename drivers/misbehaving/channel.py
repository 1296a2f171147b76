"""A channel of a driver that lets the rules of a script happen at their points."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Final

from storagedriver.contract.errors import CancelledError, StorageDriverError
from storagedriver.drivers.misbehaving.answers import ANSWERS
from storagedriver.drivers.misbehaving.calls import Call, Plan
from storagedriver.drivers.misbehaving.journal import Step
from storagedriver.drivers.misbehaving.process_faults import PROCESS_FAULTS
from storagedriver.drivers.misbehaving.rules import READS, Point
from storagedriver.ipc.channel import Channel, ChannelLostError
from storagedriver.ipc.fields import flag
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    End,
    Message,
    Request,
    Response,
    Start,
)
from storagedriver.ipc.states import State
from storagedriver.ipc.zmtp import frame_head

# What the result of a read says as well as its START does. A listing's START says nothing.
_INFO_KEYS: Final = ("size", "version")


class ScriptedChannel(Channel):
    """As Channel, but for what `plan` wants. Without a plan it is a Channel.

    Attributes:
        plan: what all channels of the process share.
        version: what to attach with, if it is to be a wrong one.
        call: the call that is running, None between calls.
    """

    plan: Plan | None = None
    version: str | None = None
    call: Call | None = None
    # Of what came from the host, what the driver is given after the next rule has happened.
    _held: deque[Message]

    def receive(self, timeout_seconds: float | None) -> Message:
        if self.plan is None:
            return super().receive(timeout_seconds)
        # To ask for more is to be done with what was there.
        self._happen(Point.CONTENT)
        while True:
            message = self._held.popleft() if self._held else super().receive(timeout_seconds)
            if not isinstance(message, Request):
                return self._cut(message)
            self.call = self.plan.begin(message)
            self._happen(Point.BEFORE)
            if not self.call.is_over:
                return self._cut(message)
            self.call = None

    def send(self, message: Message, *, timeout_seconds: float | None = None) -> None:
        call = self.call
        if isinstance(message, Attach):
            self._held = deque()
            message = replace(message, version=self.version or message.version)
        if call is None:
            super().send(message, timeout_seconds=timeout_seconds)
        elif isinstance(message, Response):
            self._end(call, message)
        elif call.is_over:
            # Whatever the driver still has to say about it.
            raise CancelledError
        elif isinstance(message, Chunk):
            self._send_content(call, message)
        else:
            if isinstance(message, Start):
                call.info = message.info
            super().send(message, timeout_seconds=timeout_seconds)

    def answer(self, response: Response) -> None:
        """Give the host its answer, as a driver may; nothing more of the call is sent."""
        super().send(response)
        self._finish()

    def answer_raw(self, *messages: Sequence[bytes]) -> None:
        """Send frames where the answer should be."""
        # To this end the call has failed, which it may at any moment.
        failure = Response(self.session.id, {"code": StorageDriverError.code}, None)
        self.session.send(failure, monotonic())
        self.send_raw(*messages)
        self._finish()

    def send_raw(self, *messages: Sequence[bytes]) -> None:
        """Send messages, each of them some frames, past the session."""
        connection = self._ends.connection
        if connection is None:
            raise ChannelLostError(process_ended=False)
        for frames in messages:
            more_follow = range(len(frames) - 1, -1, -1)
            wire = [
                frame_head(len(frame), more=bool(more)) + frame
                for frame, more in zip(frames, more_follow, strict=True)
            ]
            connection.send_bytes([b"".join(wire)], None)

    def drain(self) -> None:
        """Take all content of a write that the host has begun. Returns also if it stops early."""
        ended = self.call is None or flag(self.call.request.params, "end")
        while not ended and self.session.state is State.SENDING:
            message = super().receive(None)
            ended = isinstance(message, (End, Cancel, Close))
            if isinstance(message, Chunk):
                credit = self.session.consume(len(message.content))
                if credit is not None:
                    super().send(credit)

    def _happen(self, point: Point, response: Response | None = None) -> None:
        """Do what is due. Raises CancelledError in the middle of a call that is answered by it."""
        call, plan = self.call, self.plan
        if call is None or plan is None:
            return
        for rule in call.due(point):
            plan.journal.note(Step.FAULT, call.request.method, call.path, rule.fault.value)
            process_fault = PROCESS_FAULTS.get(rule.fault)
            if process_fault is not None:
                process_fault(rule)
            else:
                ANSWERS[rule.fault](self, rule, response)
            if call.is_over:
                break
        if call.is_over and point is Point.CONTENT:
            raise CancelledError

    def _finish(self) -> None:
        if self.call is not None:
            self.call.is_over = True
        self._held.clear()

    def _end(self, call: Call, response: Response) -> None:
        """The driver has executed the call. What it says is sent unless the host has its answer."""
        try:
            if call.is_over:
                return
            response = self._without_content(call, response)
            if self.plan is not None:
                code = "" if response.error is None else str(response.error.get("code"))
                self.plan.journal.note(Step.AFTER, call.request.method, call.path, code)
            self._happen(Point.AFTER, response)
            if not call.is_over:
                super().send(response)
        finally:
            self.call = None
            self._held.clear()

    def _without_content(self, call: Call, response: Response) -> Response:
        """Send the content of a response before it, if a rule is due in the middle of that."""
        content, result = response.content, response.result
        if content is None or result is None or call.room_before_cut(len(content)) is None:
            return response
        if call.info is None:
            self.send(Start(response.id, {key: result[key] for key in _INFO_KEYS if key in result}))
        self._send_content(call, Chunk(response.id, content))
        return replace(response, content=None)

    def _send_content(self, call: Call, chunk: Chunk) -> None:
        content = memoryview(chunk.content)
        while content:
            size = call.room_before_cut(len(content))
            # An entry of a listing is never cut.
            if size is None or call.request.method not in READS:
                size = len(content)
            super().send(Chunk(chunk.id, content[:size]))
            call.moved(size)
            content = content[size:]
            self._happen(Point.CONTENT)

    def _cut(self, message: Message) -> Message:
        """Return the part of a message up to where a rule is due, and hold the rest."""
        call = self.call
        if call is None or not isinstance(message, (Request, Chunk, End)) or not message.content:
            return message
        content = message.content
        size = call.room_before_cut(len(content))
        call.moved(len(content) if size is None else size)
        if size is None:
            return message
        rest = content[size:]
        is_last = isinstance(message, End) or (
            isinstance(message, Request) and flag(message.params, "end")
        )
        if is_last:
            self._held.append(End(message.id, rest or None))
        elif rest:
            self._held.append(Chunk(message.id, rest))
        if isinstance(message, Request):
            return replace(message, content=content[:size], params={**message.params, "end": False})
        return Chunk(message.id, content[:size])
