"""Two sessions back to back, in every order that two peers and what is between them can take.

Each end sends what its own state allows; messages are under way for as long as it pleases the test.
What is legal never fails, wherever messages cross, and after each call both ends agree on what has
moved. At any moment one that is not legal is refused by the end that it reaches, and only there.
"""

from __future__ import annotations

from collections import deque
from copy import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from storagedriver.contract import ProtocolError
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    Content,
    Credit,
    End,
    Message,
    Request,
    Response,
    Start,
    Wire,
)
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side, State

CHUNK = 8
WINDOW = 16
READ, WRITE, PLAIN = "ReadStream", "WriteStream", "Delete"

SIZES = st.integers(0, CHUNK)
GRANTS = st.integers(1, WINDOW)
OFFSETS = st.integers(0, 3)


class TwoEnds(RuleBasedStateMachine):
    """The rules are what a host and a driver that are both right may do at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.host = self._session(Side.HOST)
        self.driver = self._session(Side.DRIVER)
        self.to_driver: deque[Message] = deque()
        self.to_host: deque[Message] = deque()
        self.offset = 0
        self._from_driver(Attach("token", "0.1", 0))
        self._deliver_to_host()

    @staticmethod
    def _session(side: Side) -> Session:
        return Session(side, Role.WORKER, max_chunk_bytes=CHUNK, write_credit_bytes=WINDOW)

    def _from_host(self, message: Message) -> None:
        self.host.send(message, 0.0)
        self.to_driver.append(message)

    def _from_driver(self, message: Message) -> None:
        self.driver.send(message, 0.0)
        self.to_host.append(message)

    def _deliver_to_host(self) -> None:
        message = self.to_host.popleft()
        self.host.receive(message, 0.0)
        if isinstance(message, Response) and message.error is None:
            # The driver has sent nothing since, nor counted what crossed.
            assert self.host.moved_bytes == self.driver.moved_bytes

    def _deliver_to_driver(self) -> None:
        was_idle = self.driver.state is State.IDLE
        message = self.to_driver.popleft()
        taken = self.driver.receive(message, 0.0)
        if was_idle and not isinstance(message, Request | Close):
            assert taken is None

    # The host.

    def _host_may_begin(self) -> bool:
        return self.host.state is State.IDLE

    @precondition(_host_may_begin)
    @rule(credit=st.integers(0, WINDOW), offset=OFFSETS)
    def begin_read(self, credit: int, offset: int) -> None:
        self.offset = offset
        self._begin(READ, {"path": "/a", "offset": offset, "credit": credit})

    @precondition(_host_may_begin)
    @rule(size=SIZES, is_complete=st.booleans())
    def begin_write(self, size: int, is_complete: bool) -> None:
        self.offset = 0
        params: dict[str, Wire] = {"path": "/a", "offset": 0, "end": is_complete}
        self._begin(WRITE, params, bytes(size) or None)

    @precondition(_host_may_begin)
    @rule()
    def begin_plain(self) -> None:
        self._begin(PLAIN, {"path": "/a"})

    def _begin(self, method: str, params: dict[str, Wire], content: Content | None = None) -> None:
        self._from_host(self.host.request(method, params, content))

    @precondition(lambda self: self.host.state is State.SENDING)
    @rule(size=SIZES, is_last=st.booleans())
    def write_on(self, size: int, is_last: bool) -> None:
        content = bytes(min(size, self.host.sendable_bytes))
        if is_last:
            self._from_host(End(self.host.id, content or None))
        elif content:
            self._from_host(Chunk(self.host.id, content))

    @precondition(lambda self: self.host.state in (State.OPENING, State.RECEIVING))
    @rule(size=GRANTS)
    def host_grants(self, size: int) -> None:
        self._from_host(Credit(self.host.id, size))

    @precondition(
        lambda self: (
            self.host.state in (State.WAITING, State.OPENING, State.RECEIVING, State.SENDING)
        )
    )
    @rule()
    def cancel(self) -> None:
        self._from_host(Cancel(self.host.id))

    # The driver.

    @precondition(lambda self: self.driver.state is State.OPENING)
    @rule()
    def start(self) -> None:
        self._from_driver(Start(self.driver.id, {}))

    @precondition(
        lambda self: self.driver.state is State.RECEIVING and self.driver.sendable_bytes > 0
    )
    @rule(size=st.integers(1, CHUNK))
    def read_on(self, size: int) -> None:
        content = bytes(min(size, self.driver.sendable_bytes))
        self._from_driver(Chunk(self.driver.id, content))

    @precondition(lambda self: self.driver.state is State.SENDING)
    @rule(size=GRANTS)
    def driver_grants(self, size: int) -> None:
        self._from_driver(Credit(self.driver.id, size))

    @precondition(lambda self: self.driver.state in (State.WAITING, State.OPENING, State.RECEIVING))
    @rule(size=SIZES)
    def succeed(self, size: int) -> None:
        session = self.driver
        content = b""
        result: dict[str, Wire] = {}
        if session.method == READ:
            content = bytes(min(size, session.sendable_bytes))
            result = {"size": self.offset + session.moved_bytes + len(content)}
        elif session.method == WRITE:
            result = {"written": session.moved_bytes}
        self._from_driver(Response(session.id, None, result, content or None))

    @precondition(lambda self: self.driver.state not in (State.ATTACHING, State.IDLE, State.CLOSED))
    @rule()
    def fail(self) -> None:
        self._from_driver(Response(self.driver.id, {"code": "Cancelled"}, None))

    # What is between them.

    @precondition(lambda self: self.to_driver)
    @rule()
    def driver_hears(self) -> None:
        self._deliver_to_driver()

    @precondition(lambda self: self.to_host)
    @rule()
    def host_hears(self) -> None:
        self._deliver_to_host()

    # What nobody may do: said by a peer that does not hold itself to any rule.

    @invariant()
    def the_host_refuses_what_is_wrong(self) -> None:
        for message in _wrong_for_a_host(self.host):
            self._refuses(self.host, message)

    @invariant()
    def the_driver_refuses_what_is_wrong(self) -> None:
        for message in _wrong_for_a_driver(self.driver):
            self._refuses(self.driver, message)

    def _refuses(self, receiver: Session, message: Message) -> None:
        # A copy is asked, so that the conversation goes on.
        receiver = copy(receiver)
        with pytest.raises(ProtocolError, match=r"\(from the (host|driver)\)"):
            receiver.receive(message, 0.0)
        assert receiver.state is State.CLOSED

    # What always holds.

    @invariant()
    def what_is_legal_closes_nothing(self) -> None:
        assert State.CLOSED not in (self.host.state, self.driver.state)

    @invariant()
    def no_credit_is_overdrawn(self) -> None:
        assert self.host.credit_bytes >= 0
        assert self.driver.credit_bytes >= 0

    @invariant()
    def when_nothing_is_under_way_both_see_the_same(self) -> None:
        if self.to_driver or self.to_host:
            return
        host, driver = self.host, self.driver
        assert (host.state, host.id, host.method) == (driver.state, driver.id, driver.method)
        if host.state is not State.IDLE:
            assert (host.credit_bytes, host.moved_bytes) == (
                driver.credit_bytes,
                driver.moved_bytes,
            )


ERROR: dict[str, Wire] = {"code": "NoSpace"}


def _wrong_for_a_host(host: Session) -> list[Message]:
    """Messages of a driver that are wrong in the state that the host is in."""
    id, other = host.id, host.id + 1
    wrong: list[Message] = [
        Attach("token", "0.1", 0),
        Close(),
        Cancel(id),
        End(id),
        Request(other, PLAIN, {"path": "/a"}),
        Response(other, ERROR, None),
        Chunk(other, b"x"),
        Chunk(id, bytes(CHUNK + 1)),
    ]
    if host.state not in (State.OPENING, State.CANCELLING):
        wrong.append(Start(id, {}))
    if host.state not in (State.SENDING, State.WAITING, State.CANCELLING):
        wrong.append(Credit(id, 1))
    if host.state is State.IDLE:
        wrong.append(Response(id, ERROR, None))
    if host.state is State.SENDING:
        wrong.append(Response(id, None, {"written": host.moved_bytes}))
    if host.state is State.WAITING and host.method == WRITE:
        wrong.append(Response(id, None, {"written": host.moved_bytes + 1}))
    if host.state is State.RECEIVING:
        wrong.append(Response(id, None, {"size": host.moved_bytes + 100}))
        wrong.append(Response(id, None, {"size": -1}))
        if host.credit_bytes < CHUNK:
            wrong.append(Chunk(id, bytes(host.credit_bytes + 1)))
    return wrong


def _wrong_for_a_driver(driver: Session) -> list[Message]:
    """Messages of a host that are wrong in the state that the driver is in."""
    id, other = driver.id, driver.id + 1
    wrong: list[Message] = [
        Attach("token", "0.1", 0),
        Start(id, {}),
        Response(id, ERROR, None),
        Chunk(other, b"x"),
        End(other),
        Credit(other, 1),
        Cancel(other),
        Request(id, PLAIN, {"path": "/a"}),
        Request(other, PLAIN, {}),
        Request(other, PLAIN, {"path": "/a"}, b"x"),
        Request(other, WRITE, {"path": "/a", "offset": 0}, bytes(CHUNK + 1)),
        Request(other, "Ping", {}),
    ]
    if driver.state is State.CANCELLING:
        wrong.append(Cancel(id))
    if driver.state not in (State.SENDING, State.IDLE):
        wrong += [Chunk(id, b"x"), End(id)]
    if driver.state not in (State.OPENING, State.RECEIVING, State.IDLE):
        wrong.append(Credit(id, 1))
    if driver.state is State.SENDING:
        wrong.append(Chunk(id, bytes(CHUNK + 1)))
        if driver.credit_bytes < CHUNK:
            wrong.append(End(id, bytes(driver.credit_bytes + 1)))
    return wrong


TestTwoEnds = TwoEnds.TestCase
TestTwoEnds.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
