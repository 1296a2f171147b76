"""Each check of a driver's life passes right drivers, and finds the one thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.faults import Subject
from storagedriver.conformance.faults.life import (
    LIFE_CHECKS,
    ends_at_sigterm,
    exits_after_shutdown,
    exits_before_the_handshake,
    exits_in_a_call,
    exits_where_nobody_listens,
    exits_without_a_first_line,
    explains_itself_to_people,
    leaves_no_processes,
    refuses_a_first_line_that_is_none,
    refuses_unknown_parameters,
    starts_many_at_once,
    tells_its_version,
)
from tests.conformance.faults.conftest import SHORT_LIFE_SECONDS, MakeSubject

Check = Callable[[Subject], None]


@pytest.mark.parametrize("check", LIFE_CHECKS, ids=lambda check: str(check.__name__))
def test_a_right_driver_passes(right: MakeSubject, check: Check) -> None:
    check(right("filesystem"))


def said_by(check: Check, subject: Subject) -> str:
    with pytest.raises(CaseFailedError) as caught:
        check(subject)
    return str(caught.value)


@pytest.mark.parametrize("check", [exits_before_the_handshake, exits_in_a_call])
def test_a_driver_that_stays_without_its_host_is_found(
    misbehaving: MakeSubject, check: Check
) -> None:
    subject = misbehaving({"do": "keep-running", "nth": "every"})
    assert "it does not exit within" in said_by(check, subject)


def test_a_driver_that_stays_after_shutdown_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "keep-running"})
    assert "of Shutdown" in said_by(exits_after_shutdown, subject)


def test_a_driver_that_ignores_sigterm_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "ignore-sigterm"})
    assert "after SIGTERM" in said_by(ends_at_sigterm, subject)


def test_a_driver_that_leaves_a_process_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "leave-child"})
    assert "leaves running: sleep 1000" in said_by(leaves_no_processes, subject)
    assert subject.left(0) == []


def test_a_driver_with_another_token_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "wrong-token"})
    assert "with the token" in said_by(exits_before_the_handshake, subject)


def test_a_driver_that_does_not_connect_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "hang", "point": "start"})
    assert "does not attach" in said_by(exits_before_the_handshake, subject)


def test_a_driver_that_hangs_before_it_connects_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving({"do": "hold-lock", "point": "start", "seconds": 1000})
    assert "where nobody listens" in said_by(exits_where_nobody_listens, subject)


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("takes-anything", "without a word"),
        ("dies-of-parameters", "answered by DriverCrashed"),
        ("calls-it-internal", "answered by Internal"),
    ],
)
def test_a_driver_that_does_not_check_its_parameters_is_found(
    careless: MakeSubject, way: str, told: str
) -> None:
    assert told in said_by(refuses_unknown_parameters, careless(way))


def test_a_driver_that_wants_its_store_alone_is_found(
    careless: MakeSubject, tmp_path: Path
) -> None:
    (tmp_path / "root").mkdir()
    with pytest.raises(Exception, match="it is in use"):
        starts_many_at_once(careless("locks", driver="filesystem"))


def test_a_driver_that_shares_nothing_and_does_not_say_so_is_found(careless: MakeSubject) -> None:
    assert "'volatile'" in said_by(starts_many_at_once, careless("forgetful"))


@pytest.mark.parametrize(
    ("program", "check", "told"),
    [
        ("echo 1.0", tells_its_version, "no JSON object"),
        ("echo '{}'; echo '{}'", tells_its_version, "prints 2 lines"),
        ("echo '{}'", tells_its_version, 'does not tell "name"'),
        ('echo \'{"name":1,"version":1,"features":1,"transports":1}\'', tells_its_version, "1"),
        ("exit 3", tells_its_version, "exits with status 3"),
        ("exec sleep 1000", tells_its_version, "does not exit within"),
        ("exit 0", explains_itself_to_people, "not with status 64"),
        ("exit 64", explains_itself_to_people, "explains nothing"),
        ("exec sleep 1000", exits_without_a_first_line, "before the first line"),
        ("exit 0", refuses_a_first_line_that_is_none, "that is no JSON it exits with 0"),
    ],
)
def test_a_program_that_is_none_is_found(
    tmp_path: Path, program: str, check: Check, told: str
) -> None:
    script = tmp_path / "program"
    script.write_text(f"#!/bin/sh\nread -r line </dev/null\n{program}\n")
    script.chmod(0o755)
    subject = Subject("none", [str(script)], {}, life_seconds=SHORT_LIFE_SECONDS)
    assert told in said_by(check, subject)
