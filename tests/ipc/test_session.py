"""Every rule of the protocol that one end of one channel can hold its peer to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from storagedriver.contract import ProtocolError
from storagedriver.ipc.limits import MAX_CREDIT_BYTES, MAX_ID
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

KIB = 1024
CHUNK = 4 * KIB
WINDOW = 4 * CHUNK

ATTACH = Attach("token", "0.1", 7)
ERROR: dict[str, Wire] = {"code": "PathNotFound"}
HELLO: dict[str, Wire] = {"version": "0.1", "features": [], "max_chunk": CHUNK}
AGREED: dict[str, Wire] = {
    "version": "0.1",
    "name": "demo",
    "features": [],
    "max_channels": 64,
    "write_credit": WINDOW,
    "max_chunk": CHUNK,
}
INFO: dict[str, Wire] = {
    "path": "/a",
    "size": 1,
    "mod_time": [0, 0],
    "is_dir": False,
}


def attached(side: Side, role: Role = Role.WORKER) -> Session:
    session = Session(side, role, max_chunk_bytes=CHUNK, write_credit_bytes=WINDOW)
    say(session, Side.DRIVER, ATTACH)
    return session


def say(session: Session, sender: Side, message: Message) -> Message | None:
    """Have the message pass the session, whichever end it is."""
    if sender is session.side:
        session.send(message, 0.0)
        return message
    return session.receive(message, 0.0)


def from_host(session: Session, *messages: Message) -> None:
    for message in messages:
        say(session, Side.HOST, message)


def from_driver(session: Session, *messages: Message) -> None:
    for message in messages:
        say(session, Side.DRIVER, message)


def stat(id: int) -> Request:
    return Request(id, "Stat", {"path": "/a"})


def read(id: int, *, credit: int = WINDOW, offset: int = 0) -> Request:
    return Request(id, "ReadStream", {"path": "/a", "offset": offset, "credit": credit})


def write(id: int, content: Content | None = None, *, end: bool = False) -> Request:
    return Request(id, "WriteStream", {"path": "/a", "offset": 0, "end": end}, content)


def success(id: int, result: Mapping[str, Wire], content: Content | None = None) -> Response:
    return Response(id, None, result, content)


@pytest.fixture(params=list(Side), ids=lambda side: side.name.lower())
def session(request: pytest.FixtureRequest) -> Session:
    """An attached worker channel, seen from either end: both hold the same rules."""
    side: Side = request.param
    return attached(side)


@pytest.fixture
def host() -> Session:
    return attached(Side.HOST)


@pytest.fixture
def driver() -> Session:
    return attached(Side.DRIVER)


class TestAttaching:
    def test_nothing_comes_before_attach(self) -> None:
        host = Session(Side.HOST, Role.WORKER)
        with pytest.raises(ProtocolError, match="RESPONSE is not allowed in state ATTACHING"):
            host.receive(Response(0, ERROR, None), 0.0)

    def test_a_second_attach_is_refused(self, host: Session) -> None:
        with pytest.raises(ProtocolError, match="ATTACH is not allowed in state IDLE"):
            host.receive(ATTACH, 0.0)
        assert host.state is State.CLOSED

    def test_attach_is_handed_on(self) -> None:
        assert Session(Side.HOST, Role.NEW).receive(ATTACH, 0.0) is ATTACH


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "method"),
        [
            (Role.NEW, "Ping"),
            (Role.NEW, "Stat"),
            (Role.NEW, "Frobnicate"),
            (Role.CONTROL, "Hello"),
            (Role.CONTROL, "Stat"),
            (Role.CONTROL, "Frobnicate"),
            (Role.WORKER, "Hello"),
            (Role.WORKER, "Ping"),
            (Role.WORKER, "OpenChannel"),
            (Role.ONLY, "Hello"),
            (Role.ONLY, "OpenChannel"),
        ],
    )
    def test_a_method_on_the_wrong_channel_is_refused(self, role: Role, method: str) -> None:
        params: dict[str, Wire] = {
            **HELLO,
            "path": "/a",
            "channel": 1,
            "endpoint": "ipc:///x",
        }
        with pytest.raises(ProtocolError, match=rf"'{method}' is not a call for a {role.name}"):
            attached(Side.DRIVER, role).receive(Request(1, method, params), 0.0)

    @pytest.mark.parametrize(
        ("role", "method"),
        [
            (Role.NEW, "Hello"),
            (Role.CONTROL, "Ping"),
            (Role.CONTROL, "Shutdown"),
            (Role.CONTROL, "OpenChannel"),
            (Role.WORKER, "Stat"),
            (Role.ONLY, "Stat"),
            (Role.ONLY, "Ping"),
            (Role.ONLY, "Shutdown"),
        ],
    )
    def test_a_method_on_its_channel_is_taken(self, role: Role, method: str) -> None:
        driver = attached(Side.DRIVER, role)
        params: dict[str, Wire] = {**HELLO, "path": "/a", "channel": 1, "endpoint": "ipc:///x"}
        taken = driver.receive(Request(1, method, params), 0.0)
        assert isinstance(taken, Request)
        assert (taken.method, driver.state) == (method, State.WAITING)

    @pytest.mark.parametrize("content", [None, b"abc"])
    @pytest.mark.parametrize("role", [Role.WORKER, Role.ONLY])
    def test_a_method_that_nobody_knows_is_handed_on_for_an_answer(
        self, role: Role, content: Content | None
    ) -> None:
        driver = attached(Side.DRIVER, role)
        request = Request(1, "Frobnicate", {"what": "ever"}, content)
        assert driver.receive(request, 0.0) is request
        from_driver(driver, Response(1, ERROR, None))
        assert driver.state is State.IDLE


class TestHello:
    @pytest.fixture(params=list(Side), ids=lambda side: side.name.lower())
    def control(self, request: pytest.FixtureRequest) -> Session:
        side: Side = request.param
        session = Session(side, Role.NEW)
        from_driver(session, ATTACH)
        from_host(session, Request(1, "Hello", HELLO))
        return session

    def test_both_ends_adopt_what_is_agreed(self, control: Session) -> None:
        from_driver(control, success(1, AGREED))
        assert control.role is Role.CONTROL
        assert (control.max_chunk_bytes, control.write_credit_bytes) == (CHUNK, WINDOW)

    def test_a_driver_without_workers_takes_calls_here(self, control: Session) -> None:
        from_driver(control, success(1, {**AGREED, "max_channels": 0}))
        assert control.role is Role.ONLY

    def test_a_refusal_changes_nothing(self, control: Session) -> None:
        from_driver(control, Response(1, ERROR, None))
        assert (control.role, control.state) == (Role.NEW, State.IDLE)

    def test_a_write_credit_below_a_chunk_is_refused(self, control: Session) -> None:
        with pytest.raises(ProtocolError, match="write_credit 4096 is less than max_chunk 8192"):
            from_driver(control, success(1, {**AGREED, "write_credit": 4096, "max_chunk": 8192}))

    def test_a_chunk_larger_than_this_end_takes_is_not_adopted(self) -> None:
        host = Session(Side.HOST, Role.NEW, max_chunk_bytes=CHUNK)
        from_driver(host, ATTACH)
        from_host(host, Request(1, "Hello", HELLO))
        from_driver(host, success(1, {**AGREED, "max_chunk": 2 * CHUNK}))
        assert host.max_chunk_bytes == CHUNK


class TestIds:
    def test_requests_count_up(self, host: Session) -> None:
        assert host.request("Stat", {}).id == 1
        from_host(host, stat(1))
        assert host.request("Stat", {}).id == 2

    def test_after_the_last_id_comes_the_first(self, session: Session) -> None:
        from_host(session, stat(MAX_ID))
        from_driver(session, success(MAX_ID, INFO))
        following = session.request("Stat", {"path": "/a"})
        assert following.id == 1
        from_host(session, following)

    def test_the_id_of_the_call_before_is_refused(self, session: Session) -> None:
        from_host(session, stat(1))
        from_driver(session, success(1, INFO))
        with pytest.raises(ProtocolError, match="repeats the id 1"):
            from_host(session, stat(1))

    def test_the_first_id_is_not_zero(self, session: Session) -> None:
        with pytest.raises(ProtocolError, match="repeats the id 0"):
            from_host(session, stat(0))

    @pytest.mark.parametrize(
        "message", [Response(2, ERROR, None), Start(2, {}), Response(0, ERROR, None)]
    )
    def test_an_answer_to_another_call_is_refused(self, host: Session, message: Message) -> None:
        from_host(host, read(1))
        with pytest.raises(ProtocolError, match=r"for call \d, the call is 1"):
            from_driver(host, message)

    @pytest.mark.parametrize("message", [Chunk(2, b"x"), End(2), Cancel(2)])
    def test_what_belongs_to_another_call_is_refused(
        self, driver: Session, message: Message
    ) -> None:
        from_host(driver, write(1))
        with pytest.raises(ProtocolError, match="for call 2, the call is 1"):
            from_host(driver, message)

    def test_chunks_and_credit_of_another_read_are_refused(self) -> None:
        for sender, message in ((Side.DRIVER, Chunk(2, b"x")), (Side.HOST, Credit(2, 1))):
            session = attached(Side(1 - sender))
            from_host(session, read(1))
            from_driver(session, Start(1, {}))
            with pytest.raises(ProtocolError, match="for call 2, the call is 1"):
                say(session, sender, message)


class TestParams:
    def test_a_request_comes_with_defaults_filled_in(self, driver: Session) -> None:
        request = driver.receive(Request(1, "WriteStream", {"path": "/a", "offset": 3.0}), 0.0)
        assert isinstance(request, Request)
        assert request.params == {"path": "/a", "offset": 3, "end": False, "meta": None}

    @pytest.mark.parametrize(
        "request_",
        [
            Request(1, "Stat", {}),
            Request(1, "Stat", {"path": 1}),
            Request(1, "ReadStream", {"path": "/a", "offset": -1, "credit": 1}),
        ],
    )
    def test_wrong_params_are_refused(self, driver: Session, request_: Request) -> None:
        with pytest.raises(ProtocolError, match=r"params: (path|offset)"):
            driver.receive(request_, 0.0)
        assert driver.state is State.CLOSED

    def test_a_wrong_result_is_refused(self, host: Session) -> None:
        from_host(host, stat(1))
        with pytest.raises(ProtocolError, match="Stat result: size is missing"):
            host.receive(success(1, {"path": "/a", "is_dir": False}), 0.0)
        assert host.state is State.CLOSED

    def test_a_wrong_info_is_refused(self, host: Session) -> None:
        from_host(host, read(1))
        with pytest.raises(ProtocolError, match="ReadStream info: size"):
            host.receive(Start(1, {"size": "large"}), 0.0)

    def test_a_result_of_nil_is_an_empty_map(self, host: Session) -> None:
        from_host(host, Request(1, "Delete", {"path": "/a"}))
        answer = host.receive(Response(1, None, None), 0.0)
        assert answer == Response(1, None, {})


class TestContentWhereThereIsNone:
    @pytest.mark.parametrize("request_", [stat(1), read(1)], ids=["Stat", "ReadStream"])
    def test_in_a_request_that_sends_nothing(self, session: Session, request_: Request) -> None:
        with pytest.raises(ProtocolError, match=f"{request_.method} takes no content"):
            from_host(session, Request(1, request_.method, request_.params, b"x"))

    def test_in_the_response_of_a_write(self, session: Session) -> None:
        from_host(session, write(1, end=True))
        with pytest.raises(ProtocolError, match="the response to WriteStream has no content"):
            from_driver(session, success(1, {"written": 0}, b"x"))


class TestCredit:
    def test_a_read_may_send_what_its_request_grants(self, session: Session) -> None:
        from_host(session, read(1, credit=10))
        from_driver(session, Start(1, {}), Chunk(1, bytes(10)))
        assert (session.credit_bytes, session.moved_bytes) == (0, 10)
        with pytest.raises(ProtocolError, match="1 bytes sent with a credit of 0"):
            from_driver(session, Chunk(1, b"x"))

    def test_credit_adds_to_it(self, session: Session) -> None:
        from_host(session, read(1, credit=10))
        from_driver(session, Start(1, {}), Chunk(1, bytes(10)))
        from_host(session, Credit(1, 5))
        from_driver(session, Chunk(1, bytes(5)))
        assert session.credit_bytes == 0

    def test_credit_may_come_before_start(self, session: Session) -> None:
        from_host(session, read(1, credit=0), Credit(1, 3))
        from_driver(session, success(1, {"size": 3}, b"abc"))
        assert session.state is State.IDLE

    def test_the_content_of_a_response_counts(self, session: Session) -> None:
        from_host(session, read(1, credit=2))
        with pytest.raises(ProtocolError, match="3 bytes sent with a credit of 2"):
            from_driver(session, success(1, {"size": 3}, b"abc"))

    def test_a_write_may_send_what_hello_granted(self, session: Session) -> None:
        from_host(session, write(1, bytes(CHUNK)), *[Chunk(1, bytes(CHUNK))] * 3)
        assert session.credit_bytes == 0
        with pytest.raises(ProtocolError, match="1 bytes sent with a credit of 0"):
            from_host(session, End(1, b"x"))

    def test_a_driver_may_grant_more_for_a_write(self, session: Session) -> None:
        from_host(session, write(1, bytes(CHUNK)), *[Chunk(1, bytes(CHUNK))] * 3)
        from_driver(session, Credit(1, 1))
        from_host(session, End(1, b"x"))
        assert session.moved_bytes == WINDOW + 1

    def test_no_chunk_is_larger_than_was_agreed(self, session: Session) -> None:
        from_host(session, read(1))
        from_driver(session, Start(1, {}))
        with pytest.raises(ProtocolError, match="4097 bytes in one message, the limit is 4096"):
            from_driver(session, Chunk(1, bytes(CHUNK + 1)))

    def test_no_first_piece_is_larger_than_was_agreed(self, session: Session) -> None:
        with pytest.raises(ProtocolError, match="4097 bytes in one message"):
            from_host(session, write(1, bytes(CHUNK + 1)))

    def test_the_sum_of_all_credit_is_bounded(self, session: Session) -> None:
        from_host(session, read(1, credit=MAX_CREDIT_BYTES))
        with pytest.raises(ProtocolError, match="credit overflow"):
            from_host(session, Credit(1, 1))

    def test_what_is_left_is_void_in_the_next_call(self, session: Session) -> None:
        from_host(session, read(1, credit=100))
        from_driver(session, success(1, {"size": 0}))
        from_host(session, read(2, credit=1))
        assert session.credit_bytes == 1

    def test_sendable_is_bounded_by_credit_and_by_the_chunk(self, driver: Session) -> None:
        from_host(driver, read(1, credit=CHUNK + 10))
        assert driver.sendable_bytes == CHUNK
        from_driver(driver, Start(1, {}), Chunk(1, bytes(CHUNK)))
        assert driver.sendable_bytes == 10


class TestConsume:
    def test_grants_come_in_quarters_of_the_window(self, host: Session) -> None:
        from_host(host, read(1, credit=WINDOW))
        from_driver(host, Start(1, {}))
        assert host.consume(WINDOW // 4 - 1) is None
        assert host.consume(1) == Credit(1, WINDOW // 4)
        assert host.consume(1) is None

    def test_a_driver_grants_in_quarters_of_its_write_credit(self, driver: Session) -> None:
        from_host(driver, write(1))
        assert driver.consume(WINDOW // 4 - 1) is None
        assert driver.consume(1) == Credit(1, WINDOW // 4)

    def test_nothing_is_granted_once_all_has_come(self, driver: Session) -> None:
        from_host(driver, write(1, bytes(CHUNK), end=True))
        assert driver.consume(CHUNK) is None

    def test_nothing_is_granted_after_a_cancel(self, driver: Session) -> None:
        from_host(driver, write(1, bytes(CHUNK)), Cancel(1))
        assert driver.consume(CHUNK) is None

    def test_what_was_consumed_before_does_not_count_in_the_next_call(self, host: Session) -> None:
        from_host(host, read(1))
        host.consume(WINDOW // 4 - 1)
        from_driver(host, Response(1, ERROR, None))
        from_host(host, read(2))
        assert host.consume(1) is None


class TestCounts:
    def test_a_read_tells_the_size_that_passed(self, session: Session) -> None:
        from_host(session, read(1, offset=100))
        from_driver(session, Start(1, {}), Chunk(1, b"ab"), success(1, {"size": 103}, b"c"))
        assert session.state is State.IDLE

    def test_a_read_behind_the_end_tells_the_size_of_the_object(self, session: Session) -> None:
        from_host(session, read(1, offset=100))
        from_driver(session, success(1, {"size": 50}))
        assert session.state is State.IDLE

    @pytest.mark.parametrize("size", [0, 2, 4, 100])
    def test_a_read_that_was_cut_short_is_refused(self, session: Session, size: int) -> None:
        from_host(session, read(1))
        from_driver(session, Start(1, {}), Chunk(1, b"abc"))
        with pytest.raises(ProtocolError, match=f"speaks of {size} bytes of content, and 3 have"):
            from_driver(session, success(1, {"size": size}))

    def test_a_read_that_ends_before_the_size_of_its_start_is_refused(
        self, session: Session
    ) -> None:
        from_host(session, read(1))
        from_driver(session, Start(1, {"size": 100}), Chunk(1, b"abc"))
        with pytest.raises(ProtocolError, match="size of 3, and its START of 100"):
            from_driver(session, success(1, {"size": 3}))

    @pytest.mark.parametrize(("offset", "size"), [(0, 2), (100, 102), (100, 5), (100, 100)])
    def test_a_read_that_goes_beyond_the_size_of_its_start_is_refused_at_once(
        self, session: Session, offset: int, size: int
    ) -> None:
        from_host(session, read(1, offset=offset))
        from_driver(session, Start(1, {"size": size}))
        with pytest.raises(ProtocolError, match=f"more than the {size} bytes of its START"):
            from_driver(session, Chunk(1, b"abc"))

    def test_the_size_of_one_start_is_not_held_against_the_next_read(
        self, session: Session
    ) -> None:
        from_host(session, read(1))
        from_driver(session, Start(1, {"size": 100}), Response(1, ERROR, None))
        from_host(session, read(2))
        from_driver(session, Start(2, {}), success(2, {"size": 0}))
        assert session.state is State.IDLE

    @pytest.mark.parametrize("written", [0, 2, 4])
    def test_a_write_that_was_cut_short_is_refused(self, session: Session, written: int) -> None:
        from_host(session, write(1, b"ab"), End(1, b"c"))
        with pytest.raises(ProtocolError, match=f"speaks of {written} bytes of content, and 3"):
            from_driver(session, success(1, {"written": written}))

    def test_the_size_of_an_upload_includes_its_offset(self, session: Session) -> None:
        params: dict[str, Wire] = {"upload_id": "u", "offset": 10, "end": True}
        from_host(session, Request(1, "WriteUpload", params, b"abc"))
        from_driver(session, success(1, {"size": 13}))
        assert session.state is State.IDLE

    def test_an_upload_that_forgets_its_offset_is_refused(self, session: Session) -> None:
        params: dict[str, Wire] = {"upload_id": "u", "offset": 10, "end": True}
        from_host(session, Request(1, "WriteUpload", params, b"abc"))
        with pytest.raises(ProtocolError, match="speaks of -7 bytes"):
            from_driver(session, success(1, {"size": 3}))

    def test_a_listing_counts_entries_and_not_bytes(self, session: Session) -> None:
        from_host(session, Request(1, "List", {"path": "/", "credit": WINDOW}))
        from_driver(session, success(1, {"count": 1}, b"\x91\xa1a"))
        assert session.state is State.IDLE

    def test_an_error_needs_no_count(self, session: Session) -> None:
        from_host(session, write(1, b"ab"))
        from_driver(session, Response(1, ERROR, None))
        assert session.state is State.IDLE


class TestEnds:
    def test_a_success_before_end_is_refused(self, session: Session) -> None:
        from_host(session, write(1, b"ab"))
        with pytest.raises(ProtocolError, match="WriteStream succeeded before its END"):
            from_driver(session, success(1, {"written": 2}))

    def test_a_write_that_is_complete_waits_for_its_response(self, session: Session) -> None:
        from_host(session, write(1, b"ab", end=True))
        assert session.state is State.WAITING
        with pytest.raises(ProtocolError, match="END is not allowed in state WAITING"):
            from_host(session, End(1))

    def test_a_cancelled_write_does_not_succeed_without_its_end(self, session: Session) -> None:
        from_host(session, write(1, b"ab"), Cancel(1))
        with pytest.raises(ProtocolError, match="succeeded before its END"):
            from_driver(session, success(1, {"written": 2}))

    def test_a_write_cancelled_after_its_end_may_have_succeeded(self, session: Session) -> None:
        from_host(session, write(1, b"ab"), End(1), Cancel(1))
        from_driver(session, success(1, {"written": 2}))
        assert session.state is State.IDLE

    def test_a_read_has_no_chunk_before_its_start(self, session: Session) -> None:
        from_host(session, read(1))
        with pytest.raises(ProtocolError, match="CHUNK is not allowed in state OPENING"):
            from_driver(session, Chunk(1, b"x"))

    def test_a_read_starts_once(self, session: Session) -> None:
        from_host(session, read(1))
        from_driver(session, Start(1, {}))
        with pytest.raises(ProtocolError, match="START is not allowed in state RECEIVING"):
            from_driver(session, Start(1, {}))

    def test_the_driver_says_nothing_after_its_response(self, session: Session) -> None:
        from_host(session, read(1))
        from_driver(session, success(1, {"size": 0}))
        with pytest.raises(ProtocolError, match="CHUNK is not allowed in state IDLE"):
            from_driver(session, Chunk(1, b"x"))


class TestWhatCrosses:
    @pytest.mark.parametrize("late", [Chunk(1, b"x"), End(1), End(1, b"x"), Cancel(1)])
    def test_what_crossed_the_response_of_a_write_is_ignored(
        self, driver: Session, late: Message
    ) -> None:
        from_host(driver, write(1))
        from_driver(driver, Response(1, ERROR, None))
        assert driver.receive(late, 0.0) is None
        assert (driver.state, driver.moved_bytes) == (State.IDLE, 0)

    @pytest.mark.parametrize("late", [Credit(1, 5), Credit(1, MAX_CREDIT_BYTES), Cancel(1)])
    def test_what_crossed_the_response_of_a_read_is_ignored(
        self, driver: Session, late: Message
    ) -> None:
        from_host(driver, read(1))
        from_driver(driver, success(1, {"size": 0}))
        assert driver.receive(late, 0.0) is None
        assert driver.receive(late, 0.0) is None
        assert driver.state is State.IDLE

    @pytest.mark.parametrize("late", [Chunk(9, b"x"), End(9), Credit(9, 1), Cancel(9)])
    def test_what_belongs_to_no_call_is_refused(self, driver: Session, late: Message) -> None:
        from_host(driver, stat(1))
        from_driver(driver, success(1, INFO))
        with pytest.raises(ProtocolError, match="for call 9, the call is 1"):
            driver.receive(late, 0.0)

    def test_what_the_driver_sent_before_it_saw_the_cancel_is_ignored(self, host: Session) -> None:
        from_host(host, read(1), Cancel(1))
        assert host.receive(Start(1, {}), 0.0) is None
        assert host.receive(Chunk(1, b"abc"), 0.0) is None
        answer = success(1, {"size": 3, "version": b""})
        assert host.receive(answer, 0.0) == answer
        assert host.state is State.IDLE

    def test_credit_that_crossed_a_cancel_is_ignored(self, host: Session) -> None:
        from_host(host, write(1), Cancel(1))
        assert host.receive(Credit(1, 5), 0.0) is None

    def test_credit_granted_before_end_was_seen_is_taken(self, session: Session) -> None:
        from_host(session, write(1), End(1))
        from_driver(session, Credit(1, 5), success(1, {"written": 0}))
        assert session.state is State.IDLE

    def test_the_credit_rule_holds_after_a_cancel(self, host: Session) -> None:
        from_host(host, read(1, credit=2), Cancel(1))
        host.receive(Start(1, {}), 0.0)
        with pytest.raises(ProtocolError, match="3 bytes sent with a credit of 2"):
            host.receive(Chunk(1, b"abc"), 0.0)

    @pytest.mark.parametrize("more", [Cancel(1), Credit(1, 5), stat(2)])
    def test_after_a_cancel_the_host_says_nothing_more(
        self, session: Session, more: Message
    ) -> None:
        from_host(session, read(1), Cancel(1))
        with pytest.raises(ProtocolError, match="not allowed in state CANCELLING"):
            from_host(session, more)


class TestTheEnd:
    def test_close_is_handed_on_in_the_middle_of_a_call(self, driver: Session) -> None:
        from_host(driver, write(1))
        assert driver.receive(Close(), 0.0) == Close()
        assert driver.state is State.CLOSED

    def test_close_is_handed_on_after_a_cancel(self, driver: Session) -> None:
        from_host(driver, write(1), Cancel(1))
        assert driver.receive(Close(), 0.0) == Close()

    def test_nothing_is_allowed_after_close(self, session: Session) -> None:
        from_host(session, Close())
        with pytest.raises(ProtocolError, match="REQUEST is not allowed in state CLOSED"):
            from_host(session, stat(1))

    def test_a_driver_does_not_close(self, session: Session) -> None:
        with pytest.raises(ProtocolError, match="CLOSE is not allowed in state IDLE"):
            from_driver(session, Close())

    def test_the_farewell_of_a_driver_ends_the_call(self, host: Session) -> None:
        from_host(host, write(1))
        farewell = Response(1, {"code": "ProtocolError"}, None)
        assert host.receive(farewell, 0.0) is farewell
        assert host.state is State.IDLE

    def test_an_error_closes_the_channel_for_good(self, session: Session) -> None:
        with pytest.raises(ProtocolError):
            from_driver(session, Start(1, {}))
        assert session.state is State.CLOSED


class TestBlame:
    def test_a_mistake_of_the_peer_names_the_peer(self) -> None:
        for side, peer in ((Side.HOST, "driver"), (Side.DRIVER, "host")):
            error = attached(side).refuse("nonsense")
            assert error.detail == f"nonsense (from the {peer})"

    def test_a_mistake_of_this_end_names_this_end(self, host: Session) -> None:
        for message in (Chunk(1, b"x"), stat(0), Request(2, "Stat", {"path": "/a"}, b"x")):
            session = attached(Side.HOST)
            with pytest.raises(ProtocolError, match=r"\(by this end\)"):
                session.send(message, 0.0)
            assert session.state is State.CLOSED


class TestProgress:
    def test_every_message_is_progress(self, host: Session) -> None:
        host.send(read(1), 5.0)
        assert host.progress_at == 5.0
        host.receive(Start(1, {}), 6.0)
        assert host.progress_at == 6.0
