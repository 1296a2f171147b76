from __future__ import annotations

import pytest

from storagedriver.benchmarks.amounts import SMALL_BYTES
from storagedriver.benchmarks.content import Content, ContentReader

MIB = 1 << 20


def read_all(reader: ContentReader, size: int) -> bytes:
    pieces: list[bytes] = []
    while piece := reader.read(size):
        assert len(piece) <= size
        pieces.append(bytes(piece))
    return b"".join(pieces)


def test_the_same_seed_gives_the_same_content() -> None:
    first, second, other = Content(1, MIB), Content(1, MIB), Content(2, MIB)
    assert first.small == second.small
    assert read_all(first.reader(), MIB) == read_all(second.reader(), MIB)
    assert first.small != other.small
    assert len(first.small) == SMALL_BYTES


def test_a_reader_gives_as_much_as_a_stream_is_to_have_however_it_is_asked() -> None:
    content = Content(1, 3 * MIB + 7)
    whole = read_all(content.reader(), MIB)
    assert len(whole) == 3 * MIB + 7
    assert read_all(content.reader(), 300_001) == whole
    assert read_all(content.reader(), 10 * MIB) == whole


@pytest.mark.parametrize("size_bytes", [1, MIB, 3 * MIB + 7])
def test_a_whole_content_has_the_size_that_was_asked_for(size_bytes: int) -> None:
    content = Content(1, 2 * MIB)
    whole = content.whole(size_bytes)
    assert len(whole) == size_bytes
    assert read_all(content.reader(), MIB).startswith(whole[: 2 * MIB])


def test_a_stream_longer_than_the_source_repeats_it() -> None:
    reader = ContentReader((b"a" * MIB, b"b" * MIB), 3 * MIB)
    read = read_all(reader, MIB)
    assert (read[:1], read[MIB : MIB + 1], read[-1:]) == (b"a", b"b", b"a")


def test_whole_pieces_are_not_copied() -> None:
    piece = bytes(MIB)
    assert ContentReader((piece,), 2 * MIB).read(MIB) is piece
