"""`check --faults`: what a driver does while it is killed, stopped and starved, as it comes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from storagedriver.cli.addresses import ATTACH_PREFIX
from storagedriver.cli.driver_options import DriverChoice
from storagedriver.cli.output import print_json
from storagedriver.cli.suite_runs import SuiteSettings
from storagedriver.cli.temporary_store import with_a_store

if TYPE_CHECKING:
    from storagedriver.conformance.faults import FaultReport, Finding

_FULL_SECONDS: Final = 900.0
"""For each of the checks that go on for as long as one likes, of which there are up to four."""


def check_faults_of(choice: DriverChoice, settings: SuiteSettings, *, as_json: bool) -> bool:
    """Make trouble for a driver, write what comes of it, and return whether all was right.

    Raises what starting the driver raises, and click.UsageError if there is something in its store.
    """
    # Here, as this loads all cases: see `cli.main`.
    from storagedriver.conformance import DEFAULT_SEED
    from storagedriver.conformance.faults import Subject, check_faults
    from storagedriver.conformance.faults.run import DEFAULT_SECONDS
    from storagedriver.drivers.lookup import find_executable

    if choice.name.startswith(ATTACH_PREFIX):
        raise click.UsageError(f"{choice.name} runs already, and --faults wants to start it")
    executable = find_executable(choice.name, choice.drivers_directory)
    with with_a_store(choice) as complete, _quiet_about_crashes():
        try:
            report = check_faults(
                Subject(choice.name, [executable], complete.parameters),
                seed=DEFAULT_SEED if settings.seed is None else settings.seed,
                seconds=_FULL_SECONDS if settings.full else DEFAULT_SECONDS,
                only=settings.only,
                on_finding=_print_as_json if as_json else _print_for_people,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    _print_summary(report, as_json=as_json)
    return report.passed


@contextmanager
def _quiet_about_crashes() -> Generator[None, None, None]:
    """Keep the warnings of crashes to ourselves: we bring them about."""
    logger, handler = logging.getLogger("storagedriver"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _print_as_json(finding: Finding) -> None:
    print_json(
        {
            "section": finding.section.value,
            "check": finding.check,
            "outcome": finding.verdict.value,
            "reason": finding.reason,
            "seconds": round(finding.duration_seconds, 6),
        }
    )


def _print_for_people(finding: Finding) -> None:
    what = finding.check.replace("_", " ")
    begun = f"{finding.verdict.value} {finding.duration_seconds:6.1f} s  {finding.section.value}"
    click.echo(f"{begun}: {what}" + (f": {finding.reason}" if finding.reason else ""))


def _print_summary(report: FaultReport, *, as_json: bool) -> None:
    sections = {
        section.value: dict(Counter(finding.verdict.value for finding in findings))
        for section, findings in report.sections()
    }
    if as_json:
        told = {"driver": report.driver, "passed": report.passed, "seed": report.seed}
        print_json({"summary": {**told, "sections": sections}})
        return
    counted = "; ".join(
        f"{section} " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        for section, counts in sections.items()
    )
    click.echo(f"{report.driver}: {counted} (seed {report.seed})")
