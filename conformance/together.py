"""Calls that run at the same time, and conditions that come true in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from storagedriver.conformance.checking import CaseFailedError

PATIENCE_SECONDS = 30.0
"""How long a case waits for something that should happen at once: many times what a slow backend
takes, and still short of what anybody would sit through."""

_POLL_SECONDS = 0.01

Result = TypeVar("Result")


class NotEndedError(CaseFailedError):
    """A call is still running when it should have ended long ago."""


class Background(Generic[Result]):
    """A call in a thread of its own, begun at once.

    The thread is a daemon: a driver that hangs must not keep the interpreter from ending.
    """

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="conformance", daemon=True)
        self._thread.start()

    def result(self, *, timeout_seconds: float = PATIENCE_SECONDS) -> Result:
        """Wait for the call and return what it returned, or raise what it raised.

        Raises NotEndedError if it has not ended in time.
        """
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            raise NotEndedError(f"a call has not ended within {timeout_seconds:g} s")
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001 - it is raised again in `result`
            self._error = error


def run_together(
    calls: Sequence[Callable[[], Result]], *, timeout_seconds: float = PATIENCE_SECONDS
) -> list[Result]:
    """Start all calls at the same moment and return their results in order.

    Raises what the first of them that failed raised, once all have ended or the time is over.
    """
    barrier = threading.Barrier(len(calls))

    def begin(call: Callable[[], Result]) -> Result:
        barrier.wait(PATIENCE_SECONDS)
        return call()

    deadline = time.monotonic() + timeout_seconds
    running = [Background(partial(begin, call)) for call in calls]
    results: list[Result] = []
    errors: list[BaseException] = []
    for each in running:
        try:
            results.append(each.result(timeout_seconds=max(0.0, deadline - time.monotonic())))
        except BaseException as error:  # noqa: BLE001 - the others are waited for first
            errors.append(error)
    if errors:
        raise errors[0]
    return results


def poll_until(
    condition: Callable[[], bool], what: str, *, timeout_seconds: float = PATIENCE_SECONDS
) -> None:
    """Return once `condition` holds. Raises CaseFailedError saying `what` if it never does."""
    deadline = time.monotonic() + timeout_seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise CaseFailedError(f"not within {timeout_seconds:g} s: {what}")
        pause.wait(_POLL_SECONDS)
