"""A driver's output: every byte is read, none is believed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO

import pytest

from storagedriver.ipc.output import TAIL_BYTES, OutputPipe

LONGEST_LINE_BYTES = 8 * 1024


class Pipe:
    """An OutputPipe with the end that a driver would have, and the lines that it has logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.logger = logging.Logger("driver", logging.INFO)
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]  # shorter than a class
        self.logger.addHandler(handler)
        readable, self.writable = os.pipe()
        self.output = OutputPipe(FileIO(readable), self.logger)

    def write(self, data: bytes) -> None:
        """Write as a driver does, reading as the host does whenever the pipe is full."""
        os.set_blocking(self.writable, False)
        while data:
            with suppress(BlockingIOError):
                data = data[os.write(self.writable, data) :]
            while self.output.read():
                pass

    def end(self) -> list[str]:
        os.close(self.writable)
        self.output.read_rest()
        return self.lines


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


def test_lines_are_logged_one_by_one(pipe: Pipe) -> None:
    pipe.write(b"one\ntwo\r\n\nthree\n")
    assert pipe.end() == ["one", "two", "three"]


def test_a_line_that_comes_in_pieces_is_one_line(pipe: Pipe) -> None:
    for piece in (b"o", b"n", b"e\ntw", b"o\n"):
        pipe.write(piece)
    assert pipe.end() == ["one", "two"]


def test_a_last_line_without_an_end_is_a_line(pipe: Pipe) -> None:
    pipe.write(b"one\ntwo")
    assert pipe.lines == ["one"]
    assert pipe.end() == ["one", "two"]


def test_percent_signs_are_text(pipe: Pipe) -> None:
    pipe.write(b"100% %s %d %(name)s\n")
    assert pipe.end() == ["100% %s %d %(name)s"]


def test_what_is_not_utf8_is_escaped(pipe: Pipe) -> None:
    pipe.write(b"caf\xc3\xa9 \xff\x00\n")
    assert pipe.end() == ["café \\xff\x00"]
    assert pipe.output.tail == "café \\xff\x00\n"


@pytest.mark.parametrize("size", [LONGEST_LINE_BYTES + 1, 20_000, 300_000])
@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_a_long_line_is_logged_in_pieces(pipe: Pipe, size: int, newline: bytes) -> None:
    pipe.write(b"x" * size + newline)
    lines = pipe.end()
    assert "".join(lines) == "x" * size
    assert max(map(len, lines)) == LONGEST_LINE_BYTES


def test_the_end_is_kept_and_no_more(pipe: Pipe) -> None:
    pipe.write(b"a" * TAIL_BYTES + b"b" * TAIL_BYTES)
    pipe.write(b"last words\n")
    pipe.end()
    assert len(pipe.output.tail) == TAIL_BYTES
    assert pipe.output.tail.endswith("blast words\n")


def test_the_end_is_kept_when_nothing_is_logged(pipe: Pipe) -> None:
    pipe.logger.setLevel(logging.ERROR)
    pipe.write(b"quiet\n")
    assert pipe.end() == []
    assert pipe.output.tail == "quiet\n"


def test_reading_tells_nothing_yet_from_the_end(pipe: Pipe) -> None:
    assert pipe.output.read() is None
    os.write(pipe.writable, b"x")
    assert pipe.output.read() == 1
    os.close(pipe.writable)
    assert pipe.output.read() == 0
    pipe.output.read_rest()


def test_the_rest_is_taken_without_waiting_for_another_holder(pipe: Pipe) -> None:
    os.write(pipe.writable, b"rest")
    pipe.output.read_rest()
    assert pipe.lines == ["rest"]
    os.close(pipe.writable)


def test_a_handler_that_raises_does_not_end_the_reading(pipe: Pipe) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("a broken handler")

    pipe.logger.addHandler(Broken())
    pipe.write(b"one\ntwo\n")
    assert pipe.end() == ["one", "two"]
    assert pipe.output.tail == "one\ntwo\n"


@pytest.fixture(autouse=True)
def _the_pipe_is_closed(pipe: Pipe) -> Iterator[None]:
    """`read_rest` is to be called by every test: it closes the host's end."""
    yield
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(pipe.output.descriptor)
