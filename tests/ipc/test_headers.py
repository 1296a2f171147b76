from __future__ import annotations

import pytest

from storagedriver.contract import ProtocolError
from storagedriver.ipc.headers import elements_of, shape_of
from storagedriver.ipc.messages import Chunk, Close, Content, End, Message, Request, Response, Wire


def message_of(elements: list[Wire], frame: Content | None = None) -> Message:
    return shape_of(elements).message(elements, frame)


def refusal(elements: list[Wire], frame: Content | None = None) -> str:
    with pytest.raises(ProtocolError) as caught:
        message_of(elements, frame)
    return caught.value.detail


def test_content_comes_apart_from_the_elements() -> None:
    content = b"x"
    elements, beside = elements_of(Request(1, "PutContent", {"path": "/a"}, content))
    assert elements == [0, 1, "PutContent", {"path": "/a"}]
    assert beside is content


def test_a_chunk_without_content_is_not_made() -> None:
    with pytest.raises(ProtocolError, match="empty"):
        elements_of(Chunk(1, b""))


def test_an_error_with_content_is_not_made() -> None:
    with pytest.raises(ProtocolError, match="error and content"):
        elements_of(Response(1, {"code": "Internal"}, None, b"x"))


def test_an_error_with_empty_content_is_made() -> None:
    assert elements_of(Response(1, {"code": "Internal"}, None, b""))[0][0] == 1


REFUSALS: list[tuple[list[Wire], bytes | None, str]] = [
    ([], None, "a header must begin with the number of a kind of message"),
    ([9], None, "a header must begin with the number of a kind of message"),
    ([0, 1], None, "REQUEST[2] is missing"),
    ([0, 1, 5, {}], None, "REQUEST[2]: method must be a text"),
    ([0, 1, "Stat", []], None, "REQUEST[3]: params must be a map"),
    ([0, 1, "Stat", {}, "x"], None, "REQUEST[4]: content must be nil or binary"),
    (
        [0, 1, "Stat", {}, b"x"],
        b"y",
        "REQUEST[4]: content stands here and in a second frame",
    ),
    ([0, -1, "Stat", {}], None, "REQUEST[1]: id must be an integer from 0 to 4294967295"),
    ([1, 1, "x", None], None, "RESPONSE[2]: error must be nil or a map"),
    ([1, 1, None, 5], None, "RESPONSE[3]: result must be nil or a map"),
    ([1, 1, {}, None, b"x"], None, "RESPONSE[4]: an error has no content"),
    ([2, 1], None, "CHUNK[2]: a chunk must have content"),
    ([3, 1, 0], None, "CREDIT[2]: bytes must be an integer from 1 to 9007199254740992"),
    ([6, 1, "0.1", 7], None, "ATTACH[1]: token must be a text"),
    ([6, "k", 1, 7], None, "ATTACH[2]: version must be a text"),
    ([6, "k", "0.1", "7"], None, "ATTACH[3]: pid must be an integer from 0 to 4294967295"),
    ([7, 1, None], None, "START[2]: info must be a map"),
    ([8], b"x", "CLOSE has no content, but came with a second frame"),
]


@pytest.mark.parametrize(("elements", "frame", "detail"), REFUSALS)
def test_a_refusal_names_the_place(elements: list[Wire], frame: bytes | None, detail: str) -> None:
    assert refusal(elements, frame) == detail


def test_elements_of_later_versions_are_ignored() -> None:
    assert message_of([8, "later", {}]) == Close()
    assert message_of([4, 1, None, "later"]) == End(1)


def test_the_second_frame_is_not_copied() -> None:
    frame = memoryview(b"x" * 100)
    message = message_of([2, 1], frame)
    assert isinstance(message, Chunk)
    assert message.content is frame
