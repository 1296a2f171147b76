from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.contract import StorageDriver
from storagedriver.drivers.factory import create

if TYPE_CHECKING:
    from tests.cli.conftest import Command

PROGRAM = [sys.executable, "-m", "storagedriver.cli.main"]
LARGE = bytes(range(256)) * (3 << 12)
"""3 MiB: more than is copied by one call."""

# A source whose large object stops in the middle, while there is a fifo to tell it by.
STALLING_SOURCE = """#!{python}
import os
import threading

from storagedriver.contract import ReadStream
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.ipc.server import serve


class Stalling(ReadStream):
    def __init__(self, inner, left_bytes, fifo):
        self.size, self._inner, self._left, self._fifo = inner.size, inner, left_bytes, fifo

    def readinto1(self, buffer):
        if self._left == 0:
            open(self._fifo, "w").close()
            threading.Event().wait()
        count = self._inner.readinto1(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class Source(FilesystemDriver):
    def read_stream(self, path, offset=0):
        stream = super().read_stream(path, offset)
        fifo = {fifo!r}
        return Stalling(stream, 2 << 20, fifo) if os.path.exists(fifo) else stream


serve(Source.from_parameters, name="source", features=Source.features)
"""


class Stores:
    """Two stores with a name, `a` and `b`, in directories."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write_file("filesystem")

    def write_file(self, driver_of_a: str) -> None:
        drivers = {"a": driver_of_a, "b": "filesystem"}
        (self.root / "storagedriver.toml").write_text(
            "".join(
                f'[stores.{name}]\ndriver = "{driver}"\n'
                f'parameters = {{rootdirectory = "{self.root / name}"}}\n'
                for name, driver in drivers.items()
            )
        )

    def open(self, name: str) -> StorageDriver:
        return create("filesystem", {"rootdirectory": str(self.root / name)})

    def put(self, name: str, objects: dict[str, bytes]) -> None:
        with self.open(name) as driver:
            for path, content in objects.items():
                driver.put_content(path, content)

    def content(self, name: str) -> dict[str, bytes]:
        with self.open(name) as driver:
            return {info.path: driver.get_content(info.path) for info in driver.walk("/")}


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stores:
    monkeypatch.chdir(tmp_path)
    return Stores(tmp_path)


def counts(told: dict[str, object], *kinds: str) -> tuple[object, ...]:
    return tuple(told[kind] for kind in kinds)


@pytest.mark.parametrize("way", [[], ["--in-process"]])
def test_sync_makes_the_destination_like_the_source(
    storagedriver: Command, stores: Stores, way: list[str]
) -> None:
    objects = {"/d/a": b"small", "/d/a-b": b"", "/d/c/large": LARGE}
    stores.put("a", {**objects, "/other": b"not asked for"})
    answer = storagedriver("sync", "a:/d", "b:/copy", "--json", "--verify", *way)
    (told,) = answer.objects
    assert (answer.status, answer.stderr) == (0, "")
    assert counts(told, "copied", "skipped", "failed") == (3, 0, 0)
    assert told["bytes"] == len(LARGE) + 5
    assert stores.content("b") == {
        path.replace("/d/", "/copy/"): content for path, content in objects.items()
    }


def test_sync_again_copies_nothing(storagedriver: Command, stores: Stores) -> None:
    stores.put("a", {"/a": b"1", "/b": b"2"})
    assert storagedriver("sync", "a:", "b:").status == 0
    (told,) = storagedriver("sync", "a:", "b:", "--json").objects
    assert counts(told, "copied", "skipped", "bytes") == (0, 2, 0)


def test_sync_copies_what_is_newer_or_of_another_size(
    storagedriver: Command, stores: Stores
) -> None:
    stores.put("a", {"/a": b"1", "/b": b"2", "/c": b"3"})
    storagedriver("sync", "a:", "b:")
    stores.put("a", {"/a": b"X", "/b": b"longer"})
    (told,) = storagedriver("sync", "a:", "b:", "--json").objects
    assert counts(told, "copied", "skipped") == (2, 1)
    assert stores.content("b") == stores.content("a")


def test_sync_by_checksum_sees_what_times_hide(storagedriver: Command, stores: Stores) -> None:
    stores.put("a", {"/a": b"1", "/same": b"s"})
    stores.put("b", {"/a": b"X", "/same": b"s"})
    assert storagedriver("sync", "a:", "b:").status == 0
    assert stores.content("b")["/a"] == b"X"
    (told,) = storagedriver("sync", "a:", "b:", "--checksum", "--json").objects
    assert counts(told, "copied", "skipped") == (1, 1)
    assert stores.content("b")["/a"] == b"1"


def test_sync_deletes_only_when_told(storagedriver: Command, stores: Stores) -> None:
    stores.put("a", {"/a": b"1"})
    stores.put("b", {"/old/x": b"2", "/older": b"3"})
    storagedriver("sync", "a:", "b:")
    assert set(stores.content("b")) == {"/a", "/old/x", "/older"}
    (told,) = storagedriver("sync", "a:", "b:", "--delete", "--json").objects
    assert counts(told, "deleted", "failed") == (2, 0)
    assert stores.content("b") == {"/a": b"1"}


def test_sync_replaces_a_file_by_a_directory_and_the_other_way_round(
    storagedriver: Command, stores: Stores
) -> None:
    stores.put("a", {"/x/y": b"1", "/z": b"2"})
    stores.put("b", {"/x": b"3", "/z/y": b"4"})
    assert storagedriver("sync", "a:", "b:").status == 1
    answer = storagedriver("sync", "a:", "b:", "--delete")
    assert (answer.status, answer.stderr) == (0, "")
    assert stores.content("b") == stores.content("a")


def test_one_object_that_fails_does_not_stop_the_rest(
    storagedriver: Command, stores: Stores
) -> None:
    stores.put("a", {"/a/b": b"1", "/c": b"2"})
    stores.put("b", {"/a": b"in the way"})
    answer = storagedriver("sync", "a:", "b:", "--json")
    (told,) = answer.objects
    assert answer.status == 1
    assert counts(told, "copied", "failed") == (1, 1)
    assert '"path": "/a/b", "reason": "NotADirectory: ' in answer.stdout
    people = storagedriver("sync", "a:", "b:")
    assert people.status == 1
    assert people.stderr.startswith("storagedriver: /a/b: NotADirectory: ")
    assert people.stdout.startswith("0 copied, 1 skipped, 0 deleted, 1 failed, 0 bytes moved, ")


def test_a_source_that_is_not_there_deletes_nothing(storagedriver: Command, stores: Stores) -> None:
    stores.put("b", {"/a": b"1"})
    assert storagedriver("sync", "a:/none", "b:", "--delete").status == 1
    assert stores.content("b") == {"/a": b"1"}


@pytest.mark.parametrize("pair", [("a:", "a:/x"), ("a:/x", "a:"), ("a:/x/", "a:/x")])
def test_a_directory_and_one_in_it_is_wrong_usage(
    storagedriver: Command, stores: Stores, pair: tuple[str, str]
) -> None:
    answer = storagedriver("sync", *pair)
    assert answer.status == 2
    assert "one in the other" in answer.stderr


@pytest.mark.parametrize("command", ["sync", "verify"])
def test_what_is_no_address_is_wrong_usage(
    storagedriver: Command, stores: Stores, command: str
) -> None:
    answer = storagedriver(command, "a:", "./b")
    assert (answer.status, "./b is not STORE:/path" in answer.stderr) == (2, True)


def test_verify_tells_what_is_not_the_same(storagedriver: Command, stores: Stores) -> None:
    stores.put("a", {"/a": b"1", "/b": b"2", "/c": b"3"})
    stores.put("b", {"/a": b"1", "/b": b"X", "/d": b"4"})
    answer = storagedriver("verify", "a:", "b:", "--json")
    (told,) = answer.objects
    assert answer.status == 1
    assert counts(told, "same", "different", "missing", "extra", "failed") == (1, 1, 1, 1, 0)
    stores.put("b", {"/b": b"2", "/c": b"3"})
    with stores.open("b") as driver:
        driver.delete("/d")
    assert storagedriver("verify", "a:", "b:").status == 0
    assert storagedriver("verify", "a:/a", "b:/a").status == 0
    assert storagedriver("verify", "a:/a", "b:/b").status == 1


def test_cp_between_stores(storagedriver: Command, stores: Stores) -> None:
    stores.put("a", {"/d/a": b"1", "/d/b/c": b"2"})
    assert storagedriver("cp", "a:/d/a", "b:/x").status == 0
    assert storagedriver("cp", "a:/d/a", "b:/y/", "--verify").status == 0
    assert storagedriver("cp", "-r", "a:/d", "b:/z").status == 0
    assert stores.content("b") == {"/x": b"1", "/y/a": b"1", "/z/a": b"1", "/z/b/c": b"2"}


def test_cp_within_a_store(storagedriver: Command, stores: Stores) -> None:
    stores.put("a", {"/d/a": b"1"})
    assert storagedriver("cp", "-r", "a:/d", "a:/e").status == 0
    assert stores.content("a") == {"/d/a": b"1", "/e/a": b"1"}


def test_cp_from_and_to_local_files(storagedriver: Command, stores: Stores, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(LARGE)
    assert storagedriver("cp", "./file", "a:", "--verify").status == 0
    assert storagedriver("cp", "a:/file", tmp_path / "copy").status == 0
    assert (tmp_path / "copy").read_bytes() == LARGE


@pytest.mark.parametrize(
    "arguments", [("./a", "./b"), ("-r", "./a", "b:"), ("--verify", "a:/x", "./b"), ("-", "b:")]
)
def test_what_cp_cannot_do_is_wrong_usage(
    storagedriver: Command, stores: Stores, arguments: tuple[str, ...]
) -> None:
    assert storagedriver("cp", *arguments).status == 2


def test_cp_of_what_is_not_there(storagedriver: Command, stores: Stores) -> None:
    answer = storagedriver("cp", "a:/none", "b:/x")
    assert answer.status == 1
    assert answer.stderr.startswith("storagedriver: /none: PathNotFound: ")


class Stalled:
    """A sync that stalls in the middle of its large object."""

    def __init__(self, stores: Stores, fifo: Path, drivers: Path) -> None:
        self.stores, self.fifo = stores, fifo
        self.command = [
            "sync",
            "a:",
            "b:",
            "-j",
            "1",
            "--json",
            "--drivers-directory",
            str(drivers),
        ]

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Run it, end it by a signal in the middle, and return its status and what it told."""
        with subprocess.Popen(
            [*PROGRAM, *self.command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            # Opening it for reading waits for the source to stall.
            self.fifo.read_bytes()
            with self.stores.open("b") as driver:
                wait_until_an_upload_has(driver, 2 << 20)
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=60)
        self.fifo.unlink()
        return process.returncode, stdout + stderr


def wait_until_an_upload_has(driver: StorageDriver, size_bytes: int) -> None:
    deadline = time.monotonic() + 30
    while not any(upload.size == size_bytes for upload in driver.uploads()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def stalled(stores: Stores, tmp_path: Path, drivers_directory: Path) -> Stalled:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program = drivers_directory / "registry-storage-source"
    program.write_text(STALLING_SOURCE.format(python=sys.executable, fifo=str(fifo)))
    program.chmod(0o755)
    stores.write_file("source")
    stores.put("a", {"/first": b"1", "/large": LARGE, "/third": b"3"})
    return Stalled(stores, fifo, drivers_directory)


@pytest.fixture
def killed(stalled: Stalled) -> Stalled:
    assert stalled.end(signal.SIGKILL) == (-9, "")
    return stalled


def test_a_killed_sync_goes_on_where_it_was(storagedriver: Command, killed: Stalled) -> None:
    assert set(killed.stores.content("b")) == {"/first"}
    answer = storagedriver(*killed.command)
    (told,) = answer.objects
    assert (answer.status, answer.stderr) == (0, "")
    assert counts(told, "copied", "skipped", "failed") == (2, 1, 0)
    assert told["bytes_continued"] == 2 << 20
    assert told["bytes"] == len(LARGE) - (2 << 20) + 1
    assert told["bytes_sent_again"] == 0
    assert killed.stores.content("b") == killed.stores.content("a")
    with killed.stores.open("b") as driver:
        assert list(driver.uploads()) == []


def test_a_source_that_changed_meanwhile_is_sent_again(
    storagedriver: Command, killed: Stalled
) -> None:
    killed.stores.put("a", {"/large": LARGE[::-1]})
    answer = storagedriver(*killed.command)
    (told,) = answer.objects
    assert answer.status == 0
    assert counts(told, "copied", "bytes_continued") == (2, 0)
    assert told["bytes_sent_again"] == len(LARGE)
    assert killed.stores.content("b") == killed.stores.content("a")
    with killed.stores.open("b") as driver:
        assert list(driver.uploads()) == []


def test_a_source_that_is_shorter_now_begins_anew(storagedriver: Command, killed: Stalled) -> None:
    killed.stores.put("a", {"/large": LARGE[: 3 << 19]})
    (told,) = storagedriver(*killed.command).objects
    assert counts(told, "copied", "bytes_continued", "bytes_sent_again") == (2, 0, 0)
    assert killed.stores.content("b") == killed.stores.content("a")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_sync_with_a_report_and_keeps_what_was_sent(
    storagedriver: Command, stalled: Stalled, number: signal.Signals, status: int
) -> None:
    ended, told_at_the_end = stalled.end(number)
    assert ended == status
    told = json.loads(told_at_the_end)
    assert counts(told, "copied", "failed", "complete", "failures") == (1, 0, False, [])
    (told,) = storagedriver(*stalled.command).objects
    assert counts(told, "copied", "skipped", "bytes_continued") == (2, 1, 2 << 20)
    assert told["complete"] is True


ONE_CHANNEL_PROGRAM = """#!{python}
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.ipc import serving
from storagedriver.ipc.server import serve

serving.MAX_CHANNELS = 1
serve(FilesystemDriver.from_parameters, name="source", features={features})
"""


@pytest.mark.parametrize("features", ["FilesystemDriver.features", "()"])
def test_cp_within_a_driver_that_has_one_channel(
    storagedriver: Command, stores: Stores, drivers_directory: Path, features: str
) -> None:
    program = drivers_directory / "registry-storage-source"
    program.write_text(ONE_CHANNEL_PROGRAM.format(python=sys.executable, features=features))
    program.chmod(0o755)
    stores.write_file("source")
    stores.put("a", {"/d/small": b"1", "/d/x/large": 2 * LARGE, "/d/y/large": LARGE})
    way = ("--drivers-directory", drivers_directory)
    assert storagedriver("cp", "-r", "a:/d", "a:/e", "--verify", *way).status == 0
    assert storagedriver("verify", "a:/d", "a:/e", *way).status == 0
