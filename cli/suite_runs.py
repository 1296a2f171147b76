"""Runs of the suite against a chosen driver, each with a store of its own where it needs one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from storagedriver.cli.driver_options import DriverChoice
from storagedriver.cli.temporary_store import with_a_store

if TYPE_CHECKING:
    from storagedriver.conformance import CaseResult, Report


@dataclass(frozen=True, slots=True)
class SuiteSettings:
    """What a run of the suite is asked for; see `conformance.run_suite`."""

    full: bool = False
    seed: int | None = None
    only: Collection[str] | None = None


def run_against(choice: DriverChoice, settings: SuiteSettings) -> Report:
    """Run the suite against a driver, and remove the store again if it was made for this run.

    Raises what opening the driver raises, and click.UsageError if there is something in its store.
    """
    # Here, as this loads all cases: see `cli.main`.
    from storagedriver.conformance import DEFAULT_SEED, run_suite

    seed = DEFAULT_SEED if settings.seed is None else settings.seed
    # A crash is to be seen, and not made good.
    choice = replace(choice, starts_again=False)
    with with_a_store(choice) as complete, _counter(complete.way) as count:
        try:
            return run_suite(
                complete.open, full=settings.full, seed=seed, only=settings.only, on_case=count
            )
        except ValueError as error:
            # A store in use, most likely: the one thing that the suite asks of its caller.
            raise click.UsageError(str(error)) from error


@contextmanager
def _counter(description: str) -> Generator[Callable[[CaseResult], None], None, None]:
    """Give a function that is told each result, and shows on a terminal how far the run is."""
    if not sys.stderr.isatty():
        yield lambda result: None
        return
    from rich.console import Console

    done = 0
    with Console(stderr=True).status(description) as status:

        def count(result: CaseResult) -> None:
            nonlocal done
            done += 1
            status.update(f"{description}: {done} cases, {result.name}")

        yield count
