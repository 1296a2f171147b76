"""The suite for pytest: one line in a test file, and the driver chosen on the command line.

    from storagedriver.conformance.pytest_plugin import test_storagedriver

    pytest --storagedriver mine --storagedriver-parameters '{"bucket": "b"}'

Every case is a test. A driver whose parameters are made for the run, such as a fresh directory,
gets them by a fixture of the name `storagedriver_parameters` in place of the one here.

pytest loads this wherever the project is installed. So it loads nothing else of the project before
somebody uses it, and all its names and options begin alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from storagedriver.conformance.case import Case
    from storagedriver.conformance.run import SuiteRun
    from storagedriver.contract import StorageDriver


def test_storagedriver(storagedriver_case: Case, storagedriver_run: SuiteRun) -> None:
    """One case of the suite; what it checks stands in its sentence."""
    from storagedriver.conformance.checking import CaseFailedError
    from storagedriver.conformance.report import CaseOutcome

    result = storagedriver_run.run(storagedriver_case)
    if result.outcome is CaseOutcome.SKIPPED:
        pytest.skip(result.reason)
    if result.outcome is CaseOutcome.FAILED:
        raise CaseFailedError(f"{storagedriver_case.sentence} {result.reason}") from result.error


@pytest.fixture(scope="module")
def storagedriver_parameters(request: pytest.FixtureRequest) -> Mapping[str, object]:
    """The parameters of the driver: those of the command line."""
    return cast("Mapping[str, object]", request.config.getoption("storagedriver_parameters"))


@pytest.fixture(scope="module")
def storagedriver_run(
    request: pytest.FixtureRequest, storagedriver_parameters: Mapping[str, object]
) -> Iterator[SuiteRun]:
    """The driver under test, for all cases of a module."""
    from storagedriver.conformance.run import SuiteRun

    config = request.config
    with SuiteRun(
        lambda: _opened(config, storagedriver_parameters),
        full=bool(config.getoption("storagedriver_full")),
        seed=cast("int", config.getoption("storagedriver_seed")),
    ) as run:
        yield run


def _opened(config: pytest.Config, parameters: Mapping[str, object]) -> StorageDriver:
    from storagedriver.drivers.factory import create, launch

    name = cast("str", config.getoption("storagedriver"))
    directory = cast("str | None", config.getoption("storagedriver_directory"))
    if config.getoption("storagedriver_in_process"):
        return create(name, parameters, drivers_directory=directory)
    # A crash is to be seen, and not made good.
    return launch(name, parameters, drivers_directory=directory, restart=None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each case."""
    if "storagedriver_case" not in metafunc.fixturenames:
        return
    if metafunc.config.getoption("storagedriver") is None:
        reason = "no driver was chosen: --storagedriver NAME"
        unchosen = pytest.param(None, id="no-driver", marks=pytest.mark.skip(reason=reason))
        metafunc.parametrize("storagedriver_case", [unchosen])
        return
    from storagedriver.conformance.cases import CASES

    metafunc.parametrize("storagedriver_case", CASES, ids=[case.name for case in CASES])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the choice of the driver from the command line."""
    # The default of `conformance.run`, which is not loaded for this.
    seed = 2015
    group = parser.getgroup("storagedriver", "conformance of a storage driver")
    group.addoption("--storagedriver", metavar="NAME", help="the driver to run the suite against")
    group.addoption(
        "--storagedriver-parameters",
        metavar="JSON",
        type=_json_object,
        default={},
        help="its parameters; its store must be empty, and is emptied again",
    )
    group.addoption(
        "--storagedriver-in-process",
        action="store_true",
        help="in this process, where it is installed as a module; else in one of its own",
    )
    group.addoption(
        "--storagedriver-directory", metavar="DIRECTORY", help="where its executable is, also"
    )
    group.addoption(
        "--storagedriver-full", action="store_true", help="also what is big or takes minutes"
    )
    group.addoption(
        "--storagedriver-seed",
        metavar="NUMBER",
        type=int,
        default=seed,
        help=f"what content and paths are made from ({seed})",
    )


def _json_object(text: str) -> dict[str, object]:
    """Raises ValueError, of which the command line makes its own error."""
    value: object = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return cast("dict[str, object]", value)
