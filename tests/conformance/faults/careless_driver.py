"""Drivers that are careless in one way each, run as programs: what the checks must find.

The first argument says which way; the rest is a driver's. What a script of the misbehaving driver
can say is not here.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from storagedriver.contract import (
    InvalidParametersError,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.contract.features import VOLATILE
from storagedriver.contract.streams import as_bytes_view
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc import serve

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Long enough for many kills to fall into it.
PAUSE_SECONDS = 0.02


class PutsInTwoHalves(FilesystemDriver):
    """Replaces no content atomically."""

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        data = bytes(as_bytes_view(content))
        super().put_content(path, data[: len(data) // 2])
        time.sleep(PAUSE_SECONDS)
        super().put_content(path, data)


class ShowsTemporaryObjects(FilesystemDriver):
    """Stages under a name that can be listed."""

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        super().put_content("/put-under-way", content)
        time.sleep(PAUSE_SECONDS)
        super().move("/put-under-way", path)


class MovesByDeletingFirst(FilesystemDriver):
    """Has what it moves nowhere for a while."""

    def move(self, source: str, destination: str) -> None:
        content = self.get_content(source)
        self.delete(source)
        time.sleep(PAUSE_SECONDS)
        self.put_content(destination, content)


class Forgetful(InMemoryDriver):
    """Does not say that it is volatile."""

    features = InMemoryDriver.features - {VOLATILE}


class NotVolatile(FilesystemDriver):
    """Says that it is volatile, and keeps everything."""

    features = FilesystemDriver.features | {VOLATILE}


class Impatient(InMemoryDriver):
    """Ends when it finds that it was stopped."""

    def __init__(self) -> None:
        super().__init__()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            before = time.monotonic()
            time.sleep(0.001)
            if time.monotonic() - before > PAUSE_SECONDS:
                os._exit(5)


class NeedsDescriptors(InMemoryDriver):
    """Takes a lack of descriptors for a bug."""

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        for descriptor in [os.dup(0) for _ in range(20)]:
            os.close(descriptor)
        super().put_content(path, content)


class EndsWithoutDescriptors(NeedsDescriptors):
    """Ends when it has no descriptors."""

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        try:
            super().put_content(path, content)
        except OSError:
            os._exit(6)


class Overwhelmed(InMemoryDriver):
    """Fails when more calls than a few come at once."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = threading.Semaphore(4)

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        if not self._calls.acquire(blocking=False):
            raise StorageDriverError("too much")
        try:
            time.sleep(PAUSE_SECONDS)
            super().put_content(path, content)
        finally:
            self._calls.release()


def takes_anything(parameters: Mapping[str, object]) -> StorageDriver:
    return InMemoryDriver()


def dies_of_parameters(parameters: Mapping[str, object]) -> StorageDriver:
    if parameters:
        os._exit(7)
    return InMemoryDriver()


def calls_it_internal(parameters: Mapping[str, object]) -> StorageDriver:
    if parameters:
        raise KeyError("no such parameter")
    return InMemoryDriver()


def locks_its_store(parameters: Mapping[str, object]) -> StorageDriver:
    directory = str(parameters["rootdirectory"])
    try:
        os.mkdir(os.path.join(directory, "lock~"))
    except FileExistsError as error:
        raise InvalidParametersError("careless", "rootdirectory", "it is in use") from error

    class Locked(FilesystemDriver):
        def close(self) -> None:
            os.rmdir(os.path.join(directory, "lock~"))
            super().close()

    driver = Locked.from_parameters(parameters)
    time.sleep(PAUSE_SECONDS)
    return driver


WAYS: Mapping[str, Callable[[Mapping[str, object]], StorageDriver]] = {
    "halves": PutsInTwoHalves.from_parameters,
    "temporary": ShowsTemporaryObjects.from_parameters,
    "moves": MovesByDeletingFirst.from_parameters,
    "forgetful": Forgetful.from_parameters,
    "not-volatile": NotVolatile.from_parameters,
    "impatient": Impatient.from_parameters,
    "needs-descriptors": NeedsDescriptors.from_parameters,
    "ends-without-descriptors": EndsWithoutDescriptors.from_parameters,
    "overwhelmed": Overwhelmed.from_parameters,
    "takes-anything": takes_anything,
    "dies-of-parameters": dies_of_parameters,
    "calls-it-internal": calls_it_internal,
    "locks": locks_its_store,
}


def main() -> None:
    way = sys.argv.pop(1)
    serve(WAYS[way], name="careless")


if __name__ == "__main__":
    main()
