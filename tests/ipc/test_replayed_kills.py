"""A driver that is killed at each step of each call: what its caller sees, and what it executed.

The driver is the filesystem driver, which kills itself as a script says and notes in a journal what
it has executed; so whatever may not be done twice is seen to be done once.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from storagedriver.contract import (
    ContentChangedError,
    DriverCrashedError,
    InvalidParametersError,
    OutcomeUnknownError,
    PathNotFoundError,
)
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.misbehaving.journal import Step, read_journal
from storagedriver.ipc import EventKind, IPCStorageDriver, Replay, RestartPolicy

PROGRAM = [sys.executable, "-m", "storagedriver.drivers.executables.misbehaving"]

MEBIBYTE = 1024 * 1024

# Several chunks, the last of them short.
LARGE = bytes(range(256)) * (4 * 4096) + b"the end of it"

STEPS: list[dict[str, object]] = [{"point": "before"}, {"point": "after"}]
CONTENT_STEPS: list[dict[str, object]] = [
    *STEPS,
    {"point": "content", "after_chunks": 1},
    {"point": "content", "after_chunks": 2},
    {"point": "content", "after_chunks": 4},
]

NEVER: dict[str, object] = {"point": "before", "nth": 1000}


def shown(step: Mapping[str, object]) -> str:
    return " ".join(str(value) for value in step.values())


class Crashing:
    """A store, and drivers of it that crash by a script."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._script = directory / "script.json"
        # Nothing is synced: it is the process that ends here, not the machine.
        self._parameters = {"rootdirectory": str(directory / "root"), "durability": "none"}
        self._stack = stack
        # As it is after all crashes, seen by another driver.
        self.store = stack.enter_context(FilesystemDriver.from_parameters(self._parameters))

    def start(
        self, method: str, step: Mapping[str, object], *, replay: Replay | None = None
    ) -> IPCStorageDriver:
        """Start one that kills itself at its first call of `method`, at this step."""
        rule = {"do": "crash", "method": method, **step}
        self._script.write_text(json.dumps({"rules": [rule]}))
        driver = IPCStorageDriver.start(
            PROGRAM,
            {
                "script": str(self._script),
                "driver": "filesystem",
                "parameters": self._parameters,
            },
            name="crashing",
            replay=replay or Replay(),
        )
        return self._stack.enter_context(driver)

    def executed(self, method: str) -> int:
        """How many calls of the method were executed to their end, whoever heard of it."""
        journal = read_journal(f"{self._script}.journal")
        return sum(entry.method == method and entry.step is Step.AFTER for entry in journal)


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[Crashing]:
    with ExitStack() as stack:
        yield Crashing(tmp_path, stack)


def count(driver: IPCStorageDriver, kind: EventKind) -> int:
    return driver.counters[kind]


def assert_one_crash(driver: IPCStorageDriver) -> None:
    assert count(driver, EventKind.CRASHED) == 1
    assert count(driver, EventKind.RESTARTED) == 1


