"""What the reader of a write gives."""

from __future__ import annotations

import io
from typing import cast

import pytest

from storagedriver.contract import Reader
from storagedriver.drivers.pieces import PIECE_BYTES, pieces


class Gives:
    """A reader that gives these pieces, whatever is asked for."""

    def __init__(self, *given: object) -> None:
        self._given = list(given)

    def read(self, _size: int, /) -> object:
        return self._given.pop(0)


def test_a_reader_is_read_to_its_end_in_bounded_pieces() -> None:
    content = bytes(PIECE_BYTES) + b"rest"
    assert [len(piece) for piece in pieces(io.BytesIO(content))] == [PIECE_BYTES, 4]


def test_pieces_may_be_any_bytes_of_any_length() -> None:
    reader = cast("Reader", Gives(b"a", bytearray(b"b"), memoryview(b"c"), bytearray()))
    assert [bytes(piece) for piece in pieces(reader)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("given", [None, "text", 7])
def test_a_reader_that_gives_no_bytes_is_a_type_error(given: object) -> None:
    reader = cast("Reader", Gives(b"a", given))
    with pytest.raises(TypeError, match="a reader gives bytes, not"):
        list(pieces(reader))
