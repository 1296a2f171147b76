"""`check --faults` tells what comes of the checks, and whether all was right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.conformance import faults
from storagedriver.conformance.faults import FaultReport, Finding, Section, Subject, Verdict

if TYPE_CHECKING:
    from tests.cli.conftest import Command

PASSED = Finding(Section.LIFE, "ends_at_sigterm", Verdict.PASSED, "", 0.25)
FAILED = Finding(Section.KILLED, "comes_up_empty", Verdict.FAILED, "it kept objects", 2.0)


@dataclass
class Asked:
    """What `check_faults` was asked for by the command."""

    subject: Subject
    options: dict[str, object]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Asked]]:
    """Lets the checks find this, without a driver."""

    def set_findings(*findings: Finding) -> list[Asked]:
        asked: list[Asked] = []

        def check_faults(
            subject: Subject, *, on_finding: Callable[[Finding], None], **options: object
        ) -> FaultReport:
            asked.append(Asked(subject, options))
            for finding in findings:
                on_finding(finding)
            return FaultReport(subject.name, frozenset(), 7, findings)

        monkeypatch.setattr(faults, "check_faults", check_faults)
        return asked

    return set_findings


def test_findings_are_told_as_they_come_and_counted(
    storagedriver: Command, found: Callable[..., list[Asked]]
) -> None:
    found(PASSED, FAILED)
    answer = storagedriver("check", "inmemory", "--faults")
    assert answer.status == 1
    assert answer.stdout.splitlines() == [
        "passed    0.2 s  life: ends at sigterm",
        "failed    2.0 s  killed: comes up empty: it kept objects",
        "inmemory: life 1 passed; killed 1 failed (seed 7)",
    ]


def test_json_has_a_line_for_each_finding_and_one_for_all(
    storagedriver: Command, found: Callable[..., list[Asked]]
) -> None:
    found(PASSED)
    answer = storagedriver("check", "inmemory", "--faults", "--json")
    assert answer.status == 0
    assert answer.objects == [
        {
            "section": "life",
            "check": "ends_at_sigterm",
            "outcome": "passed",
            "reason": "",
            "seconds": 0.25,
        },
        {
            "summary": {
                "driver": "inmemory",
                "passed": True,
                "seed": 7,
                "sections": {"life": {"passed": 1}},
            }
        },
    ]


def test_options_reach_the_checks(
    storagedriver: Command, found: Callable[..., list[Asked]], store: Path
) -> None:
    asked = found(PASSED)
    storagedriver(
        *("check", "filesystem", "-p", f"rootdirectory={store}", "--faults"),
        *("--seed", "7", "--case", "put_get_one_b*"),
    )
    (ask,) = asked
    assert ask.options["seed"] == 7
    assert ask.options["only"] == ["put_get_one_byte"]
    assert ask.subject.parameters == {"rootdirectory": str(store)}
    assert Path(ask.subject.command[0]).name == "registry-storage-filesystem"


@pytest.mark.parametrize("arguments", [("inmemory", "--in-process"), ("attach:/nowhere",)], ids=str)
def test_a_driver_that_is_not_started_cannot_be_checked(
    storagedriver: Command, arguments: tuple[str, ...]
) -> None:
    assert storagedriver("check", *arguments, "--faults").status == 2


def test_a_right_driver_passes(storagedriver: Command) -> None:
    answer = storagedriver("check", "inmemory", "--faults", "--case", "put_get_one_byte")
    assert answer.status == 0, answer
    assert answer.stderr == ""
    assert answer.stdout.splitlines()[-1].startswith("inmemory: life 14 passed; killed 1 passed")