class TestCallsThatMayBeMadeTwice:
    @pytest.mark.parametrize("step", STEPS, ids=shown)
    def test_stat(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        crashing.store.put_content("/a", b"abc")
        driver = crashing.start("Stat", step)
        assert driver.stat("/a").size == 3
        assert count(driver, EventKind.CALL_REPEATED) == 1
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", CONTENT_STEPS, ids=shown)
    def test_get(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        crashing.store.put_content("/a", LARGE)
        driver = crashing.start("GetContent", step)
        assert driver.get_content("/a") == LARGE
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", CONTENT_STEPS, ids=shown)
    def test_put(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        crashing.store.put_content("/a", b"old")
        driver = crashing.start("PutContent", step)
        driver.put_content("/a", LARGE)
        assert crashing.store.get_content("/a") == LARGE
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", [*STEPS, {"point": "content", "after_bytes": 1}], ids=shown)
    @pytest.mark.parametrize("method", ["List", "Walk", "ListUploads"])
    def test_listings(self, crashing: Crashing, method: str, step: Mapping[str, object]) -> None:
        # Long names: several chunks of entries.
        names = [f"/d/{number:04}{'x' * 200}" for number in range(1500)]
        for name in names:
            if method == "ListUploads":
                crashing.store.writer(name).close()
            else:
                crashing.store.put_content(name, b"")
        driver = crashing.start(method, step)
        match method:
            case "List":
                found = driver.list("/d")
            case "Walk":
                found = [info.path for info in driver.walk("/d")]
            case _:
                found = [info.path for info in driver.uploads("/d")]
        assert found == names
        assert_one_crash(driver)

    def test_a_walk_that_begins_in_the_middle_goes_on_from_there(self, crashing: Crashing) -> None:
        for name in "abcd":
            crashing.store.put_content(f"/{name}", b"")
        driver = crashing.start("Walk", {"point": "before"})
        assert [info.path for info in driver.walk("/", start_after="/b")] == ["/c", "/d"]

    def test_an_error_is_an_answer(self, crashing: Crashing) -> None:
        driver = crashing.start("Stat", {"point": "after"})
        with pytest.raises(PathNotFoundError):
            driver.stat("/nothing")
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", STEPS, ids=shown)
    def test_switched_off_the_crash_is_raised_and_the_next_call_works(
        self, crashing: Crashing, step: Mapping[str, object]
    ) -> None:
        driver = crashing.start("Stat", step, replay=Replay(calls=False))
        with pytest.raises(DriverCrashedError) as caught:
            driver.stat("/")
        assert caught.value.signal == 9
        assert driver.stat("/").is_dir
        assert count(driver, EventKind.CALL_REPEATED) == 0


class TestReadStreams:
    @pytest.mark.parametrize("step", CONTENT_STEPS, ids=shown)
    @pytest.mark.parametrize("offset", [0, MEBIBYTE + 1])
    def test_go_on_at_their_byte(
        self, crashing: Crashing, step: Mapping[str, object], offset: int
    ) -> None:
        crashing.store.put_content("/a", LARGE)
        driver = crashing.start("ReadStream", step)
        with driver.read_stream("/a", offset) as stream:
            assert stream.read() == LARGE[offset:]
            assert stream.size == len(LARGE)
        assert_one_crash(driver)

    def test_of_what_was_replaced_meanwhile_are_an_error(self, crashing: Crashing) -> None:
        crashing.store.put_content("/a", LARGE * 4)
        driver = crashing.start("ReadStream", NEVER)
        with driver.read_stream("/a") as stream:
            stream.read(10)
            crashing.store.put_content("/a", bytes(len(LARGE) * 4))
            os.kill(driver.pid, signal.SIGKILL)
            with pytest.raises(ContentChangedError):
                stream.read()

    def test_of_what_was_deleted_meanwhile_are_an_error(self, crashing: Crashing) -> None:
        crashing.store.put_content("/a", LARGE * 4)
        driver = crashing.start("ReadStream", NEVER)
        with driver.read_stream("/a") as stream:
            stream.read(10)
            crashing.store.delete("/a")
            os.kill(driver.pid, signal.SIGKILL)
            with pytest.raises(ContentChangedError, match="deleted"):
                stream.read()

    def test_switched_off_the_crash_is_raised_and_no_short_read(self, crashing: Crashing) -> None:
        crashing.store.put_content("/a", LARGE)
        step = {"point": "content", "after_chunks": 2}
        driver = crashing.start("ReadStream", step, replay=Replay(reads=False))
        with driver.read_stream("/a") as stream:
            for _ in range(2):
                with pytest.raises(DriverCrashedError):
                    stream.read()
        assert driver.stat("/a").size == len(LARGE)


class Unseekable:
    """Gives what it has once."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int, /) -> bytes:
        return self._file.read(size)


class TestWriteStreams:
    @pytest.mark.parametrize("step", CONTENT_STEPS, ids=shown)
    @pytest.mark.parametrize("offset", [0, 3])
    def test_are_sent_again_by_a_reader_that_can_seek_back(
        self, crashing: Crashing, step: Mapping[str, object], offset: int
    ) -> None:
        crashing.store.put_content("/a", b"before and a tail")
        driver = crashing.start("WriteStream", step)
        reader = io.BytesIO(b"skipped" + LARGE)
        reader.seek(len(b"skipped"))
        assert driver.write_stream("/a", offset, reader) == len(LARGE)
        assert crashing.store.get_content("/a") == b"before and a tail"[:offset] + LARGE
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", CONTENT_STEPS, ids=shown)
    def test_are_not_gone_on_with_at_the_size_that_is_there(
        self, crashing: Crashing, step: Mapping[str, object]
    ) -> None:
        crashing.store.put_content("/a", b"abc")
        driver = crashing.start("WriteStream", step)
        with pytest.raises(DriverCrashedError):
            driver.write_stream("/a", 1, Unseekable(LARGE))
        found = crashing.store.get_content("/a")
        assert found == b"abc" or found == b"a" + LARGE[: len(found) - 1]
        assert count(driver, EventKind.CALL_REPEATED) == 0
        assert driver.stat("/a").size == len(found)

    def test_switched_off_the_crash_is_raised(self, crashing: Crashing) -> None:
        driver = crashing.start("WriteStream", {"point": "before"}, replay=Replay(writes=False))
        with pytest.raises(DriverCrashedError):
            driver.write_stream("/a", 0, io.BytesIO(b"abc"))


class TestMoves:
    @pytest.mark.parametrize("step", STEPS, ids=shown)
    def test_are_done_once(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        crashing.store.put_content("/a", b"abc")
        crashing.store.put_content("/b", b"old")
        driver = crashing.start("Move", step)
        driver.move("/a", "/b")
        assert crashing.store.get_content("/b") == b"abc"
        assert crashing.store.list("/") == ["/b"]
        assert crashing.executed("Move") == 1
        assert_one_crash(driver)

    def test_of_which_nothing_is_left_are_unknown(self, crashing: Crashing) -> None:
        driver = crashing.start("Move", {"point": "before"})
        with pytest.raises(OutcomeUnknownError) as caught:
            driver.move("/a", "/b")
        assert (caught.value.method, caught.value.path) == ("Move", "/a")
        assert isinstance(caught.value.__cause__, DriverCrashedError)
        assert count(driver, EventKind.OUTCOME_UNKNOWN) == 1

    def test_switched_off_the_crash_is_raised(self, crashing: Crashing) -> None:
        crashing.store.put_content("/a", b"abc")
        driver = crashing.start("Move", {"point": "before"}, replay=Replay(moves=False))
        with pytest.raises(DriverCrashedError):
            driver.move("/a", "/b")
        assert crashing.store.list("/") == ["/a"]


class TestDeletions:
    @pytest.mark.parametrize("step", STEPS, ids=shown)
    def test_are_done_once(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        crashing.store.put_content("/d/a", b"abc")
        driver = crashing.start("Delete", step)
        driver.delete("/d")
        assert crashing.store.list("/") == []
        assert crashing.executed("Delete") == 1
        assert_one_crash(driver)

    def test_switched_off_the_crash_is_raised(self, crashing: Crashing) -> None:
        crashing.store.put_content("/a", b"abc")
        driver = crashing.start("Delete", {"point": "before"}, replay=Replay(deletes=False))
        with pytest.raises(DriverCrashedError):
            driver.delete("/a")


class TestUploads:
    @pytest.mark.parametrize(
        ("method", "step"),
        [
            *(("OpenUpload", step) for step in STEPS),
            *(("WriteUpload", step) for step in CONTENT_STEPS),
            *(("CommitUpload", step) for step in STEPS),
        ],
    )
    def test_are_published_once_and_whole(
        self, crashing: Crashing, method: str, step: Mapping[str, object]
    ) -> None:
        driver = crashing.start(method, step)
        with driver.writer("/a") as upload:
            for piece in (LARGE, b" and more"):
                assert upload.write(piece) == len(piece)
            upload.commit(size=len(LARGE) + 9)
        assert crashing.store.get_content("/a") == LARGE + b" and more"
        assert crashing.executed("CommitUpload") == 1
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", STEPS, ids=shown)
    def test_are_cancelled(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        driver = crashing.start("CancelUpload", step)
        upload = driver.writer("/a")
        upload.write(b"abc")
        upload.cancel()
        assert list(crashing.store.uploads()) == []
        assert crashing.store.list("/") == []
        assert_one_crash(driver)

    @pytest.mark.parametrize("step", STEPS, ids=shown)
    def test_are_kept_by_closing(self, crashing: Crashing, step: Mapping[str, object]) -> None:
        driver = crashing.start("CloseUpload", step)
        upload = driver.writer("/a")
        upload.write(b"abc")
        upload.close()
        (kept,) = driver.uploads()
        assert kept.size == 3

    def test_switched_off_the_crash_is_raised_and_nothing_is_published(
        self, crashing: Crashing
    ) -> None:
        driver = crashing.start("WriteUpload", {"point": "before"}, replay=Replay(uploads=False))
        upload = driver.writer("/a")
        with pytest.raises(DriverCrashedError):
            upload.write(b"abc")
        upload.close()
        assert crashing.store.list("/") == []


class TestTheEndOfPatience:
    def test_a_call_that_kills_each_process_is_left_and_others_go_on(
        self, crashing: Crashing
    ) -> None:
        crashing.store.put_content("/a", b"abc")
        driver = crashing.start("GetContent", {"point": "before", "nth": "every"})
        for _ in range(2):
            with pytest.raises(DriverCrashedError):
                driver.get_content("/a")
            assert driver.stat("/a").size == 3
        assert count(driver, EventKind.CALL_REPEATED) == 6
        assert count(driver, EventKind.GAVE_UP) == 0

    def test_a_driver_that_cannot_start_any_more_says_why(
        self, crashing: Crashing, tmp_path: Path
    ) -> None:
        driver = crashing.start("Stat", {"point": "before"})
        (tmp_path / "script.json").write_text("no script")
        with pytest.raises(InvalidParametersError, match="script"):
            driver.stat("/")


def test_many_calls_at_once_survive_one_crash(crashing: Crashing) -> None:
    driver = crashing.start("GetContent", {"point": "before", "nth": 20})
    for number in range(16):
        crashing.store.put_content(f"/{number}", bytes([number]) * MEBIBYTE)

    def work(number: int) -> bool:
        return driver.get_content(f"/{number % 16}") == bytes([number % 16]) * MEBIBYTE

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(work, range(64)))
    assert_one_crash(driver)


def test_events_tell_the_story(tmp_path: Path) -> None:
    told: list[str] = []
    with IPCStorageDriver.start(
        [sys.executable, "-m", "storagedriver.drivers.executables.filesystem"],
        {"rootdirectory": str(tmp_path / "root")},
        name="filesystem",
        restart=RestartPolicy(),
        on_event=lambda event: told.append(f"{event.kind} {event.generation}"),
    ) as driver:
        os.kill(driver.pid, signal.SIGKILL)
        driver.stat("/")
    assert told[:2] == ["started 1", "ready 1"]
    # Whether the call was under way when the process ended, or found it gone, is chance.
    assert [line for line in told if line != "call repeated 2"][2:] == [
        "crashed 1",
        "started 2",
        "ready 2",
        "restarted 2",
    ]
