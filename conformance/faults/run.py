"""Runs the checks of all sections, one after the other, each with a limit of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final

from storagedriver.conformance.checking import CaseFailedError
from storagedriver.conformance.faults.findings import FaultReport, Finding, Section, Verdict
from storagedriver.conformance.faults.killed import (
    comes_up_empty,
    keeps_what_it_has_acknowledged,
    suite_survives_kills,
)
from storagedriver.conformance.faults.life import LIFE_CHECKS
from storagedriver.conformance.faults.starved import (
    lives_with_few_descriptors,
    lives_with_little_processor,
    lives_with_many_calls,
)
from storagedriver.conformance.faults.stopped import suite_survives_stops
from storagedriver.conformance.faults.subject import LIFE_SECONDS, Subject
from storagedriver.conformance.faults.trouble import Endurance
from storagedriver.conformance.run import (
    DEFAULT_SEED,
    QUICK_CASE_SECONDS,
    choose_cases,
    empty,
    open_uploads,
)
from storagedriver.conformance.together import Background
from storagedriver.contract.features import VOLATILE

DEFAULT_SECONDS: Final = 20.0
"""For each check that can go on for as long as one likes: a hundred kills of a driver that starts
fast, or the suite once."""

_WINDING_UP_SECONDS: Final = 3 * QUICK_CASE_SECONDS
"""What a check may take beyond its time: the case that it is in, and its cleaning."""

_LEFT_SECONDS: Final = 2.0
"""For what the driver's end has set off to end too."""

Check = Callable[[Subject, Endurance], str]


def check_faults(
    subject: Subject,
    *,
    seed: int = DEFAULT_SEED,
    seconds: float = DEFAULT_SECONDS,
    only: Collection[str] | None = None,
    sections: Collection[Section] = tuple(Section),
    on_finding: Callable[[Finding], None] | None = None,
) -> FaultReport:
    """Make all kinds of trouble for a driver, and tell what it did wrong.

    The store must be empty; it is filled, and emptied again. `seconds` bounds each check that goes
    on for as long as one likes; `only` are the cases of the suite that are used for that, all if
    None. `on_finding` is told each finding as it comes.

    Raises ValueError if the store is not empty or `only` names no case, and what starting the
    driver raises. Whatever the driver does later is a finding.
    """
    endurance = Endurance(choose_cases(only), seed, seconds)
    features = _look_at(subject)
    findings: list[Finding] = []
    for section in Section:
        for check in _checks(section, features) if section in sections else ():
            finding = _run(section, check, subject, endurance)
            findings.append(finding)
            if on_finding is not None:
                on_finding(finding)
    return FaultReport(subject.name, features, seed, tuple(findings))


def _look_at(subject: Subject) -> frozenset[str]:
    with subject.start() as driver:
        if found := driver.list("/") + [info.path for info in open_uploads(driver)]:
            raise ValueError(
                "the checks delete all that is in the store, so they want an empty one;"
                f" this one has {', '.join(found[:3])}"
            )
        return driver.features


def _checks(section: Section, features: frozenset[str]) -> list[Check]:
    match section:
        case Section.LIFE:
            return [_without_endurance(check) for check in LIFE_CHECKS]
        case Section.KILLED if VOLATILE in features:
            return [comes_up_empty]
        case Section.KILLED:
            return [keeps_what_it_has_acknowledged, suite_survives_kills]
        case Section.STOPPED:
            return [suite_survives_stops]
        case Section.STARVED:
            return [
                lives_with_few_descriptors,
                lives_with_many_calls,
                lives_with_little_processor,
            ]


def _without_endurance(check: Callable[[Subject], None]) -> Check:
    def run(subject: Subject, endurance: Endurance) -> str:
        check(subject)
        return ""

    run.__name__ = check.__name__
    return run


def _run(section: Section, check: Check, subject: Subject, endurance: Endurance) -> Finding:
    begun = time.monotonic()
    verdict, reason = _verdict(check, subject, endurance)
    if left := subject.left(_LEFT_SECONDS):
        subject.end_all()
        verdict = Verdict.FAILED
        reason = "; ".join(filter(None, (reason, f"it leaves running: {', '.join(left)}")))
    if verdict is Verdict.FAILED:
        _empty(subject)
    return Finding(section, check.__name__, verdict, reason, time.monotonic() - begun)


def _verdict(check: Check, subject: Subject, endurance: Endurance) -> tuple[Verdict, str]:
    limit = endurance.seconds + _WINDING_UP_SECONDS
    try:
        note = Background(lambda: check(subject, endurance)).result(timeout_seconds=limit)
    except CaseFailedError as error:
        return Verdict.FAILED, str(error)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is a result here
        return Verdict.FAILED, f"{type(error).__name__}: {error}"
    return Verdict.PASSED, note


def _empty(subject: Subject) -> None:
    """Give the next check an empty store, as far as the driver still can."""

    def act() -> None:
        with subject.start() as driver:
            empty(driver)

    try:
        Background(act).result(timeout_seconds=3 * LIFE_SECONDS)
    except Exception:  # noqa: BLE001 - the next check says what the matter is
        subject.end_all()
