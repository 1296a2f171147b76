"""Each wrong answer is seen for what it is by a host."""

from __future__ import annotations

import pytest

from storagedriver.contract import DriverTimeoutError, ProtocolError, StorageDriver
from tests.drivers.misbehaving.conftest import Start

CONTENT = bytes(range(256)) * 8192  # two messages


def put_and_get(driver: StorageDriver) -> None:
    driver.put_content("/a", CONTENT)
    driver.get_content("/a")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"do": "wrong-count", "method": "GetContent"}, "a size of 2097153"),
        ({"do": "wrong-count", "method": "PutContent", "by": -1}, "speaks of 2097151 bytes"),
        ({"do": "end-early", "method": "GetContent", "after_bytes": 3}, "and 3 have passed"),
        ({"do": "end-early", "method": "GetContent", "after_chunks": 1}, "1048576 have passed"),
        ({"do": "exceed-credit", "method": "GetContent", "point": "content", "after_bytes": 3}, ""),
        ({"do": "frames", "method": "GetContent", "frames": [["93"]]}, "malformed"),
        ({"do": "frames", "method": "PutContent", "frames": [["90", "00", "00"]]}, "two frames"),
        (
            {"do": "frames", "method": "PutContent", "instead": True, "frames": [["c0"]]},
            "must be an array",
        ),
        ({"do": "disconnect", "method": "GetContent"}, "has closed the channel"),
        (
            {"do": "disconnect", "method": "GetContent", "point": "content", "after_bytes": 9},
            "has closed the channel",
        ),
    ],
    ids=str,
)
def test_what_breaks_the_protocol_is_a_protocol_error(
    start: Start, rule: dict[str, object], told: str
) -> None:
    driver = start([rule])
    with pytest.raises(ProtocolError) as caught:
        put_and_get(driver)
    assert told in caught.value.detail
    assert driver.stat("/").is_dir


def test_a_second_answer_is_no_answer_to_the_next_call(start: Start) -> None:
    driver = start([{"do": "answer-twice", "method": "Stat"}])
    assert driver.stat("/").is_dir
    with pytest.raises(ProtocolError):
        driver.list("/")


def test_a_success_can_be_a_lie(start: Start) -> None:
    driver = start([{"do": "answer", "method": "PutContent", "nth": "every"}])
    driver.put_content("/a", CONTENT)
    assert driver.list("/") == []


def test_an_answer_may_say_anything(start: Start) -> None:
    result = {"path": "/x", "size": 7, "mod_time": [1, 0], "is_dir": False}
    driver = start([{"do": "answer", "method": "Stat", "result": result}])
    assert driver.stat("/a").size == 7


def test_no_answer_at_all(start: Start) -> None:
    driver = start([{"do": "hang", "method": "Stat"}], timeout_seconds=0.2)
    with pytest.raises(DriverTimeoutError):
        driver.stat("/")
    assert driver.list("/") == []
