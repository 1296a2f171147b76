"""A program that breaks the start of a driver in the way its first argument says. For tests.

It speaks the wire by itself, with no part of the project, so that it can do what that would not.
"""

from __future__ import annotations

import json
import os
import sys
import time

import msgpack
import zmq


def main() -> None:
    way = sys.argv[1]
    if way.startswith("exit"):
        print("no storage today", file=sys.stderr, flush=True)
        sys.exit(int(way.removeprefix("exit")))
    if way == "kill":
        os.kill(os.getpid(), 9)
    if way == "sleep":
        time.sleep(1000)
    if way == "deaf":
        os.close(0)
        time.sleep(1000)
    token = json.loads(sys.stdin.readline())["token"]
    socket = zmq.Context().socket(zmq.PAIR)
    socket.connect(os.environ["STORAGEDRIVER_ENDPOINT"])
    match way:
        case "silent":
            pass
        case "wrong-token":
            socket.send(msgpack.packb([6, "0" * 32, "0.1", os.getpid()]))
        case "garbage":
            socket.send(b"GET / HTTP/1.0\r\n\r\n")
        case "hello-first":
            socket.send(msgpack.packb([0, 1, "Hello", {}]))
        case "no-hello":
            socket.send(msgpack.packb([6, token, "0.1", os.getpid()]))
        case _ if way.startswith("version-"):
            socket.send(msgpack.packb([6, token, way.removeprefix("version-"), os.getpid()]))
        case _ if way.startswith("hello-"):
            socket.send(msgpack.packb([6, token, "0.1", os.getpid()]))
            request = msgpack.unpackb(socket.recv())
            result = json.loads(way.removeprefix("hello-"))
            socket.send(msgpack.packb([1, request[1], None, result]))
        case _:
            sys.exit(f"there is no {way}")
    sys.stdin.read()


if __name__ == "__main__":
    main()
