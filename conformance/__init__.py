"""The suite that every driver must pass, in this process and across the process boundary.

For whoever writes a driver, one line in a test file:

    TestMine = ipc_suite("mine", {"bucket": "b"})

For programs, `run_suite` gives a Report, and `compare` tells where two differ. docs/suite.md
says which case stands for which line of the contract.
"""

from storagedriver.conformance.case import Case, CaseSize
from storagedriver.conformance.cases import CASES
from storagedriver.conformance.checking import CaseFailedError
from storagedriver.conformance.outcomes import Outcome
from storagedriver.conformance.report import (
    CaseOutcome,
    CaseResult,
    Difference,
    Report,
    compare,
)
from storagedriver.conformance.requirements import REQUIREMENTS
from storagedriver.conformance.run import DEFAULT_SEED, run_suite
from storagedriver.conformance.suites import in_process_suite, ipc_suite

__all__ = [
    "CASES",
    "DEFAULT_SEED",
    "REQUIREMENTS",
    "Case",
    "CaseFailedError",
    "CaseOutcome",
    "CaseResult",
    "CaseSize",
    "Difference",
    "Outcome",
    "Report",
    "compare",
    "in_process_suite",
    "ipc_suite",
    "run_suite",
]
