"""A storage driver as a subject, wherever it runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

from storagedriver.contract import PathNotFoundError, Piece, Reader, StorageDriver
from storagedriver.ipc.client import IPCStorageDriver


class DriverSubject:
    """See `subject.Subject`. Its objects stand in one directory, which it deletes when it stops."""

    def __init__(self, name: str, open_driver: Callable[[], StorageDriver]) -> None:
        """`open_driver` makes or starts the driver, anew for each start of the subject."""
        self._name = name
        self._open_driver = open_driver
        # Random, so that it is nobody's: the store may be in use.
        self._directory = f"/storagedriver-benchmark-{os.urandom(8).hex()}"
        self._stopping = ExitStack()
        self._driver: StorageDriver

    @property
    def name(self) -> str:
        return self._name

    @property
    def child_pid(self) -> int | None:
        return self._driver.pid if isinstance(self._driver, IPCStorageDriver) else None

    @property
    def most_calls(self) -> int | None:
        return self._driver.max_channels if isinstance(self._driver, IPCStorageDriver) else None

    def start(self) -> None:
        self._driver = self._stopping.enter_context(self._open_driver())
        self._stopping.callback(self._remove)
        self._driver.stat("/")

    def stop(self) -> None:
        self._stopping.close()

    def stat(self, key: str) -> int:
        return self._driver.stat(self._directory + key).size

    def get(self, key: str) -> Piece:
        return self._driver.get_content(self._directory + key)

    def put(self, key: str, content: bytes) -> None:
        self._driver.put_content(self._directory + key, content)

    def read_stream(self, key: str) -> Iterator[Piece]:
        with self._driver.read_stream(self._directory + key) as stream:
            yield from stream

    def write_stream(self, key: str, reader: Reader) -> int:
        return self._driver.write_stream(self._directory + key, 0, reader)

    def _remove(self) -> None:
        with suppress(PathNotFoundError):
            self._driver.delete(self._directory)
