"""A driver for tests, run as a program: in memory, and odd in a way that it is asked for.

As parameters it takes {"oddity": ...}; each oddity is a branch below.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping

from storagedriver.contract import Reader, ReadStream, StorageDriver
from storagedriver.contract.errors import InvalidParametersError
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import serve

CHUNK = bytes(64 * 1024)


class EndlessStream(ReadStream):
    def readinto1(self, buffer: object, /) -> int:
        raise NotImplementedError

    def read1(self, size: int = -1, /) -> bytes:
        return CHUNK[:size]


class OddDriver(InMemoryDriver):
    """Answers as InMemoryDriver does, but for paths that begin with the name of an oddity."""

    def get_content(self, path: str) -> bytes:
        match path:
            case "/block":
                threading.Event().wait()
            case "/exit":
                print("last words", file=sys.stderr, flush=True)
                os._exit(3)
            case "/stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "/fail":
                raise RuntimeError("an odd failure")
            case "/environment":
                return "\n".join(sorted(os.environ)).encode()
            case _:
                pass
        return super().get_content(path)

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return EndlessStream() if path == "/endless" else super().read_stream(path, offset)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        if path == "/block":
            reader.read(1)
            threading.Event().wait()
        return super().write_stream(path, offset, reader)


def flood(descriptor: int) -> None:
    while True:
        os.write(descriptor, CHUNK)


def make(parameters: Mapping[str, object]) -> StorageDriver:
    match parameters.get("oddity"):
        case None:
            pass
        case "refuse":
            raise InvalidParametersError("odd", "oddity", "refused")
        case "fail":
            raise RuntimeError("an odd start")
        case "exit-in-hello":
            os._exit(4)
        case "hang-in-hello":
            threading.Event().wait()
        case "ignore-sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "noisy":
            print("x" * 1_000_000, flush=True)
            os.write(2, bytes(range(256)) * 4000)
            os.write(1, b"no newline at the end")
        case "flood":
            for descriptor in (1, 2):
                threading.Thread(target=flood, args=(descriptor,), daemon=True).start()
        case "grandchild":
            subprocess.Popen(["sleep", "1000"])
        case odd:
            raise InvalidParametersError("odd", "oddity", f"there is no {odd!r}")
    return OddDriver()


def main() -> None:
    serve(make, name="odd", features=OddDriver.features)


if __name__ == "__main__":
    main()
