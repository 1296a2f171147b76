"""A driver for tests, run as a program: one that is hard to end, with children that are, too.

As parameters it takes {"family": [...], "ways": [...]}; each member and each way is a branch below.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from typing import cast

from storagedriver.contract import ReadStream, StorageDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import serve

CHUNK = bytes(64 * 1024)
FOREVER = ["sleep", "1000"]


class EndlessStream(ReadStream):
    def readinto1(self, buffer: object, /) -> int:
        raise NotImplementedError

    def read1(self, size: int = -1, /) -> bytes:
        return CHUNK[:size]


class StubbornDriver(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        match path:
            case "/block":
                threading.Event().wait()
            case "/lock":
                # PyDLL, other than CDLL, keeps the interpreter's lock: no other thread can run.
                ctypes.PyDLL(None).sleep(1000)
            case _:
                pass
        return super().get_content(path)

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return EndlessStream() if path == "/endless" else super().read_stream(path, offset)


def member(kind: str) -> int:
    """Start a process of this kind and return its number."""
    match kind:
        case "child":
            return subprocess.Popen(FOREVER).pid
        case "copy":
            # It has all that the driver has open: its outputs, its sockets, the lifeline.
            return os.fork() or stay()
        case "session":
            return subprocess.Popen(FOREVER, start_new_session=True).pid
        case "bare":
            return subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True, env={}).pid
        case "daemon":
            return daemon()
        case _:
            raise ValueError(kind)


def stay() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


def daemon() -> int:
    """Fork twice, as daemons do, so that its parent is the init process."""
    answer, tell = os.pipe()
    if not (between := os.fork()):
        os.setsid()
        if not os.fork():
            os.write(tell, f"{os.getpid()}".encode())
            os.execvp(FOREVER[0], FOREVER)
        os._exit(0)
    os.waitpid(between, 0)
    pid = int(os.read(answer, 20))
    os.close(answer)
    os.close(tell)
    return pid


def flood(descriptor: int) -> None:
    while True:
        os.write(descriptor, CHUNK)


def misbehave(way: str) -> None:
    match way:
        case "ignore-signals":
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGIO):
                signal.signal(number, signal.SIG_IGN)
        case "flood":
            for descriptor in (1, 2):
                threading.Thread(target=flood, args=(descriptor,), daemon=True).start()
        case "hang-in-hello":
            threading.Event().wait()
        case "lock-in-hello":
            ctypes.PyDLL(None).sleep(1000)
        case _:
            raise ValueError(way)


def make(parameters: Mapping[str, object]) -> StorageDriver:
    driver = StubbornDriver()
    family = [member(kind) for kind in cast("list[str]", parameters.get("family", []))]
    driver.put_content("/family", " ".join(map(str, family)).encode())
    print("made", flush=True)
    for way in cast("list[str]", parameters.get("ways", [])):
        misbehave(way)
    return driver


if __name__ == "__main__":
    serve(make, name="stubborn")
