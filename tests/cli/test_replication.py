from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
import pytest

from storagedriver.cli.comparing import Side
from storagedriver.cli.copying import SMALL_BYTES
from storagedriver.cli.progress import ObjectProgress
from storagedriver.cli.replication import COMPARING, COPYING, Replication
from storagedriver.cli.tally import Tally
from storagedriver.contract import (
    FileInfo,
    PathNotFoundError,
    ReadStream,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.contract.features import FLAT_NAMESPACE
from storagedriver.drivers.inmemory import InMemoryDriver

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LARGE = bytes(SMALL_BYTES + 1)


def holding(*paths: str, content: bytes = b"x") -> InMemoryDriver:
    driver = InMemoryDriver()
    for path in paths:
        driver.put_content(path, content)
    return driver


def paths_of(driver: StorageDriver) -> list[str]:
    return [info.path for info in driver.walk("/")]


class Run:
    """One replication from a driver to another, and what it told."""

    def __init__(
        self,
        source: StorageDriver,
        destination: StorageDriver,
        capsys: pytest.CaptureFixture[str],
        *,
        verify: bool = False,
        kinds: Iterable[str] = COPYING,
    ) -> None:
        self.shown = 0
        self._capsys = capsys
        self._counting = threading.Lock()
        self._tally = Tally(*kinds)
        progress = ObjectProgress(lambda size_bytes: None, self._count)
        self.replication = Replication(
            Side(source, "/"), Side(destination, "/"), self._tally, progress, 2, verify
        )

    def told(self, *kinds: str) -> tuple[object, ...]:
        with click.Context(click.Command("x")) as context:
            try:
                with self._tally.telling(context, as_json=True):
                    pass
            except click.exceptions.Exit:
                pass
        told = json.loads(self._capsys.readouterr().out)
        return tuple(told[kind] for kind in kinds)

    def _count(self, objects: int) -> None:
        with self._counting:
            self.shown += objects


def test_every_object_is_copied_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    source, destination = holding("/a", "/b/c"), InMemoryDriver()
    source.put_content("/large", LARGE)
    run = Run(source, destination, capsys)
    run.replication.copy_all()
    assert run.shown == 3
    assert run.told("copied", "failed", "bytes") == (3, 0, 2 + len(LARGE))
    assert paths_of(destination) == ["/a", "/b/c", "/large"]


def test_a_small_object_is_one_call_each_way(capsys: pytest.CaptureFixture[str]) -> None:
    class Watched(InMemoryDriver):
        def stat(self, path: str) -> FileInfo:
            stats.append(path)
            return super().stat(path)

    stats: list[str] = []
    source = Watched()
    for number in range(50):
        source.put_content(f"/{number:02}", b"x")
    run = Run(source, InMemoryDriver(), capsys)
    run.replication.sync(delete=False, checksum=False)
    assert run.told("copied") == (50,)
    assert stats == ["/00"]


@pytest.mark.parametrize("content", [b"new", LARGE])
def test_a_source_that_changes_behind_its_copy_is_copied_again(
    capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    class Meddled(InMemoryDriver):
        def put_content(self, path: str, content: ReadableBuffer) -> None:
            super().put_content(path, content)
            if changes:
                source.put_content(path, changes.pop())

    changes = [content]
    source, destination = holding("/a", content=b"old"), Meddled()
    run = Run(source, destination, capsys)
    run.replication.sync(delete=False, checksum=False)
    assert destination.get_content("/a") == content
    assert run.told("copied", "failed", "bytes") == (1, 0, 3 + len(content))


def test_a_source_that_vanishes_behind_its_copy_has_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Meddled(InMemoryDriver):
        def put_content(self, path: str, content: ReadableBuffer) -> None:
            super().put_content(path, content)
            source.delete(path)

    source = holding("/a")
    run = Run(source, Meddled(), capsys)
    run.replication.sync(delete=False, checksum=False)
    assert run.told("copied", "failed") == (0, 1)


def test_a_source_that_has_grown_large_since_the_walk_arrives(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Growing(InMemoryDriver):
        def read_stream(self, path: str, offset: int = 0) -> ReadStream:
            if self.stat(path).size == 1:
                self.put_content(path, LARGE)
            return super().read_stream(path, offset)

    source, destination = Growing(), InMemoryDriver()
    source.put_content("/a", b"x")
    run = Run(source, destination, capsys)
    run.replication.sync(delete=False, checksum=False)
    assert run.told("copied", "failed", "bytes") == (1, 0, len(LARGE))
    assert destination.get_content("/a") == LARGE


def test_verified_copies_are_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    class Lying(InMemoryDriver):
        def put_content(self, path: str, content: ReadableBuffer) -> None:
            super().put_content(path, b"else")

    run = Run(holding("/a"), Lying(), capsys, verify=True)
    run.replication.copy_all()
    assert run.told("copied", "failed") == (0, 1)


def test_one_failure_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Failing(InMemoryDriver):
        def put_content(self, path: str, content: ReadableBuffer) -> None:
            if path == "/b":
                raise StorageDriverError("no")
            super().put_content(path, content)

    destination = Failing()
    run = Run(holding("/a", "/b", "/c"), destination, capsys)
    run.replication.sync(delete=False, checksum=False)
    assert run.shown == 3
    assert run.told("copied", "failed", "failures") == (
        2,
        1,
        [{"path": "/b", "reason": "Internal: no"}],
    )
    assert paths_of(destination) == ["/a", "/c"]


def test_a_bug_ends_all(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(InMemoryDriver):
        def put_content(self, path: str, content: ReadableBuffer) -> None:
            raise LookupError("a bug")

    run = Run(holding("/a"), Broken(), capsys)
    with pytest.raises(LookupError):
        run.replication.copy_all()


@pytest.mark.parametrize("checksum", [False, True])
def test_what_is_the_same_is_left_alone(capsys: pytest.CaptureFixture[str], checksum: bool) -> None:
    source = holding("/a", "/b")
    destination = holding("/a", "/b")
    before = destination.stat("/a").mod_time
    run = Run(source, destination, capsys)
    run.replication.sync(delete=False, checksum=checksum)
    assert run.shown == 2
    assert run.told("copied", "skipped", "bytes") == (0, 2, 0)
    assert destination.stat("/a").mod_time == before


def test_a_file_above_and_below_which_objects_come_is_replaced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, destination = holding("/a/b", "/c"), holding("/a", "/c/d")
    run = Run(source, destination, capsys)
    run.replication.sync(delete=True, checksum=False)
    assert run.told("copied", "deleted", "failed") == (2, 2, 0)
    assert paths_of(destination) == ["/a/b", "/c"]


def test_a_directory_in_the_way_stays_where_nothing_may_be_deleted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    destination = holding("/a/b")
    run = Run(holding("/a"), destination, capsys)
    run.replication.sync(delete=False, checksum=False)
    assert run.told("copied", "failed") == (0, 1)
    assert paths_of(destination) == ["/a/b"]


def test_an_object_above_others_is_not_deleted_with_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Flat(InMemoryDriver):
        features = InMemoryDriver.features | {FLAT_NAMESPACE}

        def list(self, path: str) -> list[str]:
            return ["/a/b"] if path == "/a" else super().list(path)

    # Only such a store can hold both.
    destination = Flat()
    destination.put_content("/a", b"")
    run = Run(InMemoryDriver(), destination, capsys)
    run.replication.sync(delete=True, checksum=False)
    assert run.told("deleted", "failed") == (0, 1)
    assert paths_of(destination) == ["/a"]


def test_every_difference_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    source, destination = holding("/a", "/b", "/c"), holding("/a", "/b", "/d")
    destination.put_content("/b", b"y")
    run = Run(source, destination, capsys, kinds=COMPARING)
    run.replication.compare()
    assert run.told(*COMPARING) == (1, 1, 1, 1, 0, 4)


def test_a_missing_source_is_an_error_of_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(InMemoryDriver(), InMemoryDriver(), capsys)
    run.replication.source = Side(InMemoryDriver(), "/none")
    with pytest.raises(PathNotFoundError):
        run.replication.copy_all()
