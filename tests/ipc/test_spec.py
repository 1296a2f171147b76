"""PROTOCOL.md, which other languages are written from, says what this implementation does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from storagedriver.contract import CURRENT_VERSION, ERRORS_BY_CODE, FEATURES
from storagedriver.ipc import limits
from storagedriver.ipc.calls import CALLS, Key
from storagedriver.ipc.codec import decode, encode
from storagedriver.ipc.headers import shape_of
from storagedriver.ipc.messages import Kind, Request, Response
from storagedriver.ipc.wire_values import Type

SPEC = Path(str(import_module("storagedriver.ipc").__file__)).parent / "spec"
TEXT = (SPEC / "PROTOCOL.md").read_text(encoding="utf-8")


def table(first_column: str, *, containing: str) -> list[dict[str, str]]:
    """The rows of the table that begins with the column and has another one."""
    for block in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        head, _, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in block.strip().splitlines()
        ]
        if head[0] == first_column and containing in head:
            return [dict(zip(head, row, strict=True)) for row in rows]
    raise AssertionError(f"no table with {first_column} and {containing}")


def keys_as_written(keys: tuple[Key, ...]) -> str:
    return ", ".join(f"{key.name}: {key.type.value}{'' if key.required else '?'}" for key in keys)


def test_the_table_of_calls_is_the_table_of_the_code() -> None:
    written = {row["method"]: row for row in table("method", containing="params")}
    assert written == {
        method: {
            "method": method,
            "channel": "control" if call.control else "worker",
            "content": call.direction.value,
            "params": keys_as_written(call.params),
            "result": keys_as_written(call.result),
        }
        for method, call in CALLS.items()
    }


def test_the_table_of_infos_and_entries_is_that_of_the_code() -> None:
    written = {row["method"]: row for row in table("method", containing="info")}
    assert written == {
        method: {
            "method": method,
            "info": keys_as_written(call.info),
            "entry": keys_as_written(call.entry),
        }
        for method, call in CALLS.items()
        if call.info or call.entry
    }


def test_every_type_is_explained() -> None:
    assert [row["type"] for row in table("type", containing="what it is")] == [
        type_.value for type_ in Type
    ]


def test_the_table_of_kinds_is_that_of_the_code() -> None:
    rows = table("kind", containing="header")
    assert {row["kind"]: int(row["number"]) for row in rows} == {
        kind.name: kind.value for kind in Kind
    }
    for row in rows:
        elements = row["header"].strip("`[]").split(", ")
        shape = shape_of([int(elements[0])])
        assert len(elements) == shape.known
        assert ("content" in elements) is (shape.content_index is not None)


def test_every_error_and_its_fields_are_listed() -> None:
    written = {
        code: tuple(filter(None, row["fields"].split(", ")))
        for row in table("code", containing="fields")
        for code in row["code"].split(", ")
    }
    assert written == {code: error.field_names for code, error in ERRORS_BY_CODE.items()}


def test_every_feature_is_listed() -> None:
    assert {row["feature"] for row in table("feature", containing="meaning")} == FEATURES


def test_every_file_of_vectors_is_listed_and_there() -> None:
    written = {row["file"] for row in table("file", containing="arrays")}
    assert written == {path.name for path in (SPEC / "vectors").iterdir()}


def test_the_version_is_the_current_one() -> None:
    assert TEXT.startswith(f"# The storage driver protocol, version {CURRENT_VERSION}\n")


@pytest.mark.parametrize(
    ("phrase", "limit"),
    [
        ("one msgpack array of at most {} bytes", limits.MAX_HEADER_BYTES),
        ("Up to {} bytes of it should be in the header", limits.INLINE_CONTENT_BYTES),
        ("in a header have at most {} elements", limits.MAX_CONTAINER_ITEMS),
        ("nested at most {} levels deep", limits.MAX_NESTING_LEVELS),
        ("`id` is an integer from 0 to {}.", limits.MAX_ID),
        ("no chunk except the last is smaller than {} bytes", limits.MIN_CHUNK_BYTES),
        ("an integer from {} to 2^53, in bytes", limits.MIN_CHUNK_BYTES),
        ("text, at most {} bytes", limits.MAX_ERROR_MESSAGE_BYTES),
        ("`version` is at most {} bytes of binary", limits.MAX_VERSION_BYTES),
        ("An endpoint is shorter than {} bytes", limits.MAX_ENDPOINT_BYTES),
    ],
)
def test_the_limits_are_written_as_they_are(phrase: str, limit: int) -> None:
    text = " ".join(TEXT.split())
    assert phrase.format(limit) in text or phrase.format(f"{limit:,}") in text


def conversation() -> Iterator[tuple[str, bytes]]:
    """Who sends which header in the example conversation."""
    example = TEXT[TEXT.index("A conversation.") : TEXT.index("## 16.")]
    pattern = r"^    (host|driver) +((?:[0-9a-f ]+\n)(?:^ {12}[0-9a-f ]+\n)*)"
    for sender, digits in re.findall(pattern, example, re.MULTILINE):
        yield sender, bytes.fromhex(digits)


def test_the_conversation_is_what_would_be_sent() -> None:
    headers = list(conversation())
    assert len(headers) == 9
    for _, header in headers:
        assert encode(decode(header, None)) == (header, None)


def test_in_the_conversation_every_request_is_answered() -> None:
    messages = [(sender, decode(header, None)) for sender, header in conversation()][1:]
    for (host, request), (driver, response) in zip(messages[::2], messages[1::2], strict=True):
        assert (host, driver) == ("host", "driver")
        assert isinstance(request, Request)
        assert isinstance(response, Response)
        assert request.id == response.id
