"""The check that a driver speaks to ZeroMQ itself: its socket, bound by the library of that name.

The host's own ends are plain connections that speak ZMTP (`ipc.connection`), and so may a driver's
be. Two of a kind would not notice a mistake that both make; libzmq does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

import zmq

from storagedriver.conformance.checking import CaseFailedError, require, require_equal
from storagedriver.conformance.faults.subject import Subject
from storagedriver.contract import CURRENT_VERSION, ProtocolError
from storagedriver.ipc.codec import decode, encode
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.launch import ENDPOINT_VARIABLE, prepare
from storagedriver.ipc.limits import MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach, Chunk, Content, Message, Request, Response, Wire

_PATH: Final = "/check-zeromq"

# One in the header, one in a frame of its own.
_SIZES_BYTES: Final = (1000, 100_000)


def speaks_to_zeromq(subject: Subject) -> None:
    """With ZeroMQ's own sockets as its host it attaches, answers, and takes and gives content."""
    first = prepare(subject.name, subject.parameters, os.urandom(16).hex())
    with ExitStack() as stack:
        directory = SocketDirectory()
        stack.callback(directory.remove)
        context = stack.enter_context(zmq.Context[zmq.Socket[bytes]]())
        control = stack.enter_context(_Host(context, directory.endpoint(0), subject.life_seconds))
        process = stack.enter_context(
            subject.program(first.argument, environment={ENDPOINT_VARIABLE: control.endpoint})
        )
        process.write_line(first.first_line, timeout_seconds=subject.life_seconds)
        control.expect_attach()
        hello, _ = control.call(
            "Hello",
            {"version": str(CURRENT_VERSION), "features": [], "max_chunk": MAX_CHUNK_BYTES},
        )
        caller = control
        if hello.get("max_channels") != 0:
            caller = stack.enter_context(
                _Host(context, directory.endpoint(1), subject.life_seconds)
            )
            control.call("OpenChannel", {"channel": 1, "endpoint": caller.endpoint})
            caller.expect_attach()
        _put_and_get(caller)
        control.call("Shutdown", {})


def _put_and_get(host: _Host) -> None:
    for size in _SIZES_BYTES:
        content = os.urandom(size)
        host.call("PutContent", {"path": _PATH, "end": True}, content)
        _, got = host.call("GetContent", {"path": _PATH, "credit": MAX_CHUNK_BYTES})
        require_equal(got, content, "what it gives back")
    host.call("Delete", {"path": _PATH})


class _Host:
    """One channel of a host, without any of the checks that a host makes. A context manager."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, timeout_seconds: float
    ) -> None:
        self.endpoint = endpoint
        self._id = 0
        self._seconds = timeout_seconds
        self._socket = context.socket(zmq.PAIR)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVTIMEO, int(timeout_seconds * 1000))
        self._socket.setsockopt(zmq.SNDTIMEO, int(timeout_seconds * 1000))
        self._socket.bind(endpoint)

    def __enter__(self) -> _Host:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def expect_attach(self) -> None:
        attach = self._receive("ATTACH")
        require(isinstance(attach, Attach), f"its first message to ZeroMQ is {attach.kind.name}")

    def call(
        self, method: str, params: Mapping[str, Wire], content: Content | None = None
    ) -> tuple[Mapping[str, Wire], bytes]:
        """Return the result and the content that has come."""
        self._id += 1
        header, frame = encode(Request(self._id, method, params, content))
        try:
            self._socket.send_multipart([header] if frame is None else [header, frame])
        except zmq.Again:
            raise CaseFailedError(f"ZeroMQ cannot send it {method}") from None
        received = b""
        while True:
            answer = self._receive(f"answer to {method}")
            if isinstance(answer, Chunk | Response) and answer.content:
                received += answer.content
            if isinstance(answer, Response):
                require(answer.error is None, f"it answers {method} with {answer.error}")
                return answer.result or {}, received

    def _receive(self, what: str) -> Message:
        try:
            frames = self._socket.recv_multipart()
        except zmq.Again:
            reason = f"ZeroMQ receives no {what} within {self._seconds:g} seconds"
            raise CaseFailedError(reason) from None
        try:
            return decode(frames[0], frames[1] if len(frames) > 1 else None)
        except ProtocolError as error:
            raise CaseFailedError(f"{what}: {error.detail}") from error
