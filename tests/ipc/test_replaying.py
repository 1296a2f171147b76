"""Calls that survive a crash, with a driver that is scripted."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import cast

import pytest

from storagedriver.contract import (
    DriverCrashedError,
    NoSpaceError,
    OutcomeUnknownError,
    PathNotFoundError,
    Reader,
)
from storagedriver.ipc import EventKind, Replay
from storagedriver.ipc.caller import Caller
from storagedriver.ipc.messages import Content, Wire
from storagedriver.ipc.replaying import ReplayingCaller
from storagedriver.ipc.supervisor import Supervisor

CRASH = DriverCrashedError(None, 9, "", pid=7)
STAT: dict[str, Wire] = {"path": "/a", "size": 3, "mod_time": None, "is_dir": False}
GONE = PathNotFoundError("/a")

Answer = Mapping[str, Wire] | Exception


class FakeDriver:
    """Answers each call with the next answer; stands for the caller and for the supervisor."""

    timeout_seconds = 10.0
    may_repeat = True
    is_closed = False

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.sent: list[bytes] = []
        self.told: list[EventKind] = []

    def call(
        self, method: str, params: Mapping[str, Wire], path: str, content: Content | None = None
    ) -> Mapping[str, Wire]:
        self.asked.append(f"{method} {path}")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def write(
        self, method: str, params: Mapping[str, Wire], path: str, reader: Reader
    ) -> Mapping[str, Wire]:
        self.sent.append(bytes(reader.read(100)))
        return self.call(method, params, path)

    def ready(self, timeout_seconds: float | None) -> None:
        pass

    def tell(self, kind: EventKind, *, method: str, path: str) -> None:
        self.told.append(kind)


def calls_of(driver: FakeDriver, replay: Replay | None = None) -> ReplayingCaller:
    return ReplayingCaller(cast("Supervisor", driver), cast("Caller", driver), replay or Replay())


class TestCalls:
    def test_are_made_again_until_one_is_answered(self) -> None:
        driver = FakeDriver(CRASH, CRASH, STAT)
        assert calls_of(driver).call("Stat", {}, "/a") == STAT
        assert driver.asked == ["Stat /a"] * 3
        assert driver.told == [EventKind.CALL_REPEATED] * 2

    def test_are_left_after_three_repeats(self) -> None:
        driver = FakeDriver(*[CRASH] * 9)
        with pytest.raises(DriverCrashedError):
            calls_of(driver).call("Stat", {}, "/a")
        assert len(driver.asked) == 4

    def test_an_error_of_the_driver_is_the_answer(self) -> None:
        driver = FakeDriver(CRASH, GONE)
        with pytest.raises(PathNotFoundError):
            calls_of(driver).call("Stat", {}, "/a")
        assert driver.answers == []


class TestWrites:
    def test_begin_where_the_reader_began(self) -> None:
        driver = FakeDriver(CRASH, CRASH, {"written": 3})
        reader = io.BytesIO(b"-abc")
        reader.seek(1)
        calls_of(driver).write("WriteStream", {}, "/a", reader)
        assert driver.sent == [b"abc"] * 3

    @pytest.mark.parametrize("kind", ["no seek", "seekable() is false", "tell() fails"])
    def test_of_a_reader_that_cannot_go_back_raise_the_crash(self, kind: str) -> None:
        class Reading(io.BytesIO):
            def seekable(self) -> bool:
                return kind != "seekable() is false"

            def tell(self) -> int:
                raise OSError("a pipe")

        class Plain:
            def read(self, size: int, /) -> bytes:
                return b""

        driver = FakeDriver(CRASH, {"written": 0})
        with pytest.raises(DriverCrashedError):
            calls_of(driver).write(
                "WriteStream", {}, "/a", Plain() if kind == "no seek" else Reading()
            )
        assert len(driver.sent) == 1


class TestMoves:
    def test_are_made_again_if_the_source_is_there(self) -> None:
        driver = FakeDriver(CRASH, STAT, {})
        calls_of(driver).move("/a", "/b")
        assert driver.asked == ["Move /a", "Stat /a", "Move /a"]

    def test_are_done_if_only_the_destination_is_there(self) -> None:
        driver = FakeDriver(CRASH, GONE, STAT)
        calls_of(driver).move("/a", "/b")
        assert driver.asked == ["Move /a", "Stat /a", "Stat /b"]
        assert driver.told == []

    def test_are_unknown_if_neither_is_there(self) -> None:
        driver = FakeDriver(CRASH, GONE, GONE)
        with pytest.raises(OutcomeUnknownError):
            calls_of(driver).move("/a", "/b")
        assert driver.told == [EventKind.OUTCOME_UNKNOWN]

    def test_are_looked_into_after_each_crash(self) -> None:
        driver = FakeDriver(CRASH, STAT, CRASH, GONE, STAT)
        calls_of(driver).move("/a", "/b")
        assert driver.answers == []

    def test_an_error_of_looking_is_raised(self) -> None:
        driver = FakeDriver(CRASH, NoSpaceError("/a"))
        with pytest.raises(NoSpaceError):
            calls_of(driver).move("/a", "/b")


class TestDeletions:
    def test_are_made_again_if_something_is_there(self) -> None:
        driver = FakeDriver(CRASH, STAT, {})
        calls_of(driver).delete("/a")
        assert driver.asked == ["Delete /a", "Stat /a", "Delete /a"]

    def test_are_done_if_nothing_is_there(self) -> None:
        driver = FakeDriver(CRASH, GONE)
        calls_of(driver).delete("/a")
        assert driver.asked == ["Delete /a", "Stat /a"]

    def test_switched_off_the_crash_is_raised_and_nothing_is_asked(self) -> None:
        driver = FakeDriver(CRASH)
        with pytest.raises(DriverCrashedError):
            calls_of(driver, Replay(deletes=False)).delete("/a")
        assert driver.asked == ["Delete /a"]
