"""Lines are the same however their bytes were split, and a flood is only counted."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storagedriver.ipc.log_lines import LINE_BYTES, Line, LineCutter
from storagedriver.ipc.log_rate import RECORD_BYTES, Budget

NOW = 5.0


def cut(*pieces: bytes, burst_bytes: float = 1e12) -> tuple[list[Line], int]:
    """Return all lines of what comes in these pieces at one time, and how many are dropped."""
    cutter = LineCutter(Budget(burst_bytes=burst_bytes))
    lines: list[Line] = []
    dropped = 0
    for some, count in (*(cutter.feed(piece, NOW) for piece in pieces), cutter.end()):
        lines += some
        dropped += count
    return lines, dropped


def texts(*pieces: bytes) -> list[bytes]:
    return [line.data for line in cut(*pieces)[0]]


def test_lines_end_with_a_newline() -> None:
    assert texts(b"one\ntwo\n") == [b"one", b"two"]


def test_a_line_may_come_in_pieces() -> None:
    assert texts(b"o", b"n", b"e\ntw", b"o\n") == [b"one", b"two"]


def test_the_last_line_needs_no_end() -> None:
    assert texts(b"one\ntwo") == [b"one", b"two"]


def test_blank_lines_are_left_out() -> None:
    assert texts(b"\n\r\n \t\none\n\n") == [b"one"]


def test_lines_come_when_they_are_complete() -> None:
    cutter = LineCutter(Budget())
    assert cutter.feed(b"on", NOW) == ([], 0)
    assert cutter.feed(b"e\ntwo", NOW) == ([Line(b"one", is_rest=False)], 0)
    assert cutter.end() == ([Line(b"two", is_rest=False)], 0)
    assert cutter.end() == ([], 0)


def test_a_line_of_the_limit_is_one() -> None:
    assert cut(b"x" * LINE_BYTES + b"\n")[0] == [Line(b"x" * LINE_BYTES, is_rest=False)]


def test_a_longer_one_comes_in_pieces_that_say_so() -> None:
    lines, _ = cut(b"x" * (2 * LINE_BYTES + 1) + b"\nnext\n")
    assert [(len(line.data), line.is_rest) for line in lines] == [
        (LINE_BYTES, False),
        (LINE_BYTES, True),
        (1, True),
        (4, False),
    ]


def test_a_long_line_is_given_out_before_its_end() -> None:
    cutter = LineCutter(Budget())
    lines, _ = cutter.feed(b"x" * (LINE_BYTES + 1), NOW)
    assert len(lines) == 1


def test_no_character_is_cut_apart() -> None:
    lines, _ = cut(b"x" + "€".encode() * LINE_BYTES)
    assert all(line.data.decode() for line in lines)


def test_what_is_no_text_is_cut_all_the_same() -> None:
    lines, _ = cut(b"\x80" * (LINE_BYTES + 10))
    assert [len(line.data) for line in lines] == [LINE_BYTES, 10]


def test_lines_beyond_the_budget_are_counted() -> None:
    lines, dropped = cut(b"a\nb\nc\nd\n\ne", burst_bytes=2 * RECORD_BYTES)
    assert [line.data for line in lines] == [b"a", b"b"]
    assert dropped == 4


def test_a_long_line_beyond_the_budget_counts_once() -> None:
    lines, dropped = cut(b"x" * (9 * LINE_BYTES) + b"\ny", burst_bytes=LINE_BYTES)
    assert len(lines) == 1
    assert dropped == 2


def test_a_flood_without_an_end_is_not_kept() -> None:
    cutter = LineCutter(Budget(burst_bytes=1))
    results = [cutter.feed(b"x" * LINE_BYTES, NOW) for _ in range(100)]
    assert sum(len(lines) for lines, _ in results) == 1
    assert sum(dropped for _, dropped in results) == 1
    assert cutter.feed(b"\ny\n", NOW) == ([], 1)


def test_it_goes_on_when_there_is_budget_again() -> None:
    cutter = LineCutter(Budget(rate_bytes_per_second=RECORD_BYTES, burst_bytes=RECORD_BYTES))
    assert cutter.feed(b"a\nb\n", NOW) == ([Line(b"a", is_rest=False)], 1)
    assert cutter.feed(b"c\n", NOW + 1) == ([Line(b"c", is_rest=False)], 0)


# Made of few letters, so that there are long lines, blank ones and characters on boundaries.
SOME_BYTES = st.lists(
    st.sampled_from([b"\n", b"\r", b"a", b" ", "€".encode(), b"\xff", b"\0", b"x" * LINE_BYTES])
).map(b"".join)


@given(SOME_BYTES, st.lists(st.integers(0, 3 * LINE_BYTES)), st.integers(0, 20))
def test_lines_do_not_depend_on_how_their_bytes_were_split(
    data: bytes, places: list[int], burst_records: int
) -> None:
    places = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]
    burst_bytes = burst_records * RECORD_BYTES or 1e12
    assert cut(*pieces, burst_bytes=burst_bytes) == cut(data, burst_bytes=burst_bytes)


@given(SOME_BYTES)
def test_nothing_is_lost_but_ends_and_blanks(data: bytes) -> None:
    lines, dropped = cut(data)
    assert b"".join(b"".join(line.data.split()) for line in lines) == b"".join(data.split())
    assert dropped == 0
