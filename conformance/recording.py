"""RecordingDriver: notes what every call of a case answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from storagedriver.conformance.outcomes import (
    Outcome,
    Plain,
    of_content,
    of_error,
    of_info,
    of_stream,
    of_url,
)
from storagedriver.contract import (
    FileInfo,
    Reader,
    ReadStream,
    StorageDriver,
    UploadInfo,
    UploadWriter,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Result = TypeVar("Result")
Paths = list[str]


class RecordingDriver(StorageDriver):
    """Passes every call on to `driver`, and appends call and answer to `outcomes`.

    Only calls of the thread that made it are noted: those of other threads come in no fixed order,
    and would differ from run to run. Closing it does nothing; `driver` belongs to the caller.
    """

    def __init__(self, driver: StorageDriver, outcomes: list[Outcome]) -> None:
        self._driver = driver
        self._notes = _Notes(outcomes)
        self.name = driver.name
        self.features = driver.features

    def get_content(self, path: str) -> bytes:
        return self._note(
            f"get_content({path!r})", lambda: self._driver.get_content(path), of_content
        )

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._note(
            f"put_content({path!r})", lambda: self._driver.put_content(path, content), _nothing
        )

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return self._note(
            f"read_stream({path!r}, {offset!r})",
            lambda: self._driver.read_stream(path, offset),
            of_stream,
        )

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        return self._note(
            f"write_stream({path!r}, {offset!r})",
            lambda: self._driver.write_stream(path, offset, reader),
            _itself,
        )

    def stat(self, path: str) -> FileInfo:
        return self._note(f"stat({path!r})", lambda: self._driver.stat(path), of_info)

    def list(self, path: str) -> Paths:
        return self._note(f"list({path!r})", lambda: self._driver.list(path), tuple)

    def move(self, source: str, destination: str) -> None:
        self._note(
            f"move({source!r}, {destination!r})",
            lambda: self._driver.move(source, destination),
            _nothing,
        )

    def delete(self, path: str) -> None:
        self._note(f"delete({path!r})", lambda: self._driver.delete(path), _nothing)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        names = sorted(options or ())
        return self._note(
            f"url_for({path!r}, {names})", lambda: self._driver.url_for(path, options), of_url
        )

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        call = f"walk({path!r}, {start_after!r})"
        found = self._note(call, lambda: self._driver.walk(path, start_after), _nothing)
        return self._notes.note_each(f"next of {call}", found, of_info)

    def resume_write_position(self, path: str) -> int:
        return self._note(
            f"resume_write_position({path!r})",
            lambda: self._driver.resume_write_position(path),
            _itself,
        )

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        # Ids are made up anew in each run.
        call = f"writer({path!r}{'' if resume is None else ', resume=...'})"
        upload = self._note(call, lambda: self._driver.writer(path, resume=resume), _size)
        return _RecordingUpload(upload, path, self._notes)

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        call = f"uploads({prefix!r})"
        found = self._note(call, lambda: self._driver.uploads(prefix), _nothing)
        return self._notes.note_each(f"next of {call}", found, _path)

    def _note(
        self, call: str, action: Callable[[], Result], describe: Callable[[Result], Plain]
    ) -> Result:
        return self._notes.note(call, action, describe)


class _RecordingUpload(UploadWriter):
    def __init__(self, upload: UploadWriter, path: str, notes: _Notes) -> None:
        self._upload = upload
        self._path = path
        self._notes = notes

    @property
    def upload_id(self) -> str:
        return self._upload.upload_id

    @property
    def size(self) -> int:
        return self._upload.size

    def write(self, content: ReadableBuffer) -> int:
        call = f"write to an upload of {self._path!r}"
        return self._notes.note(call, lambda: self._upload.write(content), _itself)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        call = f"commit({size!r}, {digest!r}) of {self._path!r}"
        self._notes.note(call, lambda: self._upload.commit(size=size, digest=digest), _nothing)

    def cancel(self) -> None:
        self._notes.note(f"cancel of {self._path!r}", self._upload.cancel, _nothing)

    def close(self) -> None:
        self._notes.note(f"close of {self._path!r}", self._upload.close, _nothing)


class _Notes:
    """Appends what the calls of the thread that made it answered."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self._outcomes = outcomes
        self._thread = threading.get_ident()

    def note(
        self, call: str, action: Callable[[], Result], describe: Callable[[Result], Plain]
    ) -> Result:
        try:
            result = action()
        except Exception as error:
            self._append(call, of_error(error))
            raise
        self._append(call, describe(result))
        return result

    def note_each(
        self, call: str, found: Iterator[Result], describe: Callable[[Result], Plain]
    ) -> Iterator[Result]:
        for each in found:
            self._append(call, describe(each))
            yield each

    def _append(self, call: str, answer: Plain) -> None:
        if threading.get_ident() == self._thread:
            self._outcomes.append(Outcome(call, answer))


def _nothing(result: object) -> Plain:
    return "done"


def _itself(result: int) -> Plain:
    return result


def _size(upload: UploadWriter) -> Plain:
    return ("upload", upload.size)


def _path(info: UploadInfo) -> Plain:
    # Of several to one path the order goes by their ids, which differ from run to run.
    return info.path
