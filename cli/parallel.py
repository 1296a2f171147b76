"""Work on many objects in a few threads, never far ahead of what is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self


class StoppedError(Exception):
    """The command ends early, and this work with it."""


class Pool:
    """A context manager, which at the end waits for all work, or after an exception for none.

    What work raises is for nobody to handle, so it ends the whole: it is raised by the next call
    here.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, "storagedriver-objects")
        # As much again may wait, so that no thread is idle while the next work is looked for.
        self._room = threading.Semaphore(2 * threads)
        self._stopping = threading.Event()
        self._error: BaseException | None = None

    def submit(self, work: Callable[[], object]) -> None:
        """Have `work` done; waits while there is too much of it."""
        self._room.acquire()
        self.check()
        self._executor.submit(self._do, work)

    @property
    def is_stopping(self) -> bool:
        """Whether what work raises from now on comes of the end."""
        return self._stopping.is_set()

    def check(self) -> None:
        """To be called often by long work. Raises StoppedError if it is to end."""
        if self._error is not None and not isinstance(self._error, StoppedError):
            raise self._error
        if self._stopping.is_set():
            raise StoppedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._executor.shutdown(wait=error is None, cancel_futures=error is not None)
        finally:
            # Also when waiting was interrupted. A thread in a call gets on once its driver closes.
            self._stopping.set()
            self._executor.shutdown(wait=False, cancel_futures=True)
        if error is None and self._error is not None:
            raise self._error

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised where the pool is used
            if self._error is None and not self._stopping.is_set():
                self._error = error
        finally:
            self._room.release()
