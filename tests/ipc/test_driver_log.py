"""What a driver writes, as records of `logging`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from storagedriver.ipc.driver_log import DriverLog

PATIENCE_SECONDS = 10.0
LOGGER = "storagedriver.driver.odd"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[DriverLog]:
    caplog.set_level(logging.DEBUG)
    log = DriverLog("odd", 4711)
    yield log
    log.close()


def records(log: DriverLog, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    assert log.wait_until_logged(PATIENCE_SECONDS)
    return caplog.records


def messages(log: DriverLog, caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in records(log, caplog)]


def attributes(record: logging.LogRecord, *names: str) -> list[object]:
    return [getattr(record, name) for name in names]


def test_records_are_of_the_driver(log: DriverLog, caplog: pytest.LogCaptureFixture) -> None:
    log.stderr.feed(b"ERROR: gone\n")
    (record,) = records(log, caplog)
    assert (record.name, record.levelname, record.getMessage()) == (LOGGER, "ERROR", "ERROR: gone")
    assert attributes(record, "driver_name", "driver_pid", "driver_stream", "driver_fields") == [
        "odd",
        4711,
        "stderr",
        {},
    ]


def test_fields_of_json_stand_in_one_attribute_and_hide_nothing(
    log: DriverLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.stdout.feed(b'{"level":"warn","msg":"m","name":"n","args":[1],"levelno":3,"process":9}\n')
    (record,) = records(log, caplog)
    assert attributes(record, "driver_stream", "driver_fields") == [
        "stdout",
        {"name": "n", "args": [1], "levelno": 3, "process": 9},
    ]
    assert (record.name, record.levelno) == (LOGGER, logging.WARNING)


def test_percent_signs_are_text(log: DriverLog, caplog: pytest.LogCaptureFixture) -> None:
    log.stdout.feed(b"100% %s %d %(name)s\n")
    assert messages(log, caplog) == ["100% %s %d %(name)s"]


def test_a_formatter_has_all_it_needs(log: DriverLog, caplog: pytest.LogCaptureFixture) -> None:
    log.stdout.feed(b"ready\n")
    (record,) = records(log, caplog)
    form = "%(driver_name)s %(driver_pid)d %(driver_stream)s %(filename)s:%(lineno)d %(message)s"
    assert logging.Formatter(form).format(record) == "odd 4711 stdout <stdout>:0 ready"


def test_the_time_is_when_it_came(log: DriverLog, caplog: pytest.LogCaptureFixture) -> None:
    class Slow(logging.Handler):
        is_open = threading.Event()

        def emit(self, record: logging.LogRecord) -> None:
            assert self.is_open.wait(PATIENCE_SECONDS)

    slow = Slow()
    logging.getLogger(LOGGER).addHandler(slow)
    try:
        log.stdout.feed(b"one\ntwo\n")
        came_before = time.time()
        slow.is_open.wait(0.05)
        slow.is_open.set()
        _, two = records(log, caplog)
    finally:
        logging.getLogger(LOGGER).removeHandler(slow)
    assert two.created <= came_before
    assert two.msecs == pytest.approx(two.created % 1 * 1000)


def test_what_is_below_the_level_is_not_logged(
    log: DriverLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    log.stderr.feed(b"ready\nERROR: gone\n")
    assert messages(log, caplog) == ["ERROR: gone"]


def test_what_nobody_wants_is_not_even_cut(
    log: DriverLog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1, logger=LOGGER)
    log.stderr.feed(b"CRITICAL: gone\n")
    assert not [thread for thread in threading.enumerate() if "storagedriver-log" in thread.name]


@pytest.mark.parametrize("level", [logging.INFO, logging.CRITICAL + 1])
def test_a_flood_is_told_from_other_output_also_if_nobody_wants_it(
    log: DriverLog, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level, logger=LOGGER)
    log.stdout.feed(b"x" * 1_000_000)
    assert not log.stdout.is_flooded
    log.stdout.feed(b"x" * 50_000_000 + b"\n")
    assert log.stdout.is_flooded
    assert not log.stderr.is_flooded


def test_what_is_secret_is_hidden_in_message_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log = DriverLog("odd", 1, hide=lambda text: text.replace("hush", "***"))
    log.stdout.feed(b'{"msg":"key is hush","key":"hush"}\n')
    log.stderr.feed(b"the key is hush\n")
    log.close()
    structured, plain = records(log, caplog)
    assert structured.getMessage() == "key is ***"
    assert attributes(structured, "driver_fields") == [{"key": "***"}]
    assert plain.getMessage() == "the key is ***"


def test_both_outputs_are_read_apart(log: DriverLog, caplog: pytest.LogCaptureFixture) -> None:
    log.stdout.feed(b"half ")
    log.stderr.feed(b"Traceback (most recent call last):\n")
    log.stdout.feed(b"a line\n")
    levels = [(record.levelname, record.getMessage()) for record in records(log, caplog)]
    assert levels == [("ERROR", "Traceback (most recent call last):"), ("INFO", "half a line")]


def test_lines_of_colours_alone_are_left_out(
    log: DriverLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.stdout.feed(b"\x1b[0m\nready\n")
    assert messages(log, caplog) == ["ready"]


def test_a_handler_that_raises_does_not_end_the_log(
    log: DriverLog, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("a broken handler")

    broken = Broken()
    logging.getLogger().addHandler(broken)
    try:
        log.stdout.feed(b"one\ntwo\n")
        assert messages(log, caplog) == ["one", "two"]
    finally:
        logging.getLogger().removeHandler(broken)


def test_a_flood_is_logged_in_part_and_the_rest_is_counted(
    log: DriverLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.stdout.feed(b"flood\n" * 1_000_000)
    log.close()
    told = [record for record in records(log, caplog) if record.levelno == logging.WARNING]
    counts = [record.__dict__["driver_fields"]["dropped_lines"] for record in told]
    assert [record.getMessage() for record in told] == [
        f"{count} lines dropped: more came than could be logged" for count in counts
    ]
    logged = len(caplog.records) - len(told)
    assert logged + sum(counts) == 1_000_000
    assert 5_000 < logged < 20_000
