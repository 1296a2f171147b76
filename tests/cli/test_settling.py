from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from storagedriver.cli import settling
from storagedriver.cli.comparing import Side
from storagedriver.cli.settling import Noted, Settling
from storagedriver.contract import FileInfo, FileInfoFields, StorageDriverError
from storagedriver.drivers.inmemory import InMemoryDriver


class Watched(InMemoryDriver):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.stats = 0
        self.walks = True

    def stat(self, path: str) -> FileInfo:
        self.stats += 1
        return super().stat(path)

    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        if not self.walks:
            raise StorageDriverError("no walk now")
        return super().walk(path, start_after)


@pytest.fixture
def driver() -> Watched:
    driver = Watched()
    for number in range(100):
        driver.put_content(f"/d/{number:03}", b"content")
    return driver


def seen(driver: Watched) -> tuple[Settling, Noted]:
    """All objects, as a walk has found them."""
    side = Side(driver, "/d")
    return Settling(side), dict(side.walk())


def test_what_is_as_it_was_has_not_changed(driver: Watched) -> None:
    looking, noted = seen(driver)
    assert looking.changed(noted) == []
    assert driver.stats == 1  # for the first: a walk starts after a path


@pytest.mark.parametrize("number", [0, 1, 99])
def test_another_size_time_or_nothing_at_all_is_a_change(driver: Watched, number: int) -> None:
    path = f"/{number:03}"
    looking, noted = seen(driver)
    driver.put_content(f"/d{path}", b"other content")
    assert looking.changed(noted) == [path]

    looking, noted = seen(driver)
    info, hour = noted[path], timedelta(hours=1)
    assert info.mod_time is not None
    noted[path] = FileInfoFields(info.path, info.size, info.mod_time - hour, is_dir=False)
    assert looking.changed(noted) == [path]

    looking, noted = seen(driver)
    driver.delete(f"/d{path}")
    assert looking.changed(noted) == [path]


def test_without_a_walk_each_is_asked_for(driver: Watched) -> None:
    looking, noted = seen(driver)
    driver.put_content("/d/050", b"other content")
    driver.walks = False
    assert looking.changed(noted) == ["/050"]


def test_a_few_among_many_are_asked_for(driver: Watched) -> None:
    looking, noted = seen(driver)
    driver.put_content("/d/099", b"other content")
    assert looking.changed({path: noted[path] for path in ("/001", "/099")}) == ["/099"]
    assert driver.stats == 2


def test_all_that_is_noted_is_returned_once(
    driver: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "DUE_OBJECTS", 2)
    looking, noted = seen(driver)
    (a, of_a), (b, of_b), (c, of_c) = list(noted.items())[:3]
    assert looking.note(a, of_a) == {}
    assert looking.note(b, of_b) == {a: of_a, b: of_b}
    assert looking.note(c, of_c) == {}
    assert looking.rest() == {c: of_c}
    assert looking.changed(looking.rest()) == []
