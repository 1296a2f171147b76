"""What came of checking a driver's faults: one finding for each check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Section(Enum):
    """What kind of trouble a check makes, in the order in which they are run."""

    LIFE = "life"
    KILLED = "killed"
    STOPPED = "stopped"
    STARVED = "starved"


class Verdict(Enum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check."""

    section: Section
    check: str
    verdict: Verdict
    reason: str
    """What the driver did wrong; else how much was done, where that varies."""
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class FaultReport:
    """What came of all checks, in their order."""

    driver: str
    features: frozenset[str]
    seed: int
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed and something was checked."""
        verdicts = {finding.verdict for finding in self.findings}
        return Verdict.PASSED in verdicts and Verdict.FAILED not in verdicts

    def sections(self) -> Iterator[tuple[Section, list[Finding]]]:
        """Give the findings of each section that has any."""
        for section in Section:
            found = [finding for finding in self.findings if finding.section is section]
            if found:
                yield section, found
