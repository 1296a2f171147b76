from __future__ import annotations

import pytest

from storagedriver.benchmarks.soak.shared import SharedObjects, Version, content_of, version_of

PATH = "/s"


@pytest.fixture
def shared() -> SharedObjects:
    return SharedObjects([PATH, "/other"])


def acknowledged(shared: SharedObjects) -> Version:
    version = shared.begin(PATH, "t1")
    shared.acknowledge(version)
    return version


def judge(shared: SharedObjects, version: Version, floor: float | None = None) -> str | None:
    floor = shared.floor(PATH) if floor is None else floor
    return shared.judge(PATH, content_of(version, b"body"), floor)


def test_a_content_tells_what_it_is() -> None:
    assert version_of(content_of(Version(7, PATH, "t1", 0.0), b"some\nbytes")) == 7


@pytest.mark.parametrize("wrong", [b"", b"7 t1 4", b"7 t1 4 abc\nbody"])
def test_what_is_no_content_is_not_taken_for_one(wrong: bytes) -> None:
    assert version_of(wrong) is None


def test_a_mixture_is_not_taken_for_a_content() -> None:
    first = content_of(Version(1, PATH, "t1", 0.0), b"a" * 100)
    second = content_of(Version(2, PATH, "t2", 0.0), b"b" * 100)
    assert version_of(first[:150] + second[150:]) is None
    assert version_of(first[:-1]) is None


def test_what_was_written_last_is_right(shared: SharedObjects) -> None:
    acknowledged(shared)
    assert judge(shared, acknowledged(shared)) is None


def test_what_was_replaced_must_not_be_back(shared: SharedObjects) -> None:
    old = acknowledged(shared)
    acknowledged(shared)
    assert "is back" in str(judge(shared, old))


def test_a_read_that_began_before_may_see_what_was_replaced(shared: SharedObjects) -> None:
    old = acknowledged(shared)
    floor = shared.floor(PATH)
    acknowledged(shared)
    assert judge(shared, old, floor) is None


def test_of_two_writes_at_once_either_stays(shared: SharedObjects) -> None:
    first, second = shared.begin(PATH, "t1"), shared.begin(PATH, "t2")
    shared.acknowledge(second)
    shared.acknowledge(first)
    assert judge(shared, first) is None
    assert judge(shared, second) is None


def test_a_write_whose_outcome_is_unknown_is_not_done_later(shared: SharedObjects) -> None:
    unknown = shared.begin(PATH, "t1")
    shared.end_unknown(unknown)
    assert judge(shared, unknown) is None
    acknowledged(shared)
    assert "is back" in str(judge(shared, unknown))


def test_a_write_that_was_refused_must_not_be_there(shared: SharedObjects) -> None:
    refused = shared.begin(PATH, "t1")
    shared.refuse(refused)
    assert "never written" in str(judge(shared, refused))


def test_a_content_of_another_object_is_wrong(shared: SharedObjects) -> None:
    other = shared.begin("/other", "t1")
    shared.acknowledge(other)
    assert "/other" in str(judge(shared, other))
