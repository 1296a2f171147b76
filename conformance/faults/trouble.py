"""The suite under some trouble: as many of its cases as the time allows, and what may fail."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storagedriver.conformance.case import Case
from storagedriver.conformance.checking import CaseFailedError
from storagedriver.conformance.report import CaseOutcome, CaseResult
from storagedriver.conformance.run import SuiteRun
from storagedriver.contract import StorageDriver


@dataclass(frozen=True, slots=True)
class Endurance:
    """How much of the suite is run."""

    cases: Sequence[Case]
    seed: int
    seconds: float
    """After which no further case is begun, if there was one."""


def run_cases(
    endurance: Endurance,
    factory: Callable[[], StorageDriver],
    *,
    excuses: Callable[[Case, CaseResult], bool] = lambda case, result: False,
    before_case: Callable[[Case], None] = lambda case: None,
) -> str:
    """Run cases in an order that the seed draws; return how many there were, for people.

    `excuses` says whether a failure is none of the driver's. Raises CaseFailedError with all that
    failed besides.
    """
    order = list(endurance.cases)
    random.Random(endurance.seed).shuffle(order)
    deadline = time.monotonic() + endurance.seconds
    failed: list[str] = []
    done = 0
    with SuiteRun(factory, seed=endurance.seed) as run:
        for case in order:
            if done and time.monotonic() > deadline:
                break
            before_case(case)
            result = run.run(case)
            done += result.outcome is not CaseOutcome.SKIPPED
            if result.outcome is CaseOutcome.FAILED and not excuses(case, result):
                failed.append(f"{case.name}: {result.reason}")
    if failed:
        raise CaseFailedError(f"{len(failed)} of {done} cases failed: {'; '.join(failed)}")
    return f"{done} cases"
