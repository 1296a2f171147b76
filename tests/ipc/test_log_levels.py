"""Levels of lines of text: every usual spelling, and no guess about the rest."""

from __future__ import annotations

from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING

import pytest

from storagedriver.ipc.log_levels import (
    level_of_name,
    level_of_number,
    level_of_text,
    without_time,
)

BEGINNINGS = [
    # A name and a colon, in any case.
    ("ERROR: no space", ERROR),
    ("error: no space", ERROR),
    ("Error: no space", ERROR),
    ("ERR: x", ERROR),
    ("SEVERE: x", ERROR),
    ("WARN: x", WARNING),
    ("warning: x", WARNING),
    ("WARNING:root:x", WARNING),
    ("INFO:     Uvicorn running", INFO),
    ("ERROR   : padded", ERROR),
    ("notice: x", INFO),
    ("DEBUG:x", DEBUG),
    ("trace: x", DEBUG),
    ("FATAL: x", CRITICAL),
    ("CRITICAL:root:x", CRITICAL),
    ("PANIC: x", CRITICAL),
    ("alert: x", CRITICAL),
    ("emerg: x", CRITICAL),
    # In brackets.
    ("[ERROR] x", ERROR),
    ("[error] x", ERROR),
    ("[ WARN ] x", WARNING),
    ("[WARNING ] x", WARNING),
    ("[core:crit] x", CRITICAL),
    ("(debug) x", DEBUG),
    ("<Fatal> x", CRITICAL),
    ("[E] x", ERROR),
    ("[W] x", WARNING),
    # In capital letters without a sign.
    ("ERROR no space", ERROR),
    ("WARN  padded", WARNING),
    ("INFO", INFO),
    ("ERRO[0003] of logrus", ERROR),
    ("FATA[0003] of logrus", CRITICAL),
    (" WARN of Rust: aligned", WARNING),
    # One letter.
    ("E1121 12:00:00.000000    1 file.go:12] klog", ERROR),
    ("W20261121 12:00:00.000000 1 file.cc:12] glog", WARNING),
    ("F1121 12:00:00.000000    1 file.go:12] klog", CRITICAL),
    ("I1121 12:00:00.000000    1 file.go:12] klog", INFO),
    ("[E 241121 12:00:00 web:1] tornado", ERROR),
    ("[W 2026-11-21 12:00:00.123 App] jupyter", WARNING),
    # A number of syslog, as systemd takes it.
    ("<3>x", ERROR),
    ("<4>x", WARNING),
    ("<0>x", CRITICAL),
    ("<7>x", DEBUG),
    # After a time.
    ("2026-11-21 12:00:00,123 ERROR x", ERROR),
    ("2026-11-21 12:00:00,123 - my.name - ERROR - x", ERROR),
    ("2026-11-21 12:00:00.123 | WARNING  | mod:func:1 - x", WARNING),
    ("2026-11-21T12:00:00.123Z  WARN crate::mod: x", WARNING),
    ("[2026-11-21T12:00:00Z ERROR crate] x", ERROR),
    ("2026-11-21T12:00:00+01:00 [error] x", ERROR),
    ("[2026-11-21 12:00:00 +0000] [123] [CRITICAL] x", CRITICAL),
    ("[2026-11-21 12:00:00,123: WARNING/MainProcess] x", WARNING),
    ("2026-11-21 12:00:00.123 UTC [123] FATAL:  x", CRITICAL),
    ("2026-11-21 12:00:00.123 ERROR 123 --- [main] c.f.X : x", ERROR),
    ("2026/11/21 12:00:00 [error] 123#0: x", ERROR),
    ("2026/11/21 12:00:00.123456 WARN x", WARNING),
    ("12:00:00.123 [main] ERROR com.foo - x", ERROR),
    ("3:04PM ERR x", ERROR),
    ("Nov 21 12:00:00 ERROR x", ERROR),
    ("Sat, 21 Nov 2026 12:00:00 GMT error: x", ERROR),
    ("[Sat Nov 21 12:00:00.123456 2026] [core:error] [pid 1] x", ERROR),
    ("21/Nov/2026:12:00:00 +0000 error: x", ERROR),
    ("1763726400.123 [warn] x", WARNING),
    ("0.123 WARN x", WARNING),
]


@pytest.mark.parametrize(("line", "level"), BEGINNINGS)
def test_a_line_begins_with_its_level(line: str, level: int) -> None:
    assert level_of_text(line) == level


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ready",
        "no error: all is well",
        "Error in the fifth line",
        "errors: 0",
        "error::Category is a name of C++",
        "warnings are errors",
        "information, please",
        "12:00:00 upload of error.txt",
        '10.0.0.1 - - [21/Nov/2026:12:00:00 +0000] "GET /error HTTP/1.1" 500 -',
        "<8>x",
        "ERRORS 5",
        "E1 is no klog",
        "-" * 100_000,
        "- " * 50_000,
        "[" * 100_000,
        "1" * 100_000,
        " | " * 30_000 + "ERROR: x",
    ],
)
def test_other_lines_have_none(line: str) -> None:
    assert level_of_text(line) is None


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("TRACE", DEBUG),
        ("debug", DEBUG),
        ("Information", INFO),
        ("NOTICE", INFO),
        ("warn", WARNING),
        ("Warning", WARNING),
        (" error ", ERROR),
        ("dpanic", CRITICAL),
        ("EMERGENCY", CRITICAL),
        ("ERROR+2", ERROR),
        ("DEBUG-4", DEBUG),
        ("banana", None),
        ("", None),
    ],
)
def test_names_in_any_case(name: str, level: int | None) -> None:
    assert level_of_name(name) == level


@pytest.mark.parametrize(
    ("number", "level"),
    [
        (0, CRITICAL),
        (2, CRITICAL),
        (3, ERROR),
        (4, WARNING),
        (6, INFO),
        (7, DEBUG),
        (8, None),
        (10, DEBUG),
        (20, DEBUG),
        (30, INFO),
        (35, INFO),
        (40, WARNING),
        (50, ERROR),
        (50.0, ERROR),
        (60, CRITICAL),
        (1000, None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_numbers_of_syslog_and_of_bunyan(number: float, level: int | None) -> None:
    assert level_of_number(number) == level


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("2026-11-21T12:00:00Z level=info", "level=info"),
        ("[12:00:00] x", "x"),
        ("x 12:00:00", "x 12:00:00"),
        ("12 monkeys", "12 monkeys"),
    ],
)
def test_a_time_is_left_out(line: str, rest: str) -> None:
    assert without_time(line) == rest
