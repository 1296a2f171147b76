from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import msgpack  # type: ignore[import-untyped]  # it has no types of its own
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagedriver.contract import ProtocolError
from storagedriver.ipc.codec import ListingDecoder, decode, encode, encode_listing
from storagedriver.ipc.limits import (
    INLINE_CONTENT_BYTES,
    MAX_CREDIT_BYTES,
    MAX_HEADER_BYTES,
    MAX_ID,
)
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    Content,
    Credit,
    End,
    Message,
    Request,
    Response,
    Start,
    Wire,
)

pack = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]

# Nothing is kept between runs, and a loaded machine may be slow.
quiet = settings(database=None, deadline=None)

MEBIBYTE = 1 << 20

ids = st.integers(0, MAX_ID)
# UTF-8 has no surrogates, so neither has the wire.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=20)
)
values: st.SearchStrategy[Wire] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)
maps = st.dictionaries(texts, values, max_size=5)
# On both sides of the length up to which content stands in the header.
contents = st.one_of(
    st.binary(min_size=1, max_size=50),
    st.integers(INLINE_CONTENT_BYTES - 1, INLINE_CONTENT_BYTES + 1).map(bytes),
)
some_content = st.none() | contents

messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Attach, texts, texts, ids),
    st.builds(Request, ids, texts, maps, some_content),
    st.builds(Response, ids, st.none(), st.none() | maps, some_content),
    st.builds(Response, ids, maps, st.none()),
    st.builds(Start, ids, maps),
    st.builds(Chunk, ids, contents),
    st.builds(Credit, ids, st.integers(1, MAX_CREDIT_BYTES)),
    st.builds(End, ids, some_content),
    st.builds(Cancel, ids),
    st.just(Close()),
)


@quiet
@given(messages)
def test_every_message_comes_back_as_it_was(message: Message) -> None:
    assert decode(*encode(message)) == message


@quiet
@given(messages)
def test_a_header_may_be_a_memoryview(message: Message) -> None:
    header, content = encode(message)
    assert decode(memoryview(header), content) == message


def is_message_or_protocol_error(header: bytes, content: Content | None) -> bool:
    try:
        message = decode(header, content)
    except ProtocolError:
        return True
    # Whatever is accepted can be sent on. The kinds are compared, as a NaN is never equal.
    return decode(*encode(message)).kind is message.kind


@quiet
@given(st.binary(max_size=200), st.none() | st.binary(max_size=10))
def test_any_bytes_are_a_message_or_a_protocol_error(header: bytes, content: bytes | None) -> None:
    assert is_message_or_protocol_error(header, content)


@quiet
@given(st.lists(scalars | maps, max_size=7), some_content)
def test_any_array_is_a_message_or_a_protocol_error(
    elements: list[Wire], content: bytes | None
) -> None:
    assert is_message_or_protocol_error(pack(elements), content)


@quiet
@given(messages, st.data())
def test_a_damaged_header_is_a_message_or_a_protocol_error(
    message: Message, data: st.DataObject
) -> None:
    header, content = encode(message)
    damaged = bytearray(header)
    damaged[data.draw(st.integers(0, len(header) - 1))] = data.draw(st.integers(0, 255))
    assert is_message_or_protocol_error(bytes(damaged), content)


@quiet
@given(messages, st.data())
def test_a_header_cut_short_is_a_protocol_error(message: Message, data: st.DataObject) -> None:
    header, content = encode(message)
    with pytest.raises(ProtocolError):
        decode(header[: data.draw(st.integers(0, len(header) - 1))], content)


def test_floats_may_be_infinite_or_no_number() -> None:
    params: dict[str, Wire] = {"a": float("inf"), "b": float("nan")}
    message = decode(*encode(Request(1, "X", params)))
    assert isinstance(message, Request)
    assert message.params["a"] == float("inf")
    assert message.params["b"] != message.params["b"]


def test_content_up_to_the_limit_stands_in_the_header() -> None:
    header, frame = encode(Chunk(1, b"x" * INLINE_CONTENT_BYTES))
    assert frame is None
    assert len(header) > INLINE_CONTENT_BYTES


def test_larger_content_becomes_the_second_frame_uncopied() -> None:
    content = b"x" * (INLINE_CONTENT_BYTES + 1)
    header, frame = encode(Chunk(1, content))
    assert frame is content
    assert header == b"\x92\x02\x01"


def test_content_may_be_a_memoryview_in_either_place() -> None:
    for size in (1, INLINE_CONTENT_BYTES + 1):
        content = memoryview(b"x" * size)
        assert decode(*encode(End(1, content))) == End(1, content)


def test_empty_content_is_none() -> None:
    assert decode(*encode(End(1, b""))) == End(1, None)


