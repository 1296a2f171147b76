from __future__ import annotations

import pytest

from storagedriver.cli.piecewise import PIECE_BYTES, in_pieces
from storagedriver.contract import ContentChangedError, ReadStream
from storagedriver.drivers.inmemory import InMemoryDriver

LARGE = bytes(range(256)) * (PIECE_BYTES // 128)


@pytest.mark.parametrize("size_bytes", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])
def test_the_pieces_are_the_content(size_bytes: int) -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", LARGE[:size_bytes])
    assert b"".join(in_pieces(driver, "/a")) == LARGE[:size_bytes]


def test_nothing_is_open_between_two_pieces() -> None:
    opened: list[ReadStream] = []

    class Watched(InMemoryDriver):
        def read_stream(self, path: str, offset: int = 0) -> ReadStream:
            opened.append(super().read_stream(path, offset))
            return opened[-1]

    driver = Watched()
    driver.put_content("/a", LARGE)
    for _ in in_pieces(driver, "/a"):
        assert all(stream.closed for stream in opened)
    assert len(opened) > 1


def test_two_contents_are_not_mixed() -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", LARGE)
    pieces = in_pieces(driver, "/a")
    next(pieces)
    driver.put_content("/a", LARGE[::-1])
    with pytest.raises(ContentChangedError):
        next(pieces)
