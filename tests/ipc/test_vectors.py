"""The test vectors, which every language reads, hold for this implementation too."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from storagedriver.contract import (
    ERRORS_BY_CODE,
    IncompatibleVersionError,
    ProtocolError,
    StorageDriverError,
    Version,
)
from storagedriver.ipc.calls import (
    check_entries,
    check_info,
    check_params,
    check_result,
    time_from_wire,
    time_to_wire,
)
from storagedriver.ipc.codec import ListingDecoder, decode, encode, encode_listing
from storagedriver.ipc.messages import (
    Attach,
    Cancel,
    Chunk,
    Close,
    Credit,
    End,
    Kind,
    Message,
    Request,
    Response,
    Start,
    Wire,
)
from storagedriver.ipc.negotiation import negotiate
from storagedriver.ipc.wire_errors import error_from_wire

FOLDER = Path(str(import_module("storagedriver.ipc").__file__)).parent / "spec" / "vectors"

CHECKS = {"params": check_params, "result": check_result, "info": check_info}

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

# What stands in a vector depends on its file, and is used as it should be.
Vector: TypeAlias = dict[str, Any]

MESSAGES: dict[str, Callable[[Vector], Message]] = {
    "REQUEST": lambda m: Request(m["id"], m["method"], m["params"], m["content"]),
    "RESPONSE": lambda m: Response(m["id"], m["error"], m["result"], m["content"]),
    "CHUNK": lambda m: Chunk(m["id"], m["content"]),
    "CREDIT": lambda m: Credit(m["id"], m["bytes"]),
    "END": lambda m: End(m["id"], m["content"]),
    "CANCEL": lambda m: Cancel(m["id"]),
    "ATTACH": lambda m: Attach(m["token"], m["version"], m["pid"]),
    "START": lambda m: Start(m["id"], m["info"]),
    "CLOSE": lambda m: Close(),
}


def vectors(file: str, array: str, **fixed: object) -> list[Any]:
    """The vectors of an array in a file as parameters of a test, those that have the `fixed`."""
    found: list[Vector] = json.loads((FOLDER / file).read_text(encoding="ascii"))[array]
    return [
        pytest.param(vector, id=vector["name"])
        for vector in found
        if fixed.items() <= vector.items()
    ]


def from_bytes(parts: Json) -> bytes:
    """The bytes that a vector writes as hex, or as parts of it that may be repeated."""
    match parts:
        case str():
            return bytes.fromhex(parts)
        case [str() as digits, int() as times]:
            return bytes.fromhex(digits) * times
        case list():
            return b"".join(map(from_bytes, parts))
        case _:
            raise TypeError(f"no bytes: {parts!r}")


def content_of(vector: Vector) -> bytes | None:
    return None if vector["content"] is None else from_bytes(vector["content"])


def meaning_of(value: Json) -> Wire:
    """The value that a vector writes as JSON."""
    match value:
        case {"$binary": parts}:
            return from_bytes(parts)
        case {"$integer": str() as digits}:
            return int(digits)
        case {"$text": parts}:
            return from_bytes(parts).decode()
        case dict():
            return {key: meaning_of(item) for key, item in value.items()}
        case list():
            return [meaning_of(item) for item in value]
        case _:
            return value


def tagged(value: object) -> object:
    """A value that is equal to another only if both are, and true is not 1."""
    match value:
        case bool():
            return ("bool", value)
        case dict():
            return {key: tagged(item) for key, item in cast("dict[str, object]", value).items()}
        case list() | tuple():
            return [tagged(item) for item in cast("list[object]", value)]
        case _:
            return value


def parts_of(message: Message) -> object:
    names = ["kind", *message.__slots__]
    return tagged({name: getattr(message, name) for name in names})


def wire_of(data: bytes) -> Wire:
    """Decode any one value, as an entry of a listing may hold it."""
    return ListingDecoder().feed(b"\x91" + data)[0][0]


def map_of(vector: Vector) -> dict[str, Wire]:
    value = wire_of(from_bytes(vector["bytes"]))
    assert isinstance(value, dict)
    return value


def map_meant_by(value: Json) -> Vector:
    meaning = meaning_of(value)
    assert isinstance(meaning, dict)
    return meaning


def expected_message(vector: Vector) -> Message:
    meaning = map_meant_by(vector["message"])
    return MESSAGES[meaning["kind"]](meaning)


@pytest.mark.parametrize("vector", vectors("messages.json", "accept"))
def test_a_message_means_what_the_vector_says(vector: Vector) -> None:
    message = decode(from_bytes(vector["header"]), content_of(vector))
    assert parts_of(message) == parts_of(expected_message(vector))


@pytest.mark.parametrize("vector", vectors("messages.json", "accept", canonical=True))
def test_a_canonical_message_is_encoded_to_these_very_bytes(vector: Vector) -> None:
    encoded = encode(expected_message(vector))
    assert encoded == (from_bytes(vector["header"]), content_of(vector))


@pytest.mark.parametrize("vector", vectors("rejects.json", "reject"))
def test_a_message_that_breaks_a_rule_is_a_protocol_error(vector: Vector) -> None:
    with pytest.raises(ProtocolError):
        decode(from_bytes(vector["header"]), content_of(vector))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_accepted_in_one_vector_and_refused_in_another(kind: Kind) -> None:
    accepted = {param.values[0]["message"]["kind"] for param in vectors("messages.json", "accept")}
    refused = {param.id.split(":")[0].upper() for param in vectors("rejects.json", "reject")}
    assert kind.name in accepted
    assert kind.name in refused


@pytest.mark.parametrize("vector", vectors("calls.json", "accept"))
def test_a_map_of_a_call_means_what_the_vector_says(vector: Vector) -> None:
    checked = CHECKS[vector["part"]](vector["method"], map_of(vector))
    assert tagged(checked) == tagged(meaning_of(vector["meaning"]))


@pytest.mark.parametrize("vector", vectors("calls.json", "reject"))
def test_a_map_that_does_not_fit_its_call_is_a_protocol_error(vector: Vector) -> None:
    with pytest.raises(ProtocolError):
        CHECKS[vector["part"]](vector["method"], map_of(vector))


@pytest.mark.parametrize("vector", vectors("errors.json", "accept"))
def test_an_error_means_what_the_vector_says(vector: Vector) -> None:
    error = error_from_wire(map_of(vector))
    meaning = map_meant_by(vector["meaning"])
    assert type(error) is ERRORS_BY_CODE.get(vector["class"], StorageDriverError)
    fields = error.fields if error.stored is None else {**error.fields, "stored": error.stored}
    assert tagged(fields) == tagged(meaning["fields"])
    assert error.code == meaning["code"]
    assert error.temporary is meaning["temporary"]
    assert error.driver == meaning["driver"]
    assert error.message == meaning["message"] or (meaning["message"] is None and error.message)


@pytest.mark.parametrize("vector", vectors("errors.json", "reject"))
def test_an_error_without_a_code_is_a_protocol_error(vector: Vector) -> None:
    with pytest.raises(ProtocolError):
        error_from_wire(map_of(vector))


def decode_listing(vector: Vector) -> list[list[Wire]]:
    decoder = ListingDecoder()
    entries: list[list[Wire]] = []
    for chunk in vector["chunks"]:
        entries += check_entries(vector["method"], decoder.feed(from_bytes(chunk)))
    return entries


@pytest.mark.parametrize("vector", vectors("listings.json", "accept"))
def test_a_listing_means_what_the_vector_says(vector: Vector) -> None:
    entries = decode_listing(vector)
    assert tagged(entries) == tagged(meaning_of(vector["entries"]))
    # What we would send for the same entries means the same.
    assert tagged(ListingDecoder().feed(encode_listing(entries))) == tagged(entries)


@pytest.mark.parametrize("vector", vectors("listings.json", "reject"))
def test_a_malformed_listing_is_a_protocol_error(vector: Vector) -> None:
    with pytest.raises(ProtocolError):
        decode_listing(vector)


@pytest.mark.parametrize("vector", vectors("versions.json", "accept"))
def test_a_version_means_what_the_vector_says(vector: Vector) -> None:
    assert Version.parse(vector["text"]) == Version(vector["major"], vector["minor"])


@pytest.mark.parametrize("vector", vectors("versions.json", "reject"))
def test_a_malformed_version_is_refused(vector: Vector) -> None:
    with pytest.raises(ValueError, match="two unsigned numbers"):
        Version.parse(vector["text"])


@pytest.mark.parametrize("vector", vectors("versions.json", "agree"))
def test_two_versions_agree_as_the_vector_says(vector: Vector) -> None:
    driver, host, oldest = (Version.parse(vector[name]) for name in ("driver", "host", "oldest"))
    if vector["speak"] is None:
        with pytest.raises(IncompatibleVersionError):
            negotiate(driver, host=host, oldest=oldest)
    else:
        assert str(negotiate(driver, host=host, oldest=oldest)) == vector["speak"]


@pytest.mark.parametrize("vector", vectors("times.json", "accept"))
def test_a_time_means_what_the_vector_says(vector: Vector) -> None:
    assert time_from_wire(wire_of(from_bytes(vector["bytes"]))) == datetime.fromisoformat(
        vector["meaning"]
    )


@pytest.mark.parametrize("vector", vectors("times.json", "accept", canonical=True))
def test_a_canonical_time_is_written_with_these_very_numbers(vector: Vector) -> None:
    wire = wire_of(from_bytes(vector["bytes"]))
    assert tagged(time_to_wire(datetime.fromisoformat(vector["meaning"]))) == tagged(wire)


@pytest.mark.parametrize("vector", vectors("times.json", "reject"))
def test_a_malformed_time_is_a_protocol_error(vector: Vector) -> None:
    with pytest.raises(ProtocolError):
        time_from_wire(wire_of(from_bytes(vector["bytes"])))


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_names_are_unique_in_each_file(path: Path) -> None:
    file: dict[str, str | list[Vector]] = json.loads(path.read_text(encoding="ascii"))
    arrays = [value for value in file.values() if isinstance(value, list)]
    names = [vector["name"] for array in arrays for vector in array]
    assert len(names) == len(set(names))


def test_numbers_of_vectors_are_compared_by_value_but_true_is_not_1() -> None:
    assert tagged(5) == tagged(5.0)
    assert tagged([True]) != tagged([1])
