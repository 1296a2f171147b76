"""The suite that every driver must pass, in this process and across the process boundary.

For whoever writes a driver, one line in a test file:

    TestMine = ipc_suite("mine", {"bucket": "b"})

For programs, `run_suite` gives a Report, and `compare` tells where two differ. docs/suite.md
says which case stands for which line of the contract.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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

_MODULES: Final = {
    "CASES": "cases",
    "DEFAULT_SEED": "run",
    "REQUIREMENTS": "requirements",
    "Case": "case",
    "CaseFailedError": "checking",
    "CaseOutcome": "report",
    "CaseResult": "report",
    "CaseSize": "case",
    "Difference": "report",
    "Outcome": "outcomes",
    "Report": "report",
    "compare": "report",
    "in_process_suite": "suites",
    "ipc_suite": "suites",
    "run_suite": "run",
}


def __getattr__(name: str) -> object:
    # Loaded when it is asked for: pytest imports this package for its plugin wherever the project
    # is installed, and all cases take a tenth of a second that most runs have no use for.
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value
