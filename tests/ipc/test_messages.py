from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from storagedriver.ipc.messages import Chunk, Credit, End, Kind, Message, Request, Response


def test_every_kind_has_one_message() -> None:
    kinds = [message.kind for message in get_args(Message)]
    assert sorted(kinds) == sorted(Kind)


def test_messages_are_equal_by_what_they_say() -> None:
    assert Chunk(1, b"x") == Chunk(1, memoryview(b"x"))
    assert Chunk(1, b"x") != Chunk(2, b"x")


def test_messages_of_different_kinds_are_not_equal() -> None:
    end: object = End(1, b"x")
    assert end != Chunk(1, b"x")


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Credit(1, 5), "size_bytes", 6)  # noqa: B010 - a plain assignment is a type error


def test_content_is_none_unless_given() -> None:
    assert Request(1, "Stat", {}).content is None
    assert Response(1, None, {}).content is None
    assert End(1).content is None
