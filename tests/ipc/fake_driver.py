"""A program that breaks the start of a driver in the way its first argument says. For tests.

It speaks the wire by itself, with no part of the project, so that it can do what that would not.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own
import zmq

pack = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]
unpack = cast("Callable[[bytes], list[object]]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]


def flood() -> None:
    """Write for ever: lines without end, bytes that are no text, both streams."""
    while True:
        os.write(1, b"x" * 1_000_000)
        os.write(2, bytes(range(256)) * 4000 + b"\n")


def main() -> None:
    way = sys.argv[1]
    if way.startswith("exit"):
        print("no storage today", file=sys.stderr, flush=True)
        sys.exit(int(way.removeprefix("exit")))
    if way == "kill":
        os.kill(os.getpid(), 9)
    if way == "sleep":
        time.sleep(1000)
    if way == "flood":
        flood()
    if way == "deaf":
        os.close(0)
        time.sleep(1000)
    token: object = json.loads(sys.stdin.readline())["token"]
    socket = zmq.Context().socket(zmq.PAIR)
    socket.connect(os.environ["STORAGEDRIVER_ENDPOINT"])
    match way:
        case "silent":
            pass
        case "wrong-token":
            socket.send(pack([6, "0" * 32, "0.1", os.getpid()]))
        case "garbage":
            socket.send(b"GET / HTTP/1.0\r\n\r\n")
        case "hello-first":
            socket.send(pack([0, 1, "Hello", dict[str, object]()]))
        case "stranger":
            # Another process of the same user was quicker, and goes again.
            socket.send(pack([6, "stranger", "0.1", os.getpid()]))
            socket.close(linger=1000)
        case "no-hello":
            socket.send(pack([6, token, "0.1", os.getpid()]))
        case _ if way.startswith("version-"):
            socket.send(pack([6, token, way.removeprefix("version-"), os.getpid()]))
        case _ if way.startswith("hello-"):
            socket.send(pack([6, token, "0.1", os.getpid()]))
            request = unpack(socket.recv())
            result = json.loads(way.removeprefix("hello-"))
            socket.send(pack([1, request[1], None, result]))
        case _:
            sys.exit(f"there is no {way}")
    sys.stdin.read()


if __name__ == "__main__":
    main()
