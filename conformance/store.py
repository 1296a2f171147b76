"""Store: what a case is given to work with."""

from __future__ import annotations

import io
import random
import string
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from storagedriver.conformance.checking import (
    CaseFailedError,
    require,
    require_content,
    require_equal,
)
from storagedriver.conformance.outcomes import Outcome, Plain, of_content, of_error, of_fields
from storagedriver.conformance.recording import RecordingDriver
from storagedriver.contract import ReadStream, StorageDriver, StorageDriverError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_LETTERS = string.ascii_lowercase + string.digits
_SEPARATORS = "._-"

Parameters = ParamSpec("Parameters")
Failure = TypeVar("Failure", bound=StorageDriverError)
Size = TypeVar("Size")


class Store:
    """One case's view of the store under test, which is empty when the case begins.

    A case need not clean up: what it leaves is deleted after it. To be made in the thread that runs
    the case.
    """

    def __init__(
        self,
        driver: StorageDriver,
        make_driver: Callable[[], StorageDriver],
        *,
        seed: str,
        full: bool,
        outcomes: list[Outcome],
    ) -> None:
        self.driver: StorageDriver = RecordingDriver(driver, outcomes)
        """The driver. What it answers to the case's own thread is recorded."""
        self.unrecorded = driver
        """The same driver, for calls whose answers are not the same in every run."""
        self.another_driver = make_driver
        """Makes another driver of the same store. The case closes it."""
        self.random = random.Random(seed)
        self.full = full
        self._outcomes = outcomes

    def pick(self, *, quick: Size, full: Size) -> Size:
        """Return the one for this run."""
        return full if self.full else quick

    def path(self, *, depth: int = 2) -> str:
        """Return a random legal path of `depth` components, which no other call has returned."""
        return "".join("/" + self.component() for _ in range(depth))

    def component(self) -> str:
        """Return a random legal component of a path."""
        words = [
            "".join(self.random.choices(_LETTERS, k=self.random.randint(4, 8))) for _ in range(2)
        ]
        return self.random.choice(_SEPARATORS).join(words)

    def content(self, size_bytes: int) -> bytes:
        """Return random bytes."""
        return self.random.randbytes(size_bytes)

    def record(self, step: str, answer: Plain) -> None:
        """Add to what the run is compared by with other runs."""
        self._outcomes.append(Outcome(step, answer))

    def read(self, path: str, offset: int = 0) -> bytes:
        """Return what a stream gives from `offset` to the end, and record it."""
        with self.driver.read_stream(path, offset) as stream:
            content = stream.read()
        self.record(f"read of {path} from {offset}", of_content(content))
        return content

    def write(self, path: str, offset: int, data: bytes) -> None:
        """Write `data` as a stream. Raises CaseFailedError unless all of it is reported written."""
        written = self.driver.write_stream(path, offset, io.BytesIO(data))
        require_equal(written, len(data), f"bytes written to {path} at {offset}")

    def check_content(self, path: str, expected: bytes) -> None:
        """Raises CaseFailedError unless all ways to the content at `path` agree on `expected`."""
        require_content(self.driver.get_content(path), expected, f"get_content({path})")
        require_content(self.read(path), expected, f"read_stream({path})")
        require_equal(self.driver.stat(path).size, len(expected), f"size of {path}")

    def check_missing(self, path: str) -> None:
        """Raises CaseFailedError unless nothing is at `path`, as far as one can see."""
        for call in (self.driver.get_content, self.driver.read_stream, self.driver.stat):
            error = failure_of(call, path)
            require(
                type(error).__name__ in {"PathNotFoundError", "NotADirectoryError"},
                f"{_described(call, path)} should find nothing, but: {error!r}",
            )

    def check_listing(self, path: str, expected: list[str]) -> None:
        """Raises CaseFailedError unless `list` gives exactly `expected`, in order."""
        require_equal(self.driver.list(path), expected, f"list({path})")

    def check_walk(self, expected: list[str], path: str = "/", after: str | None = None) -> None:
        """Raises CaseFailedError unless `walk` gives exactly the paths `expected`, in order."""
        found = [info.path for info in self.driver.walk(path, after)]
        require_equal(found, expected, f"walk({path}, start_after={after})")

    def expect(
        self,
        expected: Failure,
        call: Callable[Parameters, object],
        *args: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Failure:
        """Make the call, which must fail as `expected` says, and return the error.

        Expected are exactly its class, its code, its fields, its `temporary` and the beginning of
        its message, and that the error names the driver.
        """
        error = failure_of(call, *args, **named)
        what = _described(call, *args)
        # The class itself: IsADirectory instead of PathNotFound would be another answer.
        if error is None or type(error) is not type(expected):
            text = f"{what} should raise {type(expected).__name__}, but: {error!r}"
            raise CaseFailedError(text) from error
        self._compare(error, expected, what)
        return error

    def expect_class(
        self,
        expected: type[Exception],
        call: Callable[Parameters, object],
        *args: Parameters.args,
        **named: Parameters.kwargs,
    ) -> None:
        """Make the call, which must fail with one of Python's own errors."""
        error = failure_of(call, *args, **named)
        what = _described(call, *args)
        self.record(what, None if error is None else of_error(error))
        if not isinstance(error, expected):
            raise CaseFailedError(f"{what} should raise {expected.__name__}, but: {error!r}")

    def _compare(self, error: StorageDriverError, expected: StorageDriverError, what: str) -> None:
        require_equal(of_fields(error), of_fields(expected), f"fields of the error of {what}")
        require_equal(error.code, expected.code, f"code of the error of {what}")
        require_equal(error.temporary, expected.temporary, f"temporary of the error of {what}")
        require(
            error.message.startswith(expected.message),
            f"the message of the error of {what} should begin {expected.message!r}:"
            f" {error.message!r}",
        )
        require_equal(error.driver, self.driver.name, f"driver of the error of {what}")


def _described(call: Callable[..., object], *args: object) -> str:
    # Plain values as they are; the text of an object may hold its address, which always differs.
    shown = (
        repr(arg) if isinstance(arg, str | bytes | int | None) else type(arg).__name__
        for arg in args
    )
    return f"{getattr(call, '__name__', 'call')}({', '.join(shown)})"


def failure_of(
    call: Callable[Parameters, object], *args: Parameters.args, **named: Parameters.kwargs
) -> Exception | None:
    """Return what the call raised, or None. A stream that it opened all the same is closed."""
    try:
        result = call(*args, **named)
    except Exception as error:  # noqa: BLE001 - that it is the right one is for the caller to see
        return error
    if isinstance(result, ReadStream):
        result.close()
    return None
