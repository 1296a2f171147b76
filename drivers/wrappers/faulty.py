"""Faulty: a driver in the host whose calls go wrong at the calls that a plan chooses.

For tests of what stands on a driver: an error before or after a call was really made, a stream that
breaks or stalls after so many bytes, a driver process that is killed or stopped at that moment. The
same plan strikes the same calls: it is asked with the number of each call, and a random plan draws
by that number alone, whichever thread comes first.

What a driver itself does wrong, on its side of the wire, is `drivers.misbehaving`.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NoReturn, TypeGuard, TypeVar

from storagedriver.contract.driver import Paths, StorageDriver
from storagedriver.contract.fileinfo import FileInfo
from storagedriver.contract.streams import Piece, Reader, ReadStream
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.ipc.pidfd import PidFd

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

Result = TypeVar("Result")


class Moment(Enum):
    """When a fault happens in a call."""

    BEFORE = "before"
    """The driver does not hear of the call, if the fault raises."""
    CONTENT = "content"
    """So many bytes have passed through the reader of a write, or the stream of a read. A call that
    has neither goes well."""
    AFTER = "after"
    """The driver has done it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as a plan is asked about it."""

    number: int
    """Counted from 1 over all calls of one Faulty, those of its uploads included."""
    method: str
    """As in the contract: "put_content"; of an upload "upload.write", "upload.commit" ..."""
    path: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in one call."""

    moment: Moment
    act: Callable[[], object]
    """Does it: raises what the call shall raise, or returns, and the call goes on."""
    after_bytes: int = 0
    """At the moment CONTENT."""


Plan = Callable[[Call], Fault | None]


def at_calls(numbers: Collection[int], fault: Fault, *, methods: Collection[str] = ()) -> Plan:
    """Return a plan for the calls with these numbers, if they are of these methods (or any)."""

    def plan(call: Call) -> Fault | None:
        is_meant = call.number in numbers and (not methods or call.method in methods)
        return fault if is_meant else None

    return plan


def at_random(seed: str, *, chance: float, faults: Sequence[Fault]) -> Plan:
    """Return a plan that strikes each call with this probability, by one of the faults."""

    def plan(call: Call) -> Fault | None:
        drawn = random.Random(f"{seed} {call.number}")
        return drawn.choice(faults) if drawn.random() < chance else None

    return plan


def raising(make_error: Callable[[], Exception]) -> Callable[[], NoReturn]:
    """Raise a new error each time."""

    def act() -> NoReturn:
        raise make_error()

    return act


def waiting(seconds: float) -> Callable[[], None]:
    """Wait, then go on."""
    return lambda: time.sleep(seconds)


def killing(pid: Callable[[], int], *, after_seconds: float = 0.0) -> Callable[[], None]:
    """Kill the process that `pid` tells, at once or in the middle of what follows."""
    return lambda: _send(pid(), signal.SIGKILL, after_seconds)


def stopping(pid: Callable[[], int], *, seconds: float) -> Callable[[], None]:
    """Stop the process that `pid` tells, and let it go on after so many seconds."""

    def act() -> None:
        process = pid()
        _send(process, signal.SIGSTOP, 0.0)
        _send(process, signal.SIGCONT, seconds)

    return act


class Faulty(StorageDriver):
    """Passes all calls on to `driver`, except for what `plan` wants.

    Owns `driver`: closes it. As safe to share between threads as the driver is; a plan is asked by
    the threads of the calls.
    """

    def __init__(self, driver: StorageDriver, plan: Plan) -> None:
        self.name = driver.name
        self.features = driver.features
        self._driver = driver
        self._strikes = _Strikes(plan)

    @property
    def calls(self) -> int:
        """How many calls there were so far."""
        return self._strikes.calls

    def get_content(self, path: str) -> bytes:
        return self._strike("get_content", path, lambda: self._driver.get_content(path))

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._strike("put_content", path, lambda: self._driver.put_content(path, content))

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        fault = self._strikes.next("read_stream", path)
        stream = _struck(fault, lambda: self._driver.read_stream(path, offset))
        return _FaultyStream(stream, fault) if _is_in_content(fault) else stream

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        fault = self._strikes.next("write_stream", path)
        given = _FaultyReader(reader, fault) if _is_in_content(fault) else reader
        return _struck(fault, lambda: self._driver.write_stream(path, offset, given))

    def stat(self, path: str) -> FileInfo:
        return self._strike("stat", path, lambda: self._driver.stat(path))

    def list(self, path: str) -> Paths:
        return self._strike("list", path, lambda: self._driver.list(path))

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        return self._strike("walk", path, lambda: self._driver.walk(path, start_after))

    def resume_write_position(self, path: str) -> int:
        return self._strike(
            "resume_write_position", path, lambda: self._driver.resume_write_position(path)
        )

    def move(self, source: str, destination: str) -> None:
        self._strike("move", source, lambda: self._driver.move(source, destination))

    def delete(self, path: str) -> None:
        self._strike("delete", path, lambda: self._driver.delete(path))

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        return self._strike("url_for", path, lambda: self._driver.url_for(path, options))

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        upload = self._strike("writer", path, lambda: self._driver.writer(path, resume=resume))
        return _FaultyUpload(upload, path, self._strikes)

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        return self._strike("uploads", prefix, lambda: self._driver.uploads(prefix))

    def close(self) -> None:
        self._driver.close()

    def _strike(self, method: str, path: str, call: Callable[[], Result]) -> Result:
        return self._strikes.strike(method, path, call)


