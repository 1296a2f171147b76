"""Contents in memory: cutting, appending and reading them."""

from __future__ import annotations

import pytest

from storagedriver.drivers.segments import (
    JOIN_BELOW_BYTES,
    Segments,
    SegmentsReadStream,
    appended,
    cut,
)


def opened(segments: Segments, offset: int = 0) -> SegmentsReadStream:
    return SegmentsReadStream(segments, offset, size=sum(map(len, segments)), version=b"v")


@pytest.mark.parametrize("size", range(7))
def test_cut_keeps_exactly_the_first_bytes(size: int) -> None:
    kept = cut((b"ab", b"c", b"def"), size)
    assert b"".join(kept) == b"abcdef"[:size]
    assert all(kept)


def test_appending_to_a_large_content_shares_its_segments() -> None:
    large = bytes(JOIN_BELOW_BYTES)
    content = appended((large,), [b"more"])
    assert content == (large, b"more")
    assert content[0] is large


def test_small_appends_join_into_few_segments() -> None:
    content: Segments = ()
    for _ in range(100):
        content = appended(content, [bytes(1024)])
    assert sum(map(len, content)) == 100 * 1024
    assert len(content) == 2


def test_appending_nothing_makes_no_empty_segment() -> None:
    assert appended((), []) == ()
    assert appended((b"a",), []) == (b"a",)


@pytest.mark.parametrize("offset", range(8))
def test_a_stream_gives_all_from_its_offset(offset: int) -> None:
    assert opened((b"ab", b"c", b"def"), offset).read() == b"abcdef"[offset:]


def test_reading_by_pieces_crosses_segments() -> None:
    stream = opened((b"ab", b"c", b"def"))
    assert [stream.read(4), stream.read(4), stream.read(4)] == [b"abcd", b"ef", b""]


def test_iteration_gives_whole_segments_without_a_copy() -> None:
    segment = b"segment"
    assert [chunk is segment for chunk in opened((segment,))] == [True]


def test_iteration_continues_where_a_read_stopped() -> None:
    stream = opened((b"abc", b"d"))
    stream.read(1)
    assert [bytes(chunk) for chunk in stream] == [b"bc", b"d"]


def test_reading_a_closed_stream_is_a_value_error() -> None:
    stream = opened((b"abc",))
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)
    with pytest.raises(ValueError, match="closed"):
        next(stream)
