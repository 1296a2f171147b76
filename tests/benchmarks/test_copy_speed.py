from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from storagedriver.benchmarks.copy_speed import COPY, EACH_SYNCED, SYNC, Speed, Speeds
from storagedriver.benchmarks.programs import ProgramError
from storagedriver.benchmarks.sync_trees import LARGE, OBJECTS, Source, make_source


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return make_source(tmp_path / "source", objects=3, large_bytes=2000, seed=1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "copies"
    place.mkdir()
    return place


def speeds(source: Source, place: Path, program: str = "cp") -> Speeds:
    def sync(part: str, to: Path) -> Sequence[str]:
        return (program, "-r", str(source.root / part), str(to))

    return Speeds(source, place, sync=sync, jobs=2, limit_seconds=60, tell=lambda text: None)


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_each_way_copies_the_whole_part_each_time(source: Source, place: Path) -> None:
    speed = speeds(source, place).measure(OBJECTS, rounds=2)
    copies = list(place.iterdir())
    assert len(copies) == 2 * len(speed.seconds)
    assert all(contents(copy) == contents(source.root / OBJECTS) for copy in copies)
    assert all(len(seconds) == 2 for seconds in speed.seconds.values())
    assert {COPY, EACH_SYNCED, SYNC} <= set(speed.seconds)


def test_large_copies_do_not_stay(source: Source, place: Path) -> None:
    speeds(source, place).measure(LARGE, rounds=1)
    assert list(place.iterdir()) == []


def test_a_way_that_fails_has_no_speed(source: Source, place: Path) -> None:
    with pytest.raises(ProgramError):
        speeds(source, place, "false").measure(OBJECTS, rounds=1)


def test_ratios_are_those_of_each_round() -> None:
    speed = Speed("objects", {SYNC: [3.0, 8.0, 4.0], COPY: [1.0, 2.0, 2.0]})
    ratios = speed.ratios(COPY)
    assert ratios is not None
    assert (ratios.median, ratios.least, ratios.most) == (3, 2, 4)
