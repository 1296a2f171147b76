"""IPCStorageDriver: a driver in another process, as a StorageDriver in this one."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal, Self, TypedDict, Unpack

from storagedriver.contract import (
    STRICT_PATHS,
    DriverCrashedError,
    FileInfo,
    FileInfoFields,
    PathRule,
    Reader,
    ReadStream,
    StorageDriver,
    StorageDriverError,
    UploadInfo,
    UploadWriter,
    Version,
    check_content,
    check_offset,
    check_reader,
    check_start_after,
    check_upload_id,
    check_url_options,
)
from storagedriver.contract.features import WALK
from storagedriver.contract.walking import walk_by_listing
from storagedriver.ipc.caller import Caller
from storagedriver.ipc.calls import time_from_wire, time_to_wire
from storagedriver.ipc.entries import children, files, open_uploads
from storagedriver.ipc.events import EventKind, Events, OnEvent
from storagedriver.ipc.fields import count, flag, text
from storagedriver.ipc.messages import Response, Wire
from storagedriver.ipc.process import Ladder
from storagedriver.ipc.receiving import ContentStream, EntryStream
from storagedriver.ipc.remote_upload import RemoteUpload
from storagedriver.ipc.replay import Replay
from storagedriver.ipc.replaying import ReplayingCaller
from storagedriver.ipc.restart_policy import RestartPolicy
from storagedriver.ipc.resuming import ResumingContent, resume_listing
from storagedriver.ipc.running import RunningDriver, StartSettings
from storagedriver.ipc.sending import ViewReader
from storagedriver.ipc.supervisor import Supervisor

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
"""Longer than any call should be silent: syncing a few gigabytes to a slow disk takes half."""

_DEFAULT_RESTART: Final = RestartPolicy()
_DEFAULT_REPLAY: Final = Replay()

# What a peer says about a size reserves no more memory than this before the content is here.
_RESERVED_BYTES: Final = 64 * 1024 * 1024


class ProcessOptions(TypedDict, total=False):
    """How a driver's process is started and stopped."""

    start_timeout_seconds: float
    """From the start of the process until it is ready; 30 unless given."""
    ladder: Ladder
    """How long each step of a stop may take."""
    environment: Mapping[str, str]
    """Variables to add to the driver's environment."""
    pass_environment: Sequence[str]
    """Names of variables to hand on from this process, beyond PATH, HOME, LANG, TZ and TMPDIR."""
    transport: Literal["ipc", "tcp"]
    """Unix sockets unless given; tcp is for drivers whose ZeroMQ has no other."""
    max_chunk_bytes: int
    """The largest content of one message; 1 MiB unless given."""


class StartOptions(ProcessOptions, total=False):
    """The options of `IPCStorageDriver.start` and of `launch`, all by keyword."""

    path_rule: PathRule
    """Which paths are legal; STRICT_PATHS unless given."""
    timeout_seconds: float | None
    """How long a call may make no progress before it raises DriverTimeoutError; None: for ever.
    Time that a stream's own caller takes does not count. 60 unless given."""
    restart: RestartPolicy | None
    """When a driver that has ended, or hangs, is started again; None: never."""
    replay: Replay
    """Which calls survive that; all that can unless given."""
    on_event: OnEvent | None
    """Told of each start, crash, restart, repeat, by the thread that noticed. It must not call the
    driver."""


