"""Events of a driver: counted, logged, told."""

from __future__ import annotations

import logging

import pytest

from storagedriver.ipc import DriverEvent, EventKind
from storagedriver.ipc.events import Events


def test_each_kind_is_counted() -> None:
    events = Events("mine", None)
    events.tell(EventKind.CRASHED, generation=1, pid=7)
    events.tell(EventKind.CRASHED, generation=2, pid=8)
    assert events.counts[EventKind.CRASHED] == 2
    assert events.counts[EventKind.GAVE_UP] == 0
    assert set(events.counts) == set(EventKind)


def test_whoever_asked_is_told_all_of_it() -> None:
    told: list[DriverEvent] = []
    event = DriverEvent(EventKind.CALL_REPEATED, "mine", 2, 7, "Stat", "/a", "why")
    Events("mine", told.append).tell(
        EventKind.CALL_REPEATED, generation=2, pid=7, method="Stat", path="/a", detail="why"
    )
    assert told == [event]
    assert str(event) == "call repeated: process 7, generation 2 (Stat of /a): why"


def test_they_are_logged_under_the_name_of_the_driver(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Events("mine", None).tell(EventKind.GAVE_UP, generation=3, pid=7, detail="why")
    (record,) = caplog.records
    assert record.name == "storagedriver.supervisor.mine"
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "gave up: process 7, generation 3: why"


def test_a_listener_that_raises_is_logged_and_harms_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(event: DriverEvent) -> None:
        raise RuntimeError("mine")

    events = Events("mine", fail)
    events.tell(EventKind.READY, generation=1, pid=7)
    assert events.counts[EventKind.READY] == 1
    assert "on_event has failed" in caplog.text


def test_a_log_handler_that_raises_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("mine")

    logger, handler = logging.getLogger("storagedriver.supervisor.mine"), Broken()
    logger.addHandler(handler)
    try:
        events = Events("mine", None)
        events.tell(EventKind.CRASHED, generation=1, pid=7)
    finally:
        logger.removeHandler(handler)
    assert events.counts[EventKind.CRASHED] == 1
