"""Makes the calls of one thread of a soak: tells how each has ended, counts it, remembers it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final, Generic, TypeVar

from storagedriver.benchmarks.soak.stories import Stories, ViolationError
from storagedriver.benchmarks.soak.tally import Tally
from storagedriver.contract import (
    CancelledError,
    DriverCrashedError,
    DriverTimeoutError,
    OutcomeUnknownError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
    ThrottledError,
    TooManyChannelsError,
)
from storagedriver.ipc.sending import CANCEL_SECONDS

Result = TypeVar("Result")

# OutcomeUnknownError is not among them: what one thread alone changes can always be found out.
_UNKNOWN: Final = (DriverCrashedError, DriverTimeoutError, CancelledError)
_REFUSED: Final = (ThrottledError, TooManyChannelsError)

MAX_TRIES: Final = 400
"""Nobody may be kept out of the store for so many calls in a row, which are 20 seconds at least."""

# A killed process is replaced within seconds; on a machine that stands still it may take longer.
_NEXT_PROCESS_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05


class ReaderError(Exception):
    """What a reader of a soak raises in the middle of a write."""


@dataclass(frozen=True, slots=True)
class Attempt(Generic[Result]):
    """How a call has ended."""

    value: Result | None = None
    error: Exception | None = None

    @property
    def succeeded(self) -> bool:
        return self.error is None

    @property
    def may_have_happened(self) -> bool:
        """Whether the outcome is not known."""
        return isinstance(self.error, (*_UNKNOWN, OutcomeUnknownError, ReaderError))


class Calls:
    """For one thread.

    Attributes:
        driver: what is called.
        stories: what has happened to each path.
    """

    def __init__(
        self,
        driver: StorageDriver,
        tally: Tally,
        stories: Stories,
        *,
        generation: Callable[[], int],
        pause_seconds: float = _LOOK_SECONDS,
    ) -> None:
        """`generation` tells which process of the driver is the current one, as a number.

        After a crash the next call waits for `pause_seconds`: the next start may be further away,
        and until then a crash is all that calls raise.
        """
        self.driver = driver
        self.stories = stories
        self.current = ""
        """What is being called, for whoever finds that it does not return."""
        self._tally = tally
        self._generation = generation
        self._pause_seconds = pause_seconds

    def attempt(
        self,
        kind: str,
        path: str,
        call: Callable[[], Result],
        *,
        expected: tuple[type[StorageDriverError], ...] = (),
        note: str = "",
    ) -> Attempt[Result]:
        """Make a call; return how it has ended.

        After an unknown outcome the process that may still be at it is gone. Raises ViolationError
        for an error that is neither `expected` nor due to a crash.
        """
        began = monotonic()
        self.current = f"{kind} {path} {note}"
        ends: tuple[type[Exception], ...] = (*_UNKNOWN, *_REFUSED, *expected, ReaderError)
        attempt: Attempt[Result]
        try:
            attempt = Attempt(value=call())
        except ends as error:
            attempt = Attempt(error=error)
        except ViolationError:
            raise
        except Exception as error:
            self._tell(kind, path, note, began, "unexpected")
            raise self.stories.violation(path, f"{kind} raised {error!r}") from error
        if attempt.error is None or isinstance(attempt.error, expected):
            self._tally.succeeded()
        self._tell(kind, path, note, began, _name(attempt.error))
        if _may_still_run(attempt.error, monotonic() - began):
            self._wait_for_next_process()
        elif isinstance(attempt.error, DriverCrashedError):
            sleep(self._pause_seconds)
        self.current = ""
        return attempt

    def look(self, path: str) -> bytes | None:
        """Return what is there, None if nothing is, however often it takes to be told."""
        for _ in range(MAX_TRIES):
            attempt = self.attempt(
                "look", path, lambda: self.driver.get_content(path), expected=(PathNotFoundError,)
            )
            if attempt.succeeded:
                return attempt.value
            if isinstance(attempt.error, PathNotFoundError):
                return None
        raise self.stories.violation(path, f"could not be read in {MAX_TRIES} attempts")

    def _tell(self, kind: str, path: str, note: str, began: float, outcome: str) -> None:
        self._tally.count(kind, outcome)
        took = (monotonic() - began) * 1000
        self.stories.tell(
            path, f"{kind} {note}: {outcome}, {took:.0f} ms, process {self._generation()}"
        )

    def _wait_for_next_process(self) -> None:
        generation = self._generation()
        deadline = monotonic() + _NEXT_PROCESS_SECONDS
        while self._generation() == generation and monotonic() < deadline:
            # Somebody has to call, or nothing is started.
            with suppress(StorageDriverError):
                self.driver.stat("/")
                self._tally.succeeded()
            sleep(_LOOK_SECONDS)


def _may_still_run(error: Exception | None, seconds: float) -> bool:
    """Whether the driver's process may live and do late what it was asked."""
    return isinstance(error, DriverTimeoutError) or (
        # Then the answer to a cancel has been given up, too.
        isinstance(error, ReaderError) and seconds >= CANCEL_SECONDS
    )


def _name(error: Exception | None) -> str:
    if error is None:
        return "ok"
    return error.code if isinstance(error, StorageDriverError) else type(error).__name__
