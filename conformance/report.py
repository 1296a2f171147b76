"""What came of a run of the suite, and how two runs are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest

from storagedriver.conformance.outcomes import Outcome


class CaseOutcome(Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case."""

    name: str
    outcome: CaseOutcome
    reason: str
    """Why it failed or was skipped; empty if it passed."""
    duration_seconds: float
    recorded: tuple[Outcome, ...]
    """What the driver answered, for `compare`."""
    error: Exception | None = field(default=None, compare=False, repr=False)
    """What ended a case that failed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run, in the order of the cases."""

    driver: str
    features: frozenset[str]
    seed: int
    full: bool
    results: tuple[CaseResult, ...]

    def with_outcome(self, outcome: CaseOutcome) -> list[CaseResult]:
        """Return the cases that ended so."""
        return [result for result in self.results if result.outcome is outcome]

    @property
    def passed(self) -> bool:
        """Whether nothing failed and something was run."""
        return not self.with_outcome(CaseOutcome.FAILED) and bool(
            self.with_outcome(CaseOutcome.PASSED)
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which two runs were not the same."""

    case: str
    what: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.case}: {self.what}: {self.first} / {self.second}"


def compare(first: Report, second: Report) -> list[Difference]:
    """Return where two runs answered differently; empty for drivers that behave alike.

    Compared are outcomes, reasons and everything that was recorded, of a case the first difference
    only: what follows may follow from it. Raises ValueError if the runs were not made with the same
    seed and size, for then they made different calls.
    """
    if (first.seed, first.full) != (second.seed, second.full):
        raise ValueError("runs of different seeds or sizes cannot be compared")
    by_name = {result.name: result for result in second.results}
    names = [result.name for result in first.results]
    differences: list[Difference] = []
    for result in first.results:
        differences += _compare_results(result, by_name.get(result.name))
    missing = [result for result in second.results if result.name not in set(names)]
    differences += [Difference(result.name, "ran", "no", "yes") for result in missing]
    return differences


def _compare_results(first: CaseResult, second: CaseResult | None) -> list[Difference]:
    if second is None:
        return [Difference(first.name, "ran", "yes", "no")]
    if (first.outcome, first.reason) != (second.outcome, second.reason):
        return [Difference(first.name, "outcome", _ended(first), _ended(second))]
    for one, other in zip_longest(first.recorded, second.recorded):
        if one != other:
            call = next(outcome.call for outcome in (one, other) if outcome is not None)
            return [Difference(first.name, call, _answered(one, call), _answered(other, call))]
    return []


def _ended(result: CaseResult) -> str:
    return f"{result.outcome.value} {result.reason}".strip()


def _answered(outcome: Outcome | None, call: str) -> str:
    if outcome is None:
        return "no such call"
    return str(outcome.answer) if outcome.call == call else f"{outcome.call} instead"
