"""The suite as a test class: one line in the test file of whoever writes a driver.

    TestMine = ipc_suite("mine", {"bucket": "b"}, skip_reason="" if configured else "no bucket")

The class is a unittest.TestCase, which pytest and unittest both collect, with one method for each
case. Source: the original's RegisterInProcessSuite and RegisterIPCSuite.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import ClassVar, TypeAlias

from storagedriver.conformance.case import Case
from storagedriver.conformance.cases import CASES
from storagedriver.conformance.report import CaseOutcome
from storagedriver.conformance.run import DEFAULT_SEED, SuiteRun
from storagedriver.contract import (
    InvalidStorageDriverError,
    StorageDriver,
    StorageDriverFactory,
)

Parameters: TypeAlias = Mapping[str, object]
ParametersSource: TypeAlias = (
    Parameters | Callable[[], Parameters | AbstractContextManager[Parameters]] | None
)
"""Parameters of a driver; or what gives them, called once for the class; or what gives a context
manager around them, which is left after the last case. A temporary directory wants the last."""


def in_process_suite(
    name_or_factory: str | StorageDriverFactory,
    parameters: ParametersSource = None,
    *,
    skip_reason: str = "",
    full: bool = False,
    seed: int = DEFAULT_SEED,
) -> type[unittest.TestCase]:
    """Return a test class that runs the suite against a driver in this process.

    The driver is one that `drivers.factory.create` finds, or what a factory makes, with the checks
    around it that `create` would put there. All tests are skipped if there is a `skip_reason`. They
    fail with InvalidStorageDriverError if `create` finds a program only.
    """

    def make(given: Parameters) -> StorageDriver:
        # Imported when the tests run: a suite that is skipped needs no driver.
        from storagedriver.drivers.factory import create
        from storagedriver.drivers.wrappers.checked import Checked
        from storagedriver.ipc import IPCStorageDriver

        if not isinstance(name_or_factory, str):
            return Checked(name_or_factory(given))
        driver = create(name_or_factory, given)
        if isinstance(driver, IPCStorageDriver):
            driver.close()
            reason = "it is a program, and not installed for this process"
            raise InvalidStorageDriverError(name_or_factory, reason=reason)
        return driver

    return _make_class(lambda: _started(make, parameters, full=full, seed=seed), skip_reason)


def ipc_suite(
    name: str,
    parameters: ParametersSource = None,
    *,
    skip_reason: str = "",
    drivers_directory: str | None = None,
    full: bool = False,
    seed: int = DEFAULT_SEED,
) -> type[unittest.TestCase]:
    """Return a test class that runs the suite against a driver in a process of its own.

    The executable is found as `drivers.factory.launch` finds it. All tests are skipped if there is
    a `skip_reason`.
    """

    def make(given: Parameters) -> StorageDriver:
        from storagedriver.drivers.factory import launch

        # A crash is to be seen, and not made good.
        return launch(name, given, drivers_directory=drivers_directory, restart=None)

    return _make_class(lambda: _started(make, parameters, full=full, seed=seed), skip_reason)


class _Suite(unittest.TestCase):
    """What the test methods find: the run that was begun before the first of them."""

    suite_run: ClassVar[SuiteRun]


def _make_class(
    start: Callable[[], AbstractContextManager[SuiteRun]], skip_reason: str
) -> type[unittest.TestCase]:
    class Suite(_Suite):
        @classmethod
        def setUpClass(cls) -> None:
            if skip_reason:
                raise unittest.SkipTest(skip_reason)
            cls.suite_run = cls.enterClassContext(start())

    for case in CASES:
        setattr(Suite, f"test_{case.name}", _make_test(case))
    return Suite


@contextmanager
def _started(
    make: Callable[[Parameters], StorageDriver], source: ParametersSource, *, full: bool, seed: int
) -> Generator[SuiteRun, None, None]:
    with ExitStack() as stack:
        given = source() if callable(source) else source
        if isinstance(given, AbstractContextManager):
            given = stack.enter_context(given)
        parameters: Parameters = {} if given is None else given
        yield stack.enter_context(SuiteRun(lambda: make(parameters), full=full, seed=seed))


def _make_test(case: Case) -> Callable[[_Suite], None]:
    def test(self: _Suite) -> None:
        result = self.suite_run.run(case)
        if result.outcome is CaseOutcome.SKIPPED:
            raise unittest.SkipTest(result.reason)
        if result.outcome is CaseOutcome.FAILED:
            raise self.failureException(result.reason) from result.error

    test.__name__ = test.__qualname__ = f"test_{case.name}"
    test.__doc__ = case.sentence
    return test
