"""A driver that attacks its host, run as a program. For tests.

It speaks the wire by itself, with no part of the project, and answers a call whose path is
`/attack/<name>` with the messages of that attack. Other calls it answers properly: for each path
there is an object of two bytes. Its parameters may name attacks on the channels themselves.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own
import zmq

pack = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]
unpack = cast("Callable[[bytes], list[Any]]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]

KIB = 1024
MIB = KIB * KIB

NOTHING: dict[str, object] = {}
NO_LIST: list[object] = []
CHUNK = bytes(MIB)
FLOOD_CHUNKS = 400

Frames = Sequence[bytes]
Messages = Sequence[Frames]


@dataclass(frozen=True)
class Attack:
    """The messages that answer a call; what the host calls, and what its error then says."""

    operation: str
    messages: Callable[[int], Messages]
    detail: str


def one(*elements: object, content: bytes | None = None) -> Frames:
    header = pack(list(elements))
    return [header] if content is None else [header, content]


def answer(id: int, result: object = None, *more: object) -> Frames:
    return one(1, id, None, NOTHING if result is None else result, *more)


STAT = {"path": "/a", "size": 2, "mod_time": [0, 0], "is_dir": False}


def nested(levels: int) -> bytes:
    return b"\x91" * levels + b"\xc0"


def started(id: int, *after: Frames, size: object = 2) -> Messages:
    return [one(7, id, {"size": size}), *after]


def stat_says(**values: object) -> Callable[[int], Messages]:
    return lambda id: [answer(id, {**STAT, **values})]


def entries(id: int, content: bytes, count: object) -> Messages:
    return [one(7, id, NOTHING), one(2, id, content), answer(id, {"count": count})]


def errors(error: object, *rest: object) -> Callable[[int], Messages]:
    return lambda id: [one(1, id, error, *(rest or (None,)))]


ATTACKS = {
    # What is no message at all.
    "garbage": Attack("stat", lambda id: [[b"GET / HTTP/1.0\r\n\r\n"]], "header"),
    "empty-frame": Attack("stat", lambda id: [[b""]], "header"),
    "never-used-byte": Attack("stat", lambda id: [[b"\xc1"]], "malformed"),
    "no-array": Attack("stat", lambda id: [[pack({"a": 1})]], "must be an array"),
    "empty-array": Attack("stat", lambda id: [one()], "number of a kind"),
    "unknown-kind": Attack("stat", lambda id: [one(99, id)], "number of a kind"),
    "negative-kind": Attack("stat", lambda id: [one(-1, id)], "number of a kind"),
    "fraction-of-a-kind": Attack(
        "stat", lambda id: [one(1.5, id, None, NOTHING)], "number of a kind"
    ),
    "true-for-a-kind": Attack(
        "stat", lambda id: [one(True, id, None, NOTHING)], "number of a kind"
    ),
    "too-short": Attack("stat", lambda id: [one(1, id)], "missing"),
    "too-long": Attack("stat", lambda id: [answer(id, {"x": "y" * 70_000})], "longer than 65536"),
    "something-behind": Attack(
        "stat", lambda id: [[pack([1, id, None, NOTHING]) + b"\0"]], "malformed"
    ),
    "nested": Attack(
        "stat", lambda id: [one(1, id, None, NOTHING, None, [[NO_LIST]] * 1000)], "Stat"
    ),
    "nested-deeply": Attack("stat", lambda id: [[nested(60_000)]], "malformed|nested"),
    "equal-keys": Attack(
        "stat",
        lambda id: [[b"\x94\x01" + pack(id) + b"\xc0\x82\xa1a\x01\xa1a\x02"]],
        "same key twice",
    ),
    "keys-of-numbers": Attack("stat", lambda id: [answer(id, {1: 2})], "key|malformed"),
    "extension": Attack(
        "stat", lambda id: [answer(id, {"x": msgpack.ExtType(5, b"")})], "extension"
    ),
    "no-utf8": Attack(
        "stat", lambda id: [[b"\x94\x01" + pack(id) + b"\xc0\x81\xa1\xff\x01"]], "malformed"
    ),
    "declared-but-not-there": Attack("stat", lambda id: [[b"\xdd\xff\xff\xff\xff"]], "malformed"),
    "three-frames": Attack("stat", lambda id: [[*answer(id, STAT), b"", b""]], "two frames"),
    "thousand-frames": Attack("stat", lambda id: [[b"x"] * 1000], "two frames"),
    "content-in-both-places": Attack(
        "get", lambda id: [one(1, id, None, {"size": 2}, b"ab", content=b"ab")], "second frame"
    ),
    # What is a message, but not now, or not for this call.
    "answer-to-another": Attack("stat", lambda id: [answer(id + 1, STAT)], "RESPONSE for call"),
    "answer-to-the-last": Attack("stat", lambda id: [answer(id - 1, STAT)], "RESPONSE for call"),
    "negative-id": Attack("stat", lambda id: [answer(-1, STAT)], "id must be"),
    "huge-id": Attack("stat", lambda id: [answer(2**64 - 1, STAT)], "id must be"),
    "fraction-of-an-id": Attack("stat", lambda id: [one(1, 0.5, None, STAT)], "id must be"),
    "start-of-a-stat": Attack("stat", lambda id: [one(7, id, NOTHING)], "START is not allowed"),
    "chunk-of-a-stat": Attack("stat", lambda id: [one(2, id, b"x")], "CHUNK is not allowed"),
    "credit-for-a-stat": Attack("stat", lambda id: [one(3, id, 5)], "CREDIT has no place"),
    "request": Attack("stat", lambda id: [one(0, id + 1, "Stat", {"path": "/a"})], "REQUEST is"),
    "end": Attack("stat", lambda id: [one(4, id)], "END is not allowed"),
    "cancel": Attack("stat", lambda id: [one(5, id)], "CANCEL is not allowed"),
    "close": Attack("stat", lambda id: [one(8)], "CLOSE is not allowed"),
    "attach-again": Attack("stat", lambda id: [one(6, "x", "0.1", 7)], "ATTACH is not allowed"),
    # Answers that lie, or make no sense.
    "nothing-in-it": Attack("stat", lambda id: [answer(id)], "is missing"),
    "list-for-a-map": Attack("stat", lambda id: [one(1, id, None, NO_LIST)], "result must be"),
    "negative-size": Attack("stat", stat_says(size=-1), "size must be"),
    "fraction-of-a-size": Attack("stat", stat_says(size=0.5), "size must be"),
    "infinite-size": Attack("stat", stat_says(size=float("inf")), "size must be"),
    "huge-size": Attack("stat", stat_says(size=2**63), "size must be"),
    "text-for-a-size": Attack("stat", stat_says(size="2"), "size must be"),
    "late-time": Attack("stat", stat_says(mod_time=[2**62, 0]), "years 1 to 9999"),
    "odd-time": Attack("stat", stat_says(mod_time=[0, -1]), "nanoseconds"),
    "number-for-a-flag": Attack("stat", stat_says(is_dir=1), "is_dir must be"),
    "content-of-a-stat": Attack("stat", lambda id: [answer(id, STAT, b"x")], "has no content"),
    "content-of-an-error": Attack(
        "stat", errors({"code": "NoSpace"}, None, b"x"), "an error has no content"
    ),
    "error-without-a-code": Attack("stat", errors({"message": "x"}), "must have a code"),
    "error-of-a-number": Attack("stat", errors({"code": 5}), "must have a code"),
    "error-that-is-none": Attack("stat", errors(5), "error must be"),
    # Reads.
    "chunk-before-start": Attack("read", lambda id: [one(2, id, b"ab")], "CHUNK is not allowed"),
    "start-twice": Attack("read", lambda id: started(id, *started(id)), "START is not allowed"),
    "start-of-another": Attack("read", lambda id: started(id + 1), "START for call"),
    "start-with-a-negative-size": Attack("read", lambda id: started(id, size=-1), "size must be"),
    "start-with-a-long-version": Attack(
        "read", lambda id: [one(7, id, {"version": bytes(65)})], "version must be"
    ),
    "empty-chunk": Attack("read", lambda id: started(id, one(2, id, b"")), "must have content"),
    "chunk-of-another": Attack("read", lambda id: started(id, one(2, id + 1, b"a")), "CHUNK for"),
    "chunk-after-all": Attack(
        "read", lambda id: started(id, *[one(2, id, b"ab")] * 100), "more than the 2 bytes"
    ),
    "credit-for-a-read": Attack("read", lambda id: started(id, one(3, id, 5)), "CREDIT is not"),
    "short-read": Attack("read", lambda id: started(id, answer(id, {"size": 0})), "START of 2"),
    "short-read-at-once": Attack("get", lambda id: [answer(id, {"size": 5}, b"ab")], "5 bytes"),
    "long-read-at-once": Attack("get", lambda id: [answer(id, {"size": 1}, b"ab")], "1 bytes"),
    "huge-size-of-a-read": Attack(
        "get", lambda id: started(id, answer(id, {"size": 2}), size=2**63 - 1), "START of"
    ),
    # Listings.
    "entries-out-of-order": Attack(
        "list", lambda id: entries(id, pack(["b"]) + pack(["a"]), 2), "out of order"
    ),
    "entry-twice": Attack("list", lambda id: entries(id, pack(["a"]) * 2, 2), "out of order"),
    "entry-cut": Attack(
        "list", lambda id: entries(id, pack(["abc"])[:-1], 1), "within an entry|malformed"
    ),
    "entry-of-a-number": Attack("list", lambda id: entries(id, pack([5]), 1), "must be a text"),
    "entry-that-is-none": Attack("list", lambda id: entries(id, pack(5), 1), "must be an array"),
    "entries-miscounted": Attack("list", lambda id: entries(id, pack(["a"]), 2), "2 entries"),
    "listing-of-garbage": Attack("list", lambda id: entries(id, b"\xc1", 1), "malformed"),
    "lone-listing-of-garbage": Attack(
        "list", lambda id: [answer(id, {"count": 1}, b"\xc1")], "malformed"
    ),
    "lone-listing-miscounted": Attack(
        "list", lambda id: [answer(id, {"count": 2}, pack(["a"]))], "2 entries"
    ),
    # Writes.
    "success-before-the-end": Attack(
        "write", lambda id: [answer(id, {"written": 0})], "before its END"
    ),
    "credit-of-nothing": Attack("write", lambda id: [one(3, id, 0)], "bytes must be"),
    "negative-credit": Attack("write", lambda id: [one(3, id, -5)], "bytes must be"),
    "fraction-of-a-credit": Attack("write", lambda id: [one(3, id, 0.5)], "bytes must be"),
    "text-for-a-credit": Attack("write", lambda id: [one(3, id, "5")], "bytes must be"),
    "credit-of-another": Attack("write", lambda id: [one(3, id + 1, 5)], "CREDIT for call"),
    "credit-overflow": Attack("write", lambda id: [one(3, id, 2**53)] * 2, "credit overflow"),
    "huge-credit": Attack("write", lambda id: [one(3, id, 2**64 - 1)], "bytes must be"),
    "start-of-a-write": Attack("write", lambda id: started(id), "START is not allowed"),
    "chunk-of-a-write": Attack("write", lambda id: [one(2, id, b"x")], "CHUNK is not allowed"),
    "miscounted": Attack("put", lambda id: [answer(id, {"written": 5})], "5 bytes of content"),
    "negative-count": Attack("put", lambda id: [answer(id, {"written": -1})], "written must be"),
}
"""By their names. What the host says is a regular expression."""


class Driver:
    """Serves one host, from one thread, by polling."""

    def __init__(self, parameters: dict[str, Any], token: str) -> None:
        self.parameters = parameters
        self.token = token
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.poller = zmq.Poller()
        self.control = self.attach(os.environ["STORAGEDRIVER_ENDPOINT"])
        self.chance = random.Random(parameters.get("seed"))

    def attach(self, endpoint: str, token: str | None = None) -> zmq.Socket[bytes]:
        socket = self.context.socket(zmq.PAIR)
        socket.setsockopt(zmq.RECONNECT_IVL, -1)
        socket.setsockopt(zmq.LINGER, 1000)
        # It never waits for its host: what is not taken stands in its own memory.
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.connect(endpoint)
        socket.send(pack([6, token or self.token, "0.1", os.getpid()]))
        self.poller.register(socket, zmq.POLLIN)
        self.poller.register(0, zmq.POLLIN)
        return socket

    def run(self) -> None:
        while True:
            for source, _ in self.poller.poll():
                if not isinstance(source, zmq.Socket):
                    os._exit(0)
                socket = cast("zmq.Socket[bytes]", source)
                request, *rest = socket.recv_multipart()
                self.take(socket, [*unpack(request), *rest])

    def take(self, socket: zmq.Socket[bytes], message: list[Any]) -> None:
        if message[0] == 8:
            self.poller.unregister(socket)
            socket.close()
        elif message[0] == 0:
            _, id, method, params, *_ = message
            answers = self.on_control if socket is self.control else self.on_call
            messages = answers(id, method, params)
            # The host may have closed the channel in their middle.
            with suppress(zmq.Again):
                for frames in messages:
                    socket.send_multipart(frames, zmq.DONTWAIT, copy=False)

    def on_control(self, id: int, method: str, params: dict[str, Any]) -> Messages:
        if method == "Hello":
            return [answer(id, {**HELLO, **self.parameters.get("hello", NOTHING)})]
        if method == "OpenChannel":
            return self.open_channel(id, params["endpoint"])
        return [answer(id, {"workers": NO_LIST})]

    def open_channel(self, id: int, endpoint: str) -> Messages:
        # One attack for each channel, then there is peace.
        attacks = self.parameters.get("channels", [])
        match attacks.pop(0) if attacks else None:
            case "refuse":
                return [one(1, id, {"code": "TooManyChannels", "fields": {"limit": 0}}, None)]
            case "garbage":
                return [[b"\xc1"]]
            case "wrong-token":
                self.attach(endpoint, "0" * 32)
            case "race":
                # Whoever of the two comes second is turned away.
                self.attach(endpoint)
                self.attach(endpoint)
            case "stranger-behind":
                self.attach(endpoint)
                self.attach(endpoint, "0" * 32)
            case "close-and-reopen":
                self.attach(endpoint).close()
                self.attach(endpoint)
            case _:
                self.attach(endpoint)
        return [answer(id)]

    def on_call(self, id: int, method: str, params: dict[str, Any]) -> Messages:
        path = params.get("path", "")
        if path.startswith("/attack/"):
            return ATTACKS[path.removeprefix("/attack/")].messages(id)
        match path:
            case "/random":
                return [*self.random_messages(id), [b"\xc1"]]
            case "/twice":
                return [answer(id, {**STAT, "path": path})] * 2
            case "/forged":
                return [one(1, id, {"code": "DriverCrashed", "fields": {"stderr": "a lie"}}, None)]
            case "/forged-late":
                error = {"code": "DriverCrashed", "fields": {"stderr": "a lie"}}
                return started(id, one(1, id, error, None), size=None)
            case "/flood":
                chunks = [one(2, id, content=CHUNK)] * FLOOD_CHUNKS
                return started(id, *chunks, answer(id, {"size": FLOOD_CHUNKS * MIB}), size=None)
            case "/cancel":
                return [one(7, id, NOTHING), *[one(2, id, b"x")] * 3000]
            case _:
                return self.proper(id, method, path)

    def proper(self, id: int, method: str, path: str) -> Messages:
        match method:
            case "Stat":
                return [answer(id, {**STAT, "path": path})]
            case "GetContent" | "ReadStream":
                return [answer(id, {"size": 2}, b"ab")]
            case "List":
                return [answer(id, {"count": 1}, pack(["a"]))]
            case _:
                return [answer(id, {"written": 2, "size": 2})]

    def random_messages(self, id: int) -> Messages:
        chance = self.chance
        names = sorted(ATTACKS)
        messages: list[Frames] = []
        for _ in range(chance.randrange(4)):
            frames = list(chance.choice(ATTACKS[chance.choice(names)].messages(id)))
            if chance.random() < 0.7 and frames[0]:
                broken = bytearray(frames[0])
                for _ in range(chance.randrange(1, 4)):
                    broken[chance.randrange(len(broken))] = chance.randrange(256)
                frames[0] = bytes(broken)
            if chance.random() < 0.2:
                frames[0] = chance.randbytes(chance.randrange(100))
            if chance.random() < 0.1:
                frames.append(chance.randbytes(chance.randrange(100)))
            messages.append(frames)
        return messages


HELLO: dict[str, object] = {
    "version": "0.1",
    "name": "hostile",
    "features": [],
    "max_channels": 8,
    "write_credit": 4 * MIB,
    "max_chunk": MIB,
}


def main() -> None:
    token = json.loads(sys.stdin.readline())["token"]
    Driver(json.loads(sys.argv[1]), token).run()


if __name__ == "__main__":
    main()
