"""Bytes to messages: whatever way they are cut up, and whatever else a peer may send."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver.ipc.zmtp import HANDSHAKE, FrameError, Handshake, Inbox, frame_head

LIMIT = 1 << 20
PING = b"\x04\x09\x04PING\x00\x10ab"
PONG = b"\x04\x07\x04PONGab"

Message = tuple[bytes, "bytes | None"]

# Around the lengths where the form of a frame, or the place it is put together in, changes.
lengths = st.sampled_from([0, 1, 255, 256, 32_759, 32_760, 32_768, 40_000]) | st.integers(0, 300)


def body(length: int, byte: int) -> bytes:
    return bytes([byte]) * length


bodies = st.builds(body, lengths, st.integers(0, 255))
messages = st.lists(st.tuples(bodies, st.none() | bodies), max_size=6)


def wire(message: Message) -> bytes:
    header, content = message
    if content is None:
        return frame_head(len(header)) + header
    first = frame_head(len(header), more=True) + header
    return first + frame_head(len(content)) + content


def received(inbox: Inbox) -> list[Message]:
    """All that is complete."""
    found: list[Message] = []
    while (message := inbox.next()) is not None:
        header, content = message
        found.append((bytes(header), None if content is None else bytes(content)))
    return found


def put(inbox: Inbox, data: bytes) -> list[Message]:
    """Have an inbox receive data, as much at a time as it has room for."""
    found: list[Message] = []
    while data:
        space = inbox.space
        assert len(space) > 0
        size = min(len(space), len(data))
        space[:size] = data[:size]
        inbox.fill(size)
        data = data[size:]
        found += received(inbox)
    return found


class TestInbox:
    @given(messages, st.data())
    def test_messages_come_as_they_were_sent_however_they_are_cut(
        self, sent: list[Message], data: st.DataObject
    ) -> None:
        stream = b"".join(map(wire, sent))
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
        inbox = Inbox(LIMIT)
        found: list[Message] = []
        for begin, end in pairwise([0, *cuts, len(stream)]):
            found += put(inbox, stream[begin:end])
        assert found == sent

    def test_what_came_with_the_handshake_is_first(self) -> None:
        inbox = Inbox(LIMIT, wire((b"a", None)) + wire((b"b", b"c"))[:3])
        assert received(inbox) == [(b"a", None)]
        assert put(inbox, wire((b"b", b"c"))[3:]) == [(b"b", b"c")]

    def test_content_stays_what_it_was(self) -> None:
        inbox = Inbox(LIMIT)
        for size in (10, 40_000):
            data = wire((b"a", b"x" * size))
            space = inbox.space[: len(data)]
            space[:] = data[: len(space)]
            inbox.fill(len(space))
            message = inbox.next()
            if message is None:
                rest = inbox.space
                rest[:] = data[len(space) :]
                inbox.fill(len(rest))
                message = inbox.next()
            assert message is not None
            put(inbox, wire((b"b", b"y" * size)))
            assert message[1] == b"x" * size

    def test_a_heartbeat_is_answered_with_what_it_holds(self) -> None:
        inbox = Inbox(LIMIT)
        assert put(inbox, PING + wire((b"a", None)) + PONG) == [(b"a", None)]
        assert inbox.pongs == [PONG]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"\x08\x01a", "flags 0x08"),
            (b"\xff\x01a", "flags 0xff"),
            (b"\x05\x01a", "flags 0x05"),
            (b"\x02" + (LIMIT + 1).to_bytes(8, "big"), "the limit is 1048576"),
            (b"\x02" + b"\xff" * 8, "the limit is 1048576"),
            (b"\x01\x01a\x01\x01b", "more than two frames"),
            (b"\x04\x06\x05ERROR", "command b'ERROR'"),
            (b"\x04\x00", "command b''"),
        ],
    )
    def test_what_no_peer_may_send_is_refused(self, data: bytes, reason: str) -> None:
        with pytest.raises(FrameError) as caught:
            put(Inbox(LIMIT), data)
        assert reason in str(caught.value)

    def test_a_frame_of_the_limit_is_not_refused(self) -> None:
        assert put(Inbox(LIMIT), wire((b"a", bytes(LIMIT)))) == [(b"a", bytes(LIMIT))]

    @given(st.binary(max_size=200))
    def test_no_bytes_do_anything_else(self, data: bytes) -> None:
        with suppress(FrameError):
            put(Inbox(LIMIT), data)


class TestHandshake:
    # As libzmq 4.3 sends it: ZMTP 3.1, and an identity.
    OTHER = (
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL"
        + bytes(16 + 32)
        + b"\x04\x26\x05READY\x0bSocket-Type\0\0\0\x04PAIR\x08Identity\0\0\0\0"[:2]
        + b"\x05READY\x0bSocket-Type\0\0\0\x04PAIR\x08Identity\0\0\0\0"
    )

    @pytest.mark.parametrize("said", [HANDSHAKE, OTHER])
    @pytest.mark.parametrize("piece_bytes", [1, 7, 1000])
    def test_it_ends_where_messages_begin(self, said: bytes, piece_bytes: int) -> None:
        said = self.with_length(said)
        handshake = Handshake()
        rest: bytes | None = None
        for at in range(0, len(said), piece_bytes):
            assert rest is None
            rest = handshake.feed(said[at : at + piece_bytes])
        assert rest == b""
        assert Handshake().feed(said + b"more") == b"more"

    @staticmethod
    def with_length(said: bytes) -> bytes:
        """Have the READY say how long it is."""
        return said[:65] + bytes([len(said) - 66]) + said[66:]

    def test_ours_says_how_long_it_is(self) -> None:
        assert self.with_length(HANDSHAKE) == HANDSHAKE

    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            (b"GET / HTTP/1.1\r\n", "no ZMTP"),
            (b"\x01\x00", "no ZMTP"),
            (b"\xff" + bytes(8) + b"\x7e", "no ZMTP"),
            (HANDSHAKE[:10] + b"\x01\x00", "ZMTP 1"),
            (HANDSHAKE[:10] + b"\x02\x00", "ZMTP 2"),
            (HANDSHAKE[:12] + b"PLAIN", "not NULL"),
            (HANDSHAKE[:12] + b"NULLX", "not NULL"),
            (HANDSHAKE[:64] + b"\x00\x01a", "has a message in it"),
            (HANDSHAKE[:64] + b"\x04\x06\x05ERROR", "another command"),
            (HANDSHAKE[:64] + b"\x06" + b"\xff" * 8, "a handshake of"),
            (HANDSHAKE.replace(b"PAIR", b"PULL"), "not of the type PAIR"),
            (HANDSHAKE.replace(b"\x04PAIR", b"\x05PAIR"), "cut short"),
        ],
    )
    def test_what_is_none_is_refused_as_soon_as_it_shows(self, said: bytes, reason: str) -> None:
        with pytest.raises(FrameError) as caught:
            Handshake().feed(said)
        assert reason in str(caught.value)

    @given(st.binary(max_size=200), st.integers(0, len(HANDSHAKE)))
    def test_no_bytes_do_anything_else(self, data: bytes, right_bytes: int) -> None:
        with suppress(FrameError):
            Handshake().feed(HANDSHAKE[:right_bytes] + data)