class _Strikes:
    """Numbers the calls of one driver, and asks the plan about each."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self.calls = 0

    def next(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.calls += 1
            number = self.calls
        return self._plan(Call(number, method, path))

    def strike(self, method: str, path: str, call: Callable[[], Result]) -> Result:
        return _struck(self.next(method, path), call)


def _struck(fault: Fault | None, call: Callable[[], Result]) -> Result:
    if fault is not None and fault.moment is Moment.BEFORE:
        fault.act()
    result = call()
    if fault is not None and fault.moment is Moment.AFTER:
        try:
            fault.act()
        except BaseException:
            # Nobody will ever see it.
            if isinstance(result, ReadStream | UploadWriter):
                result.close()
            raise
    return result


def _is_in_content(fault: Fault | None) -> TypeGuard[Fault]:
    return fault is not None and fault.moment is Moment.CONTENT


class _Countdown:
    """Lets a fault happen once so many bytes have passed."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._left: int | None = fault.after_bytes

    def limit(self, size: int) -> int:
        """Return how many of `size` bytes may be asked for now; the fault may happen first."""
        if self._left == 0:
            self._left = None
            self._fault.act()
        return size if self._left is None else min(size, self._left)

    def passed(self, size: int) -> None:
        if self._left is not None:
            self._left -= size


class _FaultyReader:
    """A reader of the caller's, which breaks after some bytes. It cannot seek back."""

    def __init__(self, reader: Reader, fault: Fault) -> None:
        self._reader = reader
        self._countdown = _Countdown(fault)

    def read(self, size: int, /) -> Piece:
        piece = self._reader.read(self._countdown.limit(size))
        self._countdown.passed(len(piece))
        return piece


class _FaultyStream(ReadStream):
    def __init__(self, stream: ReadStream, fault: Fault) -> None:
        self._stream = stream
        self._countdown = _Countdown(fault)
        self.size = stream.size
        self.version = stream.version

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        self.check_open()
        view = memoryview(buffer).cast("B")
        count = self._stream.readinto1(view[: self._countdown.limit(len(view))])
        self._countdown.passed(count)
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _FaultyUpload(UploadWriter):
    def __init__(self, upload: UploadWriter, path: str, strikes: _Strikes) -> None:
        self._upload = upload
        self._path = path
        self._strikes = strikes

    @property
    def upload_id(self) -> str:
        return self._upload.upload_id

    @property
    def size(self) -> int:
        return self._upload.size

    def write(self, content: ReadableBuffer) -> int:
        return self._strike("upload.write", lambda: self._upload.write(content))

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self._strike("upload.commit", lambda: self._upload.commit(size=size, digest=digest))

    def cancel(self) -> None:
        self._strike("upload.cancel", self._upload.cancel)

    def close(self) -> None:
        self._strike("upload.close", self._upload.close)

    def _strike(self, method: str, call: Callable[[], Result]) -> Result:
        return self._strikes.strike(method, self._path, call)


def _send(pid: int, number: signal.Signals, after_seconds: float) -> None:
    # Who has ended meanwhile is not missed, and nobody else is taken for it: a pid is used again.
    with suppress(ProcessLookupError):
        process = PidFd(pid)
        if after_seconds:
            timer = threading.Timer(after_seconds, process.signal, args=(number,))
            timer.daemon = True
            timer.start()
        else:
            process.signal(number)
