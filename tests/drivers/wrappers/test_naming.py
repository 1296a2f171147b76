"""Names in errors, at once or later."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from storagedriver.contract import (
    FileReadStream,
    PathNotFoundError,
    ReadStream,
    StorageDriverError,
)
from storagedriver.drivers.wrappers.naming import ErrorNaming, NamedReadStream, named_items

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class FailsOnce(ReadStream):
    """A stream whose first read fails and whose second would not."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        if self._errors:
            raise self._errors.pop()
        return 0


def test_an_error_of_the_contract_gets_the_name() -> None:
    original = PathNotFoundError("/a")
    with pytest.raises(PathNotFoundError) as caught, ErrorNaming("disk"):
        raise original
    assert caught.value is original
    assert caught.value.driver == "disk"


def test_a_name_that_is_there_stays() -> None:
    with pytest.raises(PathNotFoundError) as caught, ErrorNaming("outer"):
        raise PathNotFoundError("/a", driver="inner")
    assert caught.value.driver == "inner"


def test_any_other_error_becomes_internal() -> None:
    with pytest.raises(StorageDriverError) as caught, ErrorNaming("disk"):
        raise KeyError("bug")
    assert caught.value.code == "Internal"
    assert caught.value.message == "KeyError: 'bug'"
    assert caught.value.driver == "disk"
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_interrupt_passes() -> None:
    with pytest.raises(KeyboardInterrupt), ErrorNaming("disk"):
        raise KeyboardInterrupt


def test_a_stream_passes_everything_on() -> None:
    def opened() -> NamedReadStream:
        file = io.BytesIO(b"content")
        return NamedReadStream(FileReadStream(file, size=7, version=b"v"), "disk")

    stream = opened()
    assert (stream.size, stream.version) == (7, b"v")
    assert (stream.read(2), stream.read1(2), stream.read()) == (b"co", b"nt", b"ent")
    buffer = bytearray(3)
    assert opened().readinto(buffer) == 3
    assert buffer == b"con"
    assert opened().readinto1(buffer) == 3
    assert b"".join(opened()) == b"content"


def test_a_stream_closes_what_it_wraps() -> None:
    file = io.BytesIO(b"content")
    stream = NamedReadStream(FileReadStream(file), "disk")
    stream.close()
    stream.close()
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        stream.read()


def test_a_stream_has_the_descriptor_of_what_it_wraps() -> None:
    with (
        open(__file__, "rb", buffering=0) as file,
        NamedReadStream(FileReadStream(file), "disk") as stream,
    ):
        assert stream.fileno() == file.fileno()


@pytest.mark.parametrize("error", [PathNotFoundError("/a"), RuntimeError("bug")])
def test_a_stream_that_failed_raises_the_same_for_ever(error: Exception) -> None:
    with NamedReadStream(FailsOnce(error), "disk") as stream:
        with pytest.raises(StorageDriverError) as first:
            stream.read(1)
        assert first.value.driver == "disk"
        with pytest.raises(StorageDriverError) as second:
            next(stream)
        assert second.value is first.value


def test_an_error_on_the_way_of_an_iteration_is_named() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise PathNotFoundError("/a")

    named = named_items(ErrorNaming("disk"), items())
    assert next(named) == 1
    with pytest.raises(PathNotFoundError) as caught:
        next(named)
    assert caught.value.driver == "disk"


def test_closing_an_iteration_closes_what_it_iterates_over() -> None:
    closed: list[bool] = []

    def items() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    named = named_items(ErrorNaming("disk"), items())
    next(named)
    del named
    assert closed == [True]
