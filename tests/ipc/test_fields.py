"""Typed access to the maps of a message."""

from __future__ import annotations

import pytest

from storagedriver.contract import ProtocolError
from storagedriver.ipc.fields import blob, count, flag, text, texts
from storagedriver.ipc.messages import Wire

FIELDS: dict[str, Wire] = {
    "count": 3,
    "float": 3.0,
    "flag": True,
    "text": "t",
    "texts": ["a", "b", 3],
    "blob": b"b",
    "nil": None,
}


def test_what_is_there_is_returned() -> None:
    assert count(FIELDS, "count") == 3
    assert text(FIELDS, "text") == "t"
    assert texts(FIELDS, "texts") == {"a", "b"}
    assert flag(FIELDS, "flag") is True
    assert blob(FIELDS, "blob") == b"b"


@pytest.mark.parametrize("name", ["absent", "nil", "flag", "float", "text"])
def test_what_is_no_count_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError, match=f"{name} is not a whole number"):
        count(FIELDS, name)


@pytest.mark.parametrize("name", ["absent", "nil", "count", "blob"])
def test_what_is_no_text_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError, match=f"{name} is not a text"):
        text(FIELDS, name)


@pytest.mark.parametrize("name", ["absent", "nil", "text"])
def test_what_is_no_list_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError, match=f"{name} is not a list"):
        texts(FIELDS, name)


@pytest.mark.parametrize("name", ["absent", "nil", "count", "text"])
def test_what_is_optional_has_a_neutral_value(name: str) -> None:
    assert flag(FIELDS, name) is False
    assert blob(FIELDS, name) == b""