class IPCStorageDriver(StorageDriver):
    """A storage driver that runs as a child process of this one.

    A context manager; `close` ends the process. Any number of threads may use it, each call on a
    channel of its own; a read stream belongs to the thread that reads it.

    A driver that crashes is started again by the next call, and calls that it has ended are made
    again where that is safe (`ipc.replay` says which). One that makes no progress and answers
    nothing is taken for hung, and replaced likewise.

    Beyond what the driver itself raises, every call may raise DriverCrashedError,
    OutcomeUnknownError, DriverTimeoutError, ThrottledError if all channels are held, ProtocolError,
    and CancelledError if `close` ends it. After `close` it is ValueError.

    Source: the original's ipc.IPCStorageDriver.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        path_rule: PathRule,
        timeout_seconds: float | None,
        replay: Replay,
    ) -> None:
        """For `start`, which is the way to make one."""
        self._supervisor = supervisor
        self._rule = path_rule
        caller = Caller(supervisor, timeout_seconds=timeout_seconds)
        self._calls = ReplayingCaller(supervisor, caller, replay)
        self.name = supervisor.running.name
        self.features = supervisor.running.features
        _stop_at_exit(supervisor)

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        parameters: Mapping[str, object],
        *,
        name: str,
        path_rule: PathRule = STRICT_PATHS,
        timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS,
        restart: RestartPolicy | None = _DEFAULT_RESTART,
        replay: Replay = _DEFAULT_REPLAY,
        on_event: OnEvent | None = None,
        **options: Unpack[ProcessOptions],
    ) -> Self:
        """Start the program `command` as the driver `name`, and return when it is ready.

        `parameters` go to the driver as JSON; values of type Secret never appear in its arguments
        or environment.

        Raises InvalidStorageDriverError if the program cannot be executed, InvalidParametersError,
        DriverCrashedError if it ends, DriverTimeoutError if it is not ready in time,
        IncompatibleVersionError, ProtocolError. No process is left behind then.
        """
        start = partial(
            RunningDriver, command, parameters, name=name, settings=StartSettings(**options)
        )
        supervisor = Supervisor(start, policy=restart, events=Events(name, on_event))
        return cls(supervisor, path_rule=path_rule, timeout_seconds=timeout_seconds, replay=replay)

    @property
    def version(self) -> Version:
        """The version of the protocol that both sides speak."""
        return self._supervisor.running.version

    @property
    def max_channels(self) -> int:
        """How many calls the driver takes at once. A stream that is open is one; others wait."""
        return self._supervisor.running.max_channels

    @property
    def pid(self) -> int:
        """The driver's process: the one that was started last."""
        return self._supervisor.running.process.pid

    @property
    def counters(self) -> Mapping[EventKind, int]:
        """How often each kind of event has happened."""
        return self._supervisor.events.counts

    def get_content(self, path: str) -> bytes:
        self._check(path)
        try:
            return self._get_content(path)
        except DriverCrashedError as crash:
            return self._calls.again(crash, "GetContent", path, lambda: self._get_content(path))

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._check(path)
        view = check_content(content)
        if len(view) <= self._supervisor.running.max_chunk_bytes:
            data = content if isinstance(content, bytes) else view
            self._calls.call("PutContent", {"path": path, "end": True}, path, data or None)
        else:
            self._calls.write("PutContent", {"path": path}, path, ViewReader(view))

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        self._check(path)
        self._check_offset(path, offset)
        params: dict[str, Wire] = {"path": path, "offset": offset}
        incoming, opened = self._calls.open_read("ReadStream", params, path)
        if incoming is None or isinstance(opened, Response):
            return ContentStream(None, opened)
        return ContentStream(ResumingContent(self._calls, path, offset, incoming, opened), opened)

    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        self._check(path)
        self._check_offset(path, offset)
        check_reader(reader)
        params: dict[str, Wire] = {"path": path, "offset": offset}
        return count(self._calls.write("WriteStream", params, path, reader), "written")

    def stat(self, path: str) -> FileInfo:
        self._check_with_root(path)
        result = self._calls.call("Stat", {"path": path}, path)
        mod_time = result.get("mod_time")
        return FileInfoFields(
            path,
            count(result, "size"),
            None if mod_time is None else time_from_wire(mod_time),
            flag(result, "is_dir"),
        )

    def list(self, path: str) -> list[str]:
        self._check_with_root(path)
        return children(self._entries("List", path, None), path, self.name)

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        self._check_with_root(path)
        check_start_after(start_after)
        if WALK not in self.features:
            return walk_by_listing(self, path, start_after)
        return files(self._entries("Walk", path, start_after), path, self.name)

    def resume_write_position(self, path: str) -> int:
        self._check(path)
        try:
            return super().resume_write_position(path)
        except StorageDriverError as error:
            raise self._named(error) from None

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        self._check(path)
        if resume is not None:
            self._check_upload_id(path, resume)
        return RemoteUpload(self._calls, path, resume)

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        self._check_with_root(prefix)
        return open_uploads(self._entries("ListUploads", prefix, None), prefix, self.name)

    def move(self, source: str, destination: str) -> None:
        self._check(source)
        self._check(destination)
        self._calls.move(source, destination)

    def delete(self, path: str) -> None:
        self._check(path)
        self._calls.delete(path)

    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        self._check(path)
        try:
            checked = check_url_options(self.name, options)
        except StorageDriverError as error:
            raise self._named(error) from None
        wire: dict[str, Wire] = {"method": str(checked["method"])}
        expiry = checked.get("expiry")
        if isinstance(expiry, datetime):
            wire["expiry"] = time_to_wire(expiry)
        return text(self._calls.call("URLFor", {"path": path, "options": wire}, path), "url")

    def close(self) -> None:
        """End the process: no new calls, a grace period for those in flight, then Shutdown, the end
        of its input, SIGTERM, SIGKILL. Returns when it is gone. May be called by several threads,
        also at once, and twice."""
        self._supervisor.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} pid {self.pid}>"

    def _check(self, path: str) -> None:
        try:
            self._rule.check(path)
        except StorageDriverError as error:
            raise self._named(error) from None

    def _check_with_root(self, path: str) -> None:
        if path != "/":
            self._check(path)

    def _check_offset(self, path: str, offset: int) -> None:
        try:
            check_offset(path, offset)
        except StorageDriverError as error:
            raise self._named(error) from None

    def _check_upload_id(self, path: str, upload_id: str) -> None:
        try:
            check_upload_id(path, upload_id)
        except StorageDriverError as error:
            raise self._named(error) from None

    def _named(self, error: StorageDriverError) -> StorageDriverError:
        error.driver = self.name
        return error

    def _get_content(self, path: str) -> bytes:
        incoming, opened = self._calls.once.open_read("GetContent", {"path": path}, path)
        if isinstance(opened, Response):
            return bytes(opened.content or b"")
        with ContentStream(incoming, opened) as stream:
            buffer = BytesIO()
            if stream.size:
                # Reserved once: growing step by step copies what is there again and again.
                buffer.seek(min(stream.size, _RESERVED_BYTES) - 1)
                buffer.write(b"\0")
                buffer.seek(0)
            for chunk in stream:
                buffer.write(chunk)
            buffer.truncate()
        return buffer.getvalue()

    def _entries(self, method: str, path: str, start_after: str | None) -> EntryStream:
        params: dict[str, Wire] = {"path": path}
        if start_after is not None:
            params["start_after"] = start_after
        opened = self._calls.open_read(method, params, path)
        resume = partial(resume_listing, self._calls, method, path, start_after)
        return EntryStream(method, *opened, driver=self.name, resume=resume)


_supervisors: weakref.WeakSet[Supervisor] = weakref.WeakSet()


def _stop_at_exit(supervisor: Supervisor) -> None:
    """Have the driver end in order when this interpreter ends without having closed it."""
    if not _supervisors:
        atexit.unregister(_stop_all)
        atexit.register(_stop_all)
    _supervisors.add(supervisor)


def _stop_all() -> None:
    for supervisor in list(_supervisors):
        # Whoever is still in a call will not come back to it.
        supervisor.close(calls_seconds=0)
