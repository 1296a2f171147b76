from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storagedriver.cli import comparing
from storagedriver.cli.comparing import Side, pairs, seems_same
from storagedriver.contract import (
    FileInfo,
    FileInfoFields,
    NotADirectoryError,
    PathNotFoundError,
    ProtocolError,
)
from storagedriver.drivers.inmemory import InMemoryDriver

NOW = datetime(2015, 1, 1, tzinfo=UTC)


def holding(*paths: str) -> InMemoryDriver:
    driver = InMemoryDriver()
    for path in paths:
        driver.put_content(path, b"")
    return driver


def test_both_sides_are_met_in_byte_order_of_the_path() -> None:
    source = Side(holding("/s/a", "/s/a-b", "/s/a.b/c", "/s/b/c"), "/s")
    destination = Side(holding("/a-b", "/a/b", "/b/c", "/c"), "/")
    met = [
        (p.path, p.source is not None, p.destination is not None)
        for p in pairs(source.walk(), destination.walk())
    ]
    assert met == [
        ("/a", True, False),
        ("/a-b", True, True),
        ("/a.b/c", True, False),
        ("/a/b", False, True),
        ("/b/c", True, True),
        ("/c", False, True),
    ]


def test_a_missing_directory_is_empty_where_it_may_be_missing() -> None:
    side = Side(holding("/file"), "/none")
    assert list(side.walk(may_be_missing=True)) == []
    with pytest.raises(PathNotFoundError):
        side.walk()


def test_a_file_is_no_directory_that_is_missing() -> None:
    with pytest.raises(NotADirectoryError):
        Side(holding("/file"), "/file").walk(may_be_missing=True)


def test_a_walk_out_of_order_is_refused() -> None:
    class Disordered(InMemoryDriver):
        def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
            return (FileInfoFields(path, 0, NOW, is_dir=False) for path in ("/b", "/a"))

    with pytest.raises(ProtocolError, match="/a out of byte order"):
        list(Side(Disordered(), "/").walk())


@pytest.mark.parametrize(
    ("size", "age_seconds", "same"),
    [(1, 0, True), (1, -1, True), (1, 1, False), (2, 0, False), (1, None, False)],
)
def test_what_seems_the_same(size: int, age_seconds: int | None, same: bool) -> None:
    source = FileInfoFields("/a", 1, NOW, is_dir=False)
    time = None if age_seconds is None else NOW - timedelta(seconds=age_seconds)
    assert seems_same(source, FileInfoFields("/a", size, time, is_dir=False)) is same


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_no_walk_is_open_while_objects_are_worked_on(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    class Watched(InMemoryDriver):
        open_walks = 0

        def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
            self.open_walks += 1
            try:
                yield from super().walk(path, start_after)
            finally:
                self.open_walks -= 1

    monkeypatch.setattr(comparing, "BATCH_OBJECTS", 2)
    driver = Watched()
    paths = [f"/{number}" for number in range(count)]
    for path in paths:
        driver.put_content(path, b"")
    met: list[str] = []
    for path, _ in Side(driver, "/").walk():
        assert driver.open_walks == 0
        met.append(path)
    assert met == paths


def test_a_directory_that_is_emptied_on_the_way_ends_where_it_may_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(comparing, "BATCH_OBJECTS", 2)
    driver = holding("/d/1", "/d/2")
    for path, _ in Side(driver, "/d").walk(may_be_missing=True):
        driver.delete(f"/d{path}")
    driver = holding("/d/1", "/d/2")
    walk = Side(driver, "/d").walk()
    assert [next(walk)[0], next(walk)[0]] == ["/1", "/2"]
    driver.delete("/d")
    with pytest.raises(PathNotFoundError):
        next(walk)
