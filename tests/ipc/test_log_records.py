"""What a line says, from its bytes to level, text and fields."""

from __future__ import annotations

from itertools import pairwise
from logging import DEBUG, ERROR, INFO, WARNING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver.ipc.log_lines import Line, LineCutter
from storagedriver.ipc.log_rate import Budget
from storagedriver.ipc.log_records import Entry, EntryReader, plain_text


def read(*lines: bytes) -> list[Entry]:
    reader = EntryReader()
    return [reader.read(Line(line, is_rest=False)) for line in lines]


def levels(*lines: bytes) -> list[int]:
    return [entry.level for entry in read(*lines)]


def test_a_line_that_tells_no_level_is_info() -> None:
    assert read(b"ready") == [Entry(INFO, "ready", {})]


def test_a_line_with_a_level_stays_as_it_is() -> None:
    assert read(b"12:00:00 WARN: slow") == [Entry(WARNING, "12:00:00 WARN: slow", {})]


def test_json_has_message_and_fields() -> None:
    assert read(b'{"level":"error","msg":"gone","path":"/a"}') == [
        Entry(ERROR, "gone", {"path": "/a"})
    ]


def test_json_without_level_or_message_is_info_as_it_came() -> None:
    assert read(b'{"a":1}') == [Entry(INFO, '{"a":1}', {"a": 1})]


def test_json_with_an_empty_message_is_logged_as_it_came() -> None:
    line = b'{"level":"error","msg":"","path":"/a"}'
    assert read(line) == [Entry(ERROR, line.decode(), {"path": "/a"})]


def test_logfmt_has_message_and_fields() -> None:
    assert read(b'level=debug msg="two words" n=1') == [Entry(DEBUG, "two words", {"n": "1"})]


def test_a_level_behind_colours_is_seen() -> None:
    assert read(b"\x1b[31;1mERROR\x1b[0m: gone") == [Entry(ERROR, "ERROR: gone", {})]


def test_indented_lines_go_with_the_line_before() -> None:
    assert levels(b"WARNING: slow", b"  because", b"\tof this", b"ready", b"  now") == [
        WARNING,
        WARNING,
        WARNING,
        INFO,
        INFO,
    ]


def test_the_rest_of_a_long_line_has_its_level() -> None:
    reader = EntryReader()
    reader.read(Line(b"ERROR: long", is_rest=False))
    assert reader.read(Line(b" and longer", is_rest=True)) == Entry(ERROR, " and longer", {})


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"one\r", "one"),
        ("café".encode(), "café"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"a\0b", "a\\x00b"),
        (b"a\tb", "a\tb"),
        (b"10%\r20%\r", "10%\\x0d20%"),
        (b"bell\x07", "bell\\x07"),
        (b"\x1b[1;32mgreen\x1b[0m", "green"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://host\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b(Btext\x1b=", "text"),
        (b"text\x1b", "text\\x1b"),
        (b"\xc2\x9b31mred", "red"),
        (b"\xc2\x85next", "\\x85next"),
        (b"\x1b[0m", ""),
    ],
)
def test_text_is_plain(data: bytes, text: str) -> None:
    assert plain_text(data) == text


def test_a_message_in_json_may_have_several_lines_and_nothing_worse() -> None:
    assert read(rb'{"level":"error","msg":"a\n\tb\u0000\u001b[0m"}') == [
        Entry(ERROR, "a\n\tb\\x00\\x1b[0m", {})
    ]


def test_a_message_can_always_be_written() -> None:
    assert read(rb'{"msg":"\ud800"}')[0].message == "\\ud800"


FRAGMENTS = [
    b"ERROR: gone\n",
    b"  indented\n",
    b"Traceback (most recent call last):\r\n",
    b"KeyError: 'a'\n",
    b"panic: x\n",
    b"main.main()\n",
    '{"level":"warn","msg":"café"}\n'.encode(),
    b"level=debug msg=m\n",
    b"\x1b[31mred\x1b[0m \0\xff",
    b"\n",
    b"plain\n",
]


def entries(pieces: list[bytes]) -> list[Entry]:
    cutter, reader = LineCutter(Budget()), EntryReader()
    lines = [line for piece in pieces for line in cutter.feed(piece, 0.0)[0]]
    return [reader.read(line) for line in (*lines, *cutter.end()[0])]


@given(st.lists(st.sampled_from(FRAGMENTS)).map(b"".join), st.lists(st.integers(0, 200)))
def test_records_do_not_depend_on_how_their_bytes_were_split(data: bytes, at: list[int]) -> None:
    places = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    assert entries([data[start:end] for start, end in pairwise(places)]) == entries([data])


@given(st.lists(st.binary() | st.text().map(str.encode)))
def test_all_bytes_are_text_that_can_be_written(lines: list[bytes]) -> None:
    for entry in read(*lines):
        entry.message.encode()
        assert not set(entry.message) & {"\0", "\r", "\x1b"}
