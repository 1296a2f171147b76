from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from storagedriver.benchmarks.growth import OPEN_CALLS, STORED_OBJECTS
from storagedriver.benchmarks.work import Setting

if TYPE_CHECKING:
    from tests.benchmarks.conftest import DictionarySubject


def test_calls_are_measured_with_as_many_objects_as_the_setting_allows(
    subject: DictionarySubject, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: set[str] = set()

    def put(key: str, content: bytes) -> None:
        stored.add(key)

    def get(key: str) -> None:
        assert key in stored

    monkeypatch.setattr(subject, "put", put)
    monkeypatch.setattr(subject, "get", get)
    more = replace(setting.amounts, most_objects=10_000)
    figures = STORED_OBJECTS.function(subject, replace(setting, amounts=more))
    assert len(stored) == 10_000
    assert {item.name for item in figures} == {
        f"{call}, objects: {count}" for call in ("get", "put") for count in ("1,000", "10,000")
    }


def test_a_store_that_takes_too_long_to_fill_is_measured_no_further(
    subject: DictionarySubject, setting: Setting
) -> None:
    less = replace(setting.amounts, fill_seconds=-1)
    assert STORED_OBJECTS.function(subject, replace(setting, amounts=less)) == {}
    assert subject.log[-1] == "stop dictionary"


def test_a_call_is_measured_beside_as_many_streams_as_are_said_and_all_are_closed(
    subject: DictionarySubject, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_now = 0
    seen: set[int] = set()

    def read_stream(key: str) -> Iterator[bytes]:
        nonlocal open_now
        open_now += 1
        try:
            yield b"a"
            yield b"b"
        finally:
            open_now -= 1

    def get(key: str) -> None:
        seen.add(open_now + 1)

    monkeypatch.setattr(subject, "read_stream", read_stream)
    monkeypatch.setattr(subject, "get", get)
    figures = OPEN_CALLS.function(subject, setting)
    assert set(figures) == set(OPEN_CALLS.items)
    assert seen == {1, 8, 32, 64}
    assert open_now == 0


def test_no_more_calls_are_open_than_the_subject_takes(
    subject: DictionarySubject, setting: Setting
) -> None:
    subject.most_calls = 8
    figures = OPEN_CALLS.function(subject, setting)
    assert [item.name for item in figures] == [
        "get 4 KiB, open calls: 1",
        "get 4 KiB, open calls: 8",
    ]
