"""A connection for each thread, made when it is first used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerThread(Generic[T]):
    """Any thread may call `get`. One closes all, when no other uses them any more."""

    def __init__(self, connect: Callable[[], T], close: Callable[[T], object]) -> None:
        self._connect = connect
        self._close = close
        self._local = threading.local()
        self._all: list[T] = []

    def get(self) -> T:
        """Return the connection of the calling thread."""
        try:
            found: T = self._local.connection
        except AttributeError:
            found = self._local.connection = self._connect()
            self._all.append(found)
        return found

    def close(self) -> None:
        """Close all connections. Those that are got later are new ones."""
        self._local = threading.local()
        while self._all:
            self._close(self._all.pop())
