"""Rules happen at exactly their point of the call, and the rest of the driver is what it was."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import DriverCrashedError, NoSpaceError, PathNotFoundError
from storagedriver.contract.features import URL_FOR
from tests.drivers.misbehaving.conftest import Start

Noted = Callable[[str], list[tuple[str, str]]]


def test_without_rules_it_is_the_driver_that_it_is_asked_to_be(start: Start, noted: Noted) -> None:
    driver = start([])
    driver.put_content("/a", b"one")
    driver.write_stream("/a", 1, io.BytesIO(b"two" * 100_000))
    with driver.read_stream("/a") as stream:
        assert stream.read() == b"o" + b"two" * 100_000
    assert noted("WriteStream") == [("before", ""), ("after", "")]


def test_a_call_that_fails_is_noted_with_its_code(start: Start, noted: Noted) -> None:
    with pytest.raises(PathNotFoundError):
        start([]).get_content("/a")
    assert noted("GetContent") == [("before", ""), ("after", "PathNotFound")]


@pytest.mark.parametrize(
    ("point", "steps", "is_there"),
    [("before", ["before", "fault"], False), ("after", ["before", "after", "fault"], True)],
)
def test_a_crash_at_a_point(
    start: Start, noted: Noted, tmp_path: Path, point: str, steps: list[str], is_there: bool
) -> None:
    rule = {"do": "crash", "method": "PutContent", "point": point}
    driver = start([rule], driver="filesystem", parameters={"rootdirectory": str(tmp_path / "r")})
    with pytest.raises(DriverCrashedError) as caught:
        driver.put_content("/a", b"one")
    assert caught.value.signal == 9
    assert [step for step, _ in noted("PutContent")] == steps
    assert (tmp_path / "r" / "a").exists() is is_there


def test_a_driver_that_is_started_again_does_not_crash_at_the_first_call_again(
    start: Start, noted: Noted
) -> None:
    driver = start([{"do": "crash", "method": "Stat", "nth": 2, "status": 3}])
    driver.stat("/")
    with pytest.raises(DriverCrashedError) as caught:
        driver.stat("/")
    assert caught.value.exit_status == 3
    driver = start()
    for _ in range(3):
        driver.stat("/")
    assert [detail for step, detail in noted("Stat") if step == "fault"] == ["crash"]


@pytest.mark.parametrize("size", [1, 100, 300])
def test_a_write_is_cut_at_the_byte(start: Start, tmp_path: Path, size: int) -> None:
    rule = {"do": "crash", "method": "WriteStream", "point": "content", "after_bytes": size}
    driver = start([rule], driver="filesystem", parameters={"rootdirectory": str(tmp_path / "r")})
    driver.put_content("/a", b"")
    with pytest.raises(DriverCrashedError):
        driver.write_stream("/a", 0, io.BytesIO(bytes(300)))
    assert (tmp_path / "r" / "a").stat().st_size == size


def test_a_write_is_cut_after_messages_of_content(start: Start, noted: Noted) -> None:
    rule = {"do": "slow", "seconds": 0, "method": "WriteStream", "nth": "every"}
    driver = start([{**rule, "point": "content", "after_chunks": 2}], driver="inmemory")
    driver.write_stream("/a", 0, io.BytesIO(bytes(3 << 20)))
    assert noted("WriteStream")[1:] == [("fault", "slow"), ("fault", "slow"), ("after", "")]


@pytest.mark.parametrize("size", [1, 9, 10])
def test_a_read_is_cut_at_the_byte(start: Start, size: int) -> None:
    rule = {"do": "crash", "method": "ReadStream", "point": "content", "after_bytes": size}
    driver = start([rule])
    driver.put_content("/a", b"0123456789")
    with driver.read_stream("/a") as stream:
        assert stream.read(size) == b"0123456789"[:size]
        with pytest.raises(DriverCrashedError):
            stream.read(1)


def test_an_error_stands_for_the_call(start: Start, noted: Noted) -> None:
    rule = {"do": "error", "method": "PutContent", "code": "NoSpace", "fields": {"path": "/x"}}
    driver = start([rule])
    with pytest.raises(NoSpaceError) as caught:
        driver.put_content("/a", b"one")
    assert caught.value.path == "/x"
    assert driver.list("/") == []
    assert noted("PutContent") == [("before", ""), ("fault", "error")]


def test_an_error_in_the_middle_of_a_write_leaves_the_channel_usable(start: Start) -> None:
    rule = {"do": "error", "method": "WriteStream", "code": "NoSpace"}
    driver = start([{**rule, "point": "content", "after_bytes": 1 << 20}])
    with pytest.raises(NoSpaceError):
        driver.write_stream("/a", 0, io.BytesIO(bytes(8 << 20)))
    assert driver.write_stream("/a", 0, io.BytesIO(bytes(8 << 20))) == 8 << 20


def test_a_rule_holds_for_the_paths_it_names(start: Start) -> None:
    driver = start([{"do": "error", "method": "*", "path": "/b*", "code": "NoSpace"}])
    driver.put_content("/a", b"one")
    with pytest.raises(NoSpaceError):
        driver.put_content("/bc", b"one")


def test_features_can_be_claimed(start: Start) -> None:
    assert URL_FOR in start([], features=[URL_FOR]).features
