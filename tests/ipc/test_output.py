"""A driver's output: every byte is read, none is believed."""

from __future__ import annotations

import logging
import os
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from storagedriver.ipc.driver_log import DriverLog
from storagedriver.ipc.output import TAIL_BYTES, OutputPipe

PATIENCE_SECONDS = 10.0


class Pipe:
    """An OutputPipe with the end that a driver would have."""

    def __init__(self) -> None:
        self.log = DriverLog("piped", 1)
        readable, self.writable = os.pipe()
        self.output = OutputPipe(os.fdopen(readable, "rb", 0), self.log.stderr)

    def write(self, data: bytes) -> None:
        """Write as a driver does, reading as the host does whenever the pipe is full."""
        os.set_blocking(self.writable, False)
        while data:
            with suppress(BlockingIOError):
                data = data[os.write(self.writable, data) :]
            while self.output.read():
                pass

    def end(self) -> None:
        os.close(self.writable)
        self.output.read_rest()
        assert self.log.wait_until_logged(PATIENCE_SECONDS)


@pytest.fixture
def pipe(caplog: pytest.LogCaptureFixture) -> Iterator[Pipe]:
    caplog.set_level(logging.INFO)
    pipe = Pipe()
    yield pipe
    pipe.log.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(pipe.output.descriptor)


def test_lines_are_logged(pipe: Pipe, caplog: pytest.LogCaptureFixture) -> None:
    pipe.write(b"one\ntwo\n")
    pipe.end()
    assert caplog.messages == ["one", "two"]


def test_a_last_line_without_an_end_is_logged_at_the_end(
    pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    pipe.write(b"one\ntwo")
    assert pipe.log.wait_until_logged(PATIENCE_SECONDS)
    assert caplog.messages == ["one"]
    pipe.end()
    assert caplog.messages == ["one", "two"]


def test_the_end_is_kept_as_it_came(pipe: Pipe) -> None:
    pipe.write(b"caf\xc3\xa9 \xff\x00\r\n\n")
    pipe.end()
    assert pipe.output.tail == "café \\xff\x00\r\n\n"


@pytest.mark.parametrize("piece_bytes", [7, 1000, TAIL_BYTES + 1])
def test_the_end_is_kept_and_no_more(pipe: Pipe, piece_bytes: int) -> None:
    data = b"a" * TAIL_BYTES + b"b" * TAIL_BYTES + b"last words\n"
    for start in range(0, len(data), piece_bytes):
        pipe.write(data[start : start + piece_bytes])
    pipe.end()
    assert pipe.output.tail == "b" * (TAIL_BYTES - 11) + "last words\n"


def test_what_is_not_kept_takes_no_memory(pipe: Pipe, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1, logger="storagedriver.driver.piped")
    tracemalloc.start()
    try:
        for _ in range(100):
            pipe.write(b"x" * TAIL_BYTES)
        taken_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    pipe.end()
    assert taken_bytes < 10 * TAIL_BYTES


def test_the_end_is_kept_when_nothing_is_logged(
    pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1, logger="storagedriver.driver.piped")
    pipe.write(b"quiet\n")
    pipe.end()
    assert not caplog.messages
    assert pipe.output.tail == "quiet\n"


def test_only_a_flood_is_read_more_slowly_than_it_comes(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("storagedriver.ipc.output.sleep", pauses.append)
    pipe.write(b"x" * 1_000_000)
    assert not pauses
    pipe.write(b"x" * 20_000_000)
    assert pauses
    pauses.clear()
    pipe.end()
    assert not pauses


def test_reading_tells_nothing_yet_from_the_end(pipe: Pipe) -> None:
    assert pipe.output.read() is None
    os.write(pipe.writable, b"x")
    assert pipe.output.read() == 1
    os.close(pipe.writable)
    assert pipe.output.read() == 0
    pipe.output.read_rest()


def test_the_rest_is_taken_without_waiting_for_another_holder(
    pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    os.write(pipe.writable, b"rest")
    pipe.output.read_rest()
    assert pipe.log.wait_until_logged(PATIENCE_SECONDS)
    assert caplog.messages == ["rest"]
    os.close(pipe.writable)