@pytest.mark.parametrize(
    "value",
    [object(), 1 << 64, -(1 << 63) - 1, "\udc80", {1, 2}, [[object()]]],
    ids=lambda value: type(value).__name__,
)
def test_what_msgpack_cannot_hold_is_a_protocol_error(value: object) -> None:
    params: dict[str, Wire] = {"a": value}  # type: ignore[dict-item]  # wrong on purpose
    with pytest.raises(ProtocolError, match="REQUEST cannot be encoded"):
        encode(Request(1, "X", params))


def test_a_failed_encoding_leaves_nothing_behind() -> None:
    with pytest.raises(ProtocolError):
        encode(Request(1, "X", {"a": "b", "c": "\udc80"}))
    assert encode(Cancel(1)) == (b"\x92\x05\x01", None)


# What [0, 1, "X", {"a": text}] takes besides the text.
OVERHEAD_BYTES = 11


def test_the_longest_header_is_encoded() -> None:
    message = Request(1, "X", {"a": "b" * (MAX_HEADER_BYTES - OVERHEAD_BYTES)})
    header, _ = encode(message)
    assert len(header) == MAX_HEADER_BYTES
    assert decode(header, None) == message


def test_a_longer_header_is_not_encoded() -> None:
    message = Request(1, "X", {"a": "b" * (MAX_HEADER_BYTES - OVERHEAD_BYTES + 1)})
    with pytest.raises(ProtocolError, match="more than 65536"):
        encode(message)


HOSTILE_HEADERS = {
    "arrays of 65,535 within each other": b"\xdc\xff\xff" * 21_845,
    "arrays of 4 thousand million within each other": b"\xdd\xff\xff\xff\xff" * 13_107,
    "arrays of 1,024 within each other": b"\xdc\x04\x00" * 21_845,
    "maps of 1,024 within each other": b"\xde\x04\x00\xa1a" * 13_107,
    "maps of 65,535 within each other": b"\xdf\x00\x00\xff\xff\xa1a" * 9_362,
    "single arrays within each other": b"\x91" * 65_536,
    "text of 4 GiB": b"\x91\xdb\xff\xff\xff\xff",
    "binary of 4 GiB": b"\x91\xc6\xff\xff\xff\xff",
    "extension of 4 GiB": b"\x91\xc9\xff\xff\xff\xff\x05",
}


def peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("header", HOSTILE_HEADERS.values(), ids=HOSTILE_HEADERS.keys())
def test_a_hostile_header_costs_little_memory(header: bytes) -> None:
    def refused() -> None:
        with pytest.raises(ProtocolError):
            decode(header, None)

    # What is declared is not what is reserved: half a gigabyte in the first case, once.
    assert peak_bytes(refused) < 16 * MEBIBYTE


def test_a_hostile_listing_costs_little_memory() -> None:
    chunk = b"\xdc\x04\x00" * (MEBIBYTE // 3)

    def refused() -> None:
        with pytest.raises(ProtocolError):
            ListingDecoder().feed(chunk)

    assert peak_bytes(refused) < 16 * MEBIBYTE


def test_threads_encode_at_once_without_mixing() -> None:
    def encode_many(id: int) -> bool:
        message = Request(id, "Stat", {"path": f"/{id}" * 100})
        return all(decode(*encode(message)) == message for _ in range(300))

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(encode_many, range(8)))


entries = st.lists(st.lists(values, max_size=4), max_size=5)


@quiet
@given(st.lists(entries, max_size=4))
def test_a_listing_comes_back_chunk_by_chunk(chunks: list[list[list[Wire]]]) -> None:
    decoder = ListingDecoder()
    for chunk in chunks:
        assert decoder.feed(encode_listing(chunk)) == chunk


@quiet
@given(entries.filter(bool), st.data())
def test_a_chunk_cut_within_an_entry_is_a_protocol_error(
    whole: list[list[Wire]], data: st.DataObject
) -> None:
    before, last = encode_listing(whole[:-1]), encode_listing(whole[-1:])
    cut = before + last[: data.draw(st.integers(1, max(1, len(last) - 1)))]
    if len(last) == 1:
        cut = before + b"\x91"
    with pytest.raises(ProtocolError, match=r"within an entry|malformed"):
        ListingDecoder().feed(cut)


@quiet
@given(st.binary(max_size=200))
def test_any_chunk_is_entries_or_a_protocol_error(chunk: bytes) -> None:
    try:
        found = ListingDecoder().feed(chunk)
    except ProtocolError:
        return
    assert all(isinstance(entry, list) for entry in found)


def test_an_empty_chunk_of_a_listing_has_no_entries() -> None:
    assert ListingDecoder().feed(b"") == []


def test_a_chunk_of_a_listing_may_be_a_memoryview() -> None:
    assert ListingDecoder().feed(memoryview(b"\x91\x05")) == [[5]]


def test_an_entry_that_msgpack_cannot_hold_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="listing cannot be encoded"):
        encode_listing([["a"], ["\udc80"]])
