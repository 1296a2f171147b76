from __future__ import annotations

from random import Random

import pytest

from storagedriver.benchmarks.soak.material import Content, Material

ABC_DEF = Content((memoryview(b"abc"), memoryview(b"def")))


@pytest.mark.parametrize("size", range(8))
def test_the_first_bytes_of_a_content(size: int) -> None:
    assert ABC_DEF.first(size).to_bytes() == b"abcdef"[:size]


@pytest.mark.parametrize("offset", range(7))
@pytest.mark.parametrize("size", range(7))
def test_what_stands_in_a_content_is_held(offset: int, size: int) -> None:
    assert ABC_DEF.holds(b"abcdef"[offset : offset + size], offset)


@pytest.mark.parametrize(
    ("data", "offset"), [(b"x", 0), (b"abd", 0), (b"cx", 2), (b"deg", 3), (b"fg", 5), (b"a", 6)]
)
def test_what_does_not_stand_there_is_not_held(data: bytes, offset: int) -> None:
    assert not ABC_DEF.holds(data, offset)


def test_a_part_is_not_the_whole() -> None:
    assert ABC_DEF.equals(b"abcdef")
    assert not ABC_DEF.equals(b"abcde")


def test_one_seed_gives_the_same_contents_again() -> None:
    first, second = (Material(5).piece(Random(1), 1000).to_bytes() for _ in range(2))
    assert first == second != Material(6).piece(Random(1), 1000).to_bytes()
