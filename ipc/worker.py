"""The driver's side of the calls: one loop for one channel, and one function for each method."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

from storagedriver.contract import (
    ContentChangedError,
    FileInfo,
    InvalidParametersError,
    ProtocolError,
    StorageDriver,
    StorageDriverError,
    UnsupportedMethodError,
    UploadInfo,
)
from storagedriver.contract.failures import as_driver_error, fill_stored
from storagedriver.ipc.calls import time_from_wire, time_to_wire
from storagedriver.ipc.channel import Channel, ChannelLostError
from storagedriver.ipc.content import (
    HungUpError,
    IncomingContent,
    send_bytes,
    send_listing,
    send_stream,
)
from storagedriver.ipc.fields import blob, count, flag, text
from storagedriver.ipc.messages import Close, Message, Request, Response, Wire
from storagedriver.ipc.open_uploads import OpenUploads
from storagedriver.ipc.states import State
from storagedriver.ipc.wire_errors import error_to_wire

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """What all workers of a driver process share."""

    driver: StorageDriver
    uploads: OpenUploads


class Worker:
    """Answers the calls of one channel, one after another. `run` ends with the channel.

    The attributes may be read from another thread, for Ping.
    """

    def __init__(self, number: int, channel: Channel, served: Served) -> None:
        self.number = number
        self.channel = channel
        self._served = served
        self._busy_since: float | None = None

    def run(self) -> None:
        """Answer calls until the host closes the channel or is gone."""
        try:
            while True:
                message = self.channel.receive(None)
                if isinstance(message, Close):
                    return
                if isinstance(message, Request):
                    self.answer(message)
        except (ChannelLostError, HungUpError):
            pass
        except ProtocolError as error:
            self.channel.close(farewell=refusal(self.channel, error))
        finally:
            self.channel.close()

    def answer(self, request: Request) -> None:
        """Run one call and send its response.

        Raises HungUpError and ChannelLostError if the host is gone, ProtocolError if it broke the
        protocol meanwhile.
        """
        self._busy_since = monotonic()
        try:
            response = self._respond(request)
        finally:
            self._busy_since = None
        self.channel.send(response)

    def report(self) -> dict[str, Wire] | None:
        """Return what Ping tells of this worker; None while it is idle."""
        since = self._busy_since
        if since is None:
            return None
        session = self.channel.session
        return {
            "channel": self.number,
            "id": session.id,
            "method": session.method,
            "busy_ms": int((monotonic() - since) * 1000),
            "moved_bytes": session.moved_bytes,
        }

    def _respond(self, request: Request) -> Response:
        try:
            method = _METHODS.get(request.method)
            if method is None:
                raise UnsupportedMethodError(request.method)
            return method(self._served, self.channel, request)
        except (ChannelLostError, HungUpError):
            raise
        except Exception as error:
            # A protocol error of the host has closed the session; one that a driver raises has not.
            if isinstance(error, ProtocolError) and self.channel.session.state is State.CLOSED:
                raise
            if not isinstance(error, StorageDriverError):
                _logger.exception("%s failed", request.method)
            failure = as_driver_error(error, self._served.driver.name)
            return Response(request.id, error_to_wire(failure), None)


def refusal(channel: Channel, error: ProtocolError) -> Message:
    """Return the last message to a host that broke the protocol."""
    return Response(channel.session.id, error_to_wire(error), None)


def _get_content(served: Served, channel: Channel, request: Request) -> Response:
    return send_bytes(channel, request, served.driver.get_content(text(request.params, "path")))


def _read_stream(served: Served, channel: Channel, request: Request) -> Response:
    path, offset = text(request.params, "path"), count(request.params, "offset")
    expected = blob(request.params, "version")
    with served.driver.read_stream(path, offset) as stream:
        if expected and stream.version != expected:
            raise ContentChangedError(path)
        return send_stream(channel, request, stream, offset)


def _put_content(served: Served, channel: Channel, request: Request) -> Response:
    content = IncomingContent(channel, request, is_complete=flag(request.params, "end")).read()
    served.driver.put_content(text(request.params, "path"), content)
    return Response(request.id, None, {"written": len(content)})


def _write_stream(served: Served, channel: Channel, request: Request) -> Response:
    path, offset = text(request.params, "path"), count(request.params, "offset")
    content = IncomingContent(channel, request, is_complete=flag(request.params, "end"))
    try:
        written = served.driver.write_stream(path, offset, content)
        _check_written(written, content, channel)
    except (ChannelLostError, HungUpError):
        raise
    except Exception as error:
        failure = as_driver_error(error, served.driver.name)
        fill_stored(failure, served.driver, path)
        raise failure from error
    return Response(request.id, None, {"written": written})


def _check_written(written: int, content: IncomingContent, channel: Channel) -> None:
    """A driver that stopped early, or miscounted, must not look like a success."""
    if content.read(1):
        raise StorageDriverError("The driver stopped reading before the end of the content")
    if written != channel.session.moved_bytes:
        moved = channel.session.moved_bytes
        raise StorageDriverError(
            f"The driver reports {written} bytes written, it was given {moved}"
        )


def _stat(served: Served, channel: Channel, request: Request) -> Response:
    info = served.driver.stat(text(request.params, "path"))
    result: dict[str, Wire] = {
        "path": info.path,
        "size": info.size,
        "mod_time": _mod_time(info),
        "is_dir": info.is_dir,
    }
    return Response(request.id, None, result)


def _list(served: Served, channel: Channel, request: Request) -> Response:
    start_after = request.params.get("start_after")
    paths: Iterator[str] = iter(served.driver.list(text(request.params, "path")))
    if isinstance(start_after, str):
        paths = (path for path in paths if path > start_after)
    return send_listing(channel, request, ([path.rpartition("/")[2]] for path in paths))


def _walk(served: Served, channel: Channel, request: Request) -> Response:
    start_after = request.params.get("start_after")
    infos = served.driver.walk(
        text(request.params, "path"), start_after if isinstance(start_after, str) else None
    )
    return send_listing(channel, request, map(_walk_entry, infos))


def _walk_entry(info: FileInfo) -> list[Wire]:
    return [info.path, info.size, _mod_time(info)]


def _mod_time(info: FileInfo) -> Wire:
    return None if info.mod_time is None else time_to_wire(info.mod_time)


def _move(served: Served, channel: Channel, request: Request) -> Response:
    served.driver.move(text(request.params, "source"), text(request.params, "destination"))
    return Response(request.id, None, {})


def _delete(served: Served, channel: Channel, request: Request) -> Response:
    served.driver.delete(text(request.params, "path"))
    return Response(request.id, None, {})


def _url_for(served: Served, channel: Channel, request: Request) -> Response:
    given = request.params.get("options")
    options: dict[str, object] = {}
    for option, value in (given if isinstance(given, Mapping) else {}).items():
        if value is None:
            continue
        if option not in ("method", "expiry"):
            raise InvalidParametersError(served.driver.name, option, "unknown option")
        options[option] = time_from_wire(value) if option == "expiry" else value
    url = served.driver.url_for(text(request.params, "path"), options)
    return Response(request.id, None, {"url": url})


def _open_upload(served: Served, channel: Channel, request: Request) -> Response:
    upload_id = request.params.get("upload_id")
    upload_id, size = served.uploads.open(
        text(request.params, "path"), upload_id if isinstance(upload_id, str) else None
    )
    return Response(request.id, None, {"upload_id": upload_id, "size": size})


def _write_upload(served: Served, channel: Channel, request: Request) -> Response:
    upload_id, position = text(request.params, "upload_id"), count(request.params, "offset")
    content = IncomingContent(channel, request, is_complete=flag(request.params, "end"))
    served.uploads.check(upload_id, position)
    try:
        # Also if there is nothing to write: only the driver knows whether that is still the end.
        piece = content.read(channel.session.max_chunk_bytes)
        position = served.uploads.write(upload_id, position, piece)
        while piece := content.read(channel.session.max_chunk_bytes):
            position = served.uploads.write(upload_id, position, piece)
    except (ChannelLostError, HungUpError):
        raise
    except Exception as error:
        failure = as_driver_error(error, served.driver.name)
        if failure.stored is None:
            failure.stored = position
        raise failure from error
    return Response(request.id, None, {"size": position})


def _commit_upload(served: Served, channel: Channel, request: Request) -> Response:
    upload_id, params = text(request.params, "upload_id"), request.params
    size, digest = params.get("size"), params.get("digest")
    served.uploads.commit(
        upload_id,
        size if isinstance(size, int) else None,
        digest if isinstance(digest, str) else None,
    )
    return Response(request.id, None, {})


def _cancel_upload(served: Served, channel: Channel, request: Request) -> Response:
    served.uploads.cancel(text(request.params, "upload_id"))
    return Response(request.id, None, {})


def _close_upload(served: Served, channel: Channel, request: Request) -> Response:
    served.uploads.close_one(text(request.params, "upload_id"))
    return Response(request.id, None, {})


def _list_uploads(served: Served, channel: Channel, request: Request) -> Response:
    uploads = served.driver.uploads(text(request.params, "path"))
    return send_listing(channel, request, map(_upload_entry, uploads))


def _upload_entry(info: UploadInfo) -> list[Wire]:
    return [info.upload_id, info.path, info.size, time_to_wire(info.time)]


_METHODS: Final[Mapping[str, Callable[[Served, Channel, Request], Response]]] = {
    "GetContent": _get_content,
    "ReadStream": _read_stream,
    "PutContent": _put_content,
    "WriteStream": _write_stream,
    "Stat": _stat,
    "List": _list,
    "Walk": _walk,
    "Move": _move,
    "Delete": _delete,
    "URLFor": _url_for,
    "OpenUpload": _open_upload,
    "WriteUpload": _write_upload,
    "CommitUpload": _commit_upload,
    "CancelUpload": _cancel_upload,
    "CloseUpload": _close_upload,
    "ListUploads": _list_uploads,
}
