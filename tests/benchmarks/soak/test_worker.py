"""Soaks find what is wrong with a driver, and nothing where nothing is wrong."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

import pytest

from storagedriver.benchmarks.soak.calls import Calls
from storagedriver.benchmarks.soak.material import Material
from storagedriver.benchmarks.soak.shared import SharedObjects
from storagedriver.benchmarks.soak.stories import Stories, ViolationError
from storagedriver.benchmarks.soak.tally import Tally
from storagedriver.benchmarks.soak.worker import Worker
from storagedriver.contract import (
    DriverCrashedError,
    FileInfo,
    FileInfoFields,
    Reader,
    ReadStream,
    StorageDriver,
    UploadInfo,
)
from storagedriver.contract.streams import FileReadStream
from storagedriver.drivers.inmemory import InMemoryDriver

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Every fault below is found within some dozens of steps; chance may want more.
STEPS = 2_000


class Sometimes(InMemoryDriver):
    """A sound driver; those below do one thing wrong now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._random = Random(1)

    def now(self) -> bool:
        return self._random.random() < 0.1


class LosesPuts(Sometimes):
    def put_content(self, path: str, content: ReadableBuffer) -> None:
        if not self.now():
            super().put_content(path, content)


class CutsPuts(Sometimes):
    def put_content(self, path: str, content: ReadableBuffer) -> None:
        super().put_content(path, bytes(content)[:-1] if self.now() else content)


class GivesOthersContent(Sometimes):
    def get_content(self, path: str) -> bytes:
        content = super().get_content(path)
        return bytes(len(content)) if self.now() else content


class StaysDeleted(Sometimes):
    def delete(self, path: str) -> None:
        if not self.now():
            super().delete(path)


class CopiesInsteadOfMoving(Sometimes):
    def move(self, source: str, destination: str) -> None:
        content = super().get_content(source) if not super().stat(source).is_dir else None
        super().move(source, destination)
        if content is not None and source != destination and self.now():
            super().put_content(source, content)


class LeavesStaleTails(Sometimes):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        old = super().get_content(path) if offset else b""
        count = super().write_stream(path, offset, reader)
        tail = old[offset + count :]
        if tail:
            super().write_stream(path, offset + count, io.BytesIO(tail))
        return count


class WritesBeyondTheEnd(Sometimes):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        size = self.resume_write_position(path)
        if offset > size:
            super().write_stream(path, size, io.BytesIO(bytes(offset - size)))
        return super().write_stream(path, offset, reader)


class EndsStreamsEarly(Sometimes):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        with super().read_stream(path, offset) as stream:
            content = stream.read()
        return FileReadStream(io.BytesIO(content[: len(content) // 2] if self.now() else content))


class ListsTooLittle(Sometimes):
    def list(self, path: str) -> list[str]:
        return super().list(path)[1:] if self.now() else super().list(path)


class WalksTooFar(Sometimes):
    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        yield from super().walk(path, start_after)
        if self.now():
            yield FileInfoFields(f"{path}/z", 1, None, is_dir=False)


class TellsWrongSizes(Sometimes):
    def stat(self, path: str) -> FileInfo:
        info = super().stat(path)
        size = info.size + (0 if info.is_dir or not self.now() else 1)
        return FileInfoFields(path, size, info.mod_time, is_dir=info.is_dir)


class ForgetsUploads(Sometimes):
    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        return iter(()) if self.now() else super().uploads(prefix)


class RaisesWhatIsNotDue(Sometimes):
    def stat(self, path: str) -> FileInfo:
        if self.now():
            raise OSError("broken")
        return super().stat(path)


class HalvesWhenItCrashes(Sometimes):
    """Its puts are not atomic."""

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        if self.now():
            super().put_content(path, bytes(content)[: len(bytes(content)) // 2])
            raise DriverCrashedError(None, 9, "")
        super().put_content(path, content)


class ForgetsWhenItCrashes(Sometimes):
    """What another call had stored is gone after a crash."""

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        if self.now():
            raise DriverCrashedError(None, 9, "")
        super().put_content(path, content)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        if offset and self.now():
            super().delete(path)
            raise DriverCrashedError(None, 9, "")
        return super().write_stream(path, offset, reader)


class BringsBackSharedVersions(Sometimes):
    """Of the objects of all, a put is undone when the next one was made."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[str, bytes] = {}

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        data = bytes(content)
        if path.startswith("/shared"):
            data, self._before[path] = self._before.get(path, data), data
        super().put_content(path, data)


class CrashesAnyhow(Sometimes):
    """Ends calls before or after they were done, and is sound."""

    def _crash(self) -> None:
        if self.now():
            raise DriverCrashedError(None, 9, "")

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._crash()
        super().put_content(path, content)
        self._crash()

    def get_content(self, path: str) -> bytes:
        self._crash()
        return super().get_content(path)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        self._crash()
        count = super().write_stream(path, offset, reader)
        self._crash()
        return count

    def move(self, source: str, destination: str) -> None:
        self._crash()
        super().move(source, destination)
        self._crash()

    def delete(self, path: str) -> None:
        self._crash()
        super().delete(path)
        self._crash()


FAULTY = [
    LosesPuts,
    CutsPuts,
    GivesOthersContent,
    StaysDeleted,
    CopiesInsteadOfMoving,
    LeavesStaleTails,
    WritesBeyondTheEnd,
    EndsStreamsEarly,
    ListsTooLittle,
    WalksTooFar,
    TellsWrongSizes,
    ForgetsUploads,
    RaisesWhatIsNotDue,
    HalvesWhenItCrashes,
    ForgetsWhenItCrashes,
    BringsBackSharedVersions,
]


def worker(driver: StorageDriver) -> Worker:
    stories = Stories(time.monotonic())
    calls = Calls(driver, Tally(), stories, generation=lambda: 1, pause_seconds=0)
    return Worker("t00", calls, SharedObjects(["/shared/s0"]), Material(1), seed=1)


def run(driver: StorageDriver) -> None:
    one = worker(driver)
    for _ in range(STEPS):
        one.step()


@pytest.mark.parametrize("kind", FAULTY)
def test_a_fault_is_found(kind: type[Sometimes]) -> None:
    with pytest.raises(ViolationError, match="\n"):
        run(kind())


@pytest.mark.parametrize("kind", [Sometimes, CrashesAnyhow])
def test_a_sound_driver_is_not_suspected(kind: type[Sometimes]) -> None:
    run(kind())


def test_a_violation_tells_the_story_of_the_object() -> None:
    with pytest.raises(
        ViolationError, match=r"(?s)^/own/t00/\S+: get gave .*\n .* s  put .*: ok, "
    ):
        run(GivesOthersContent())
