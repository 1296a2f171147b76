"""The command `check`: does a driver keep the contract, and the same in both ways of using it?"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

import click

from storagedriver.cli.check_output import Checked, print_as_json, print_for_people
from storagedriver.cli.driver_options import (
    DriverChoice,
    OnlyAProgramError,
    as_json_option,
    takes_driver,
)
from storagedriver.cli.exits import FAILED
from storagedriver.cli.fault_checks import check_faults_of
from storagedriver.cli.suite_runs import SuiteSettings, run_against


@click.command
@takes_driver
@click.option("--ipc", "only_ipc", is_flag=True, help="Only in a process of its own.")
@click.option("--full", is_flag=True, help="Also what is big or takes minutes.")
@click.option(
    "--case", "patterns", metavar="PATTERN", multiple=True, help="Only these cases: put_*, move_*."
)
@click.option(
    "--faults", is_flag=True, help="Kill, stop and starve the driver, instead of comparing."
)
@click.option("--seed", type=int, help="What the content and paths are made from.")
@as_json_option
@click.pass_context
def check(
    context: click.Context,
    choice: DriverChoice,
    only_ipc: bool,
    full: bool,
    patterns: tuple[str, ...],
    faults: bool,
    seed: int | None,
    as_json: bool,
) -> None:
    """Check that a driver keeps the contract.

    Runs the suite on the driver in this process, where it can be used so, and in a process of its
    own, and compares all answers. The store must be empty, and is emptied again; a driver that
    lacks only the parameter rootdirectory gets a temporary directory for each run.

    With --faults the driver is killed, stopped and starved while the suite runs on it, in a process
    of its own; all that it did wrong is told. That takes minutes, with --full an hour.

    With --json: for each case {"case", "in_process", "ipc", "differences"}, then {"summary"}. With
    --faults: {"section", "check", "outcome", "reason", "seconds"}, then {"summary"}.
    """
    if choice.in_process and (only_ipc or faults):
        other = "--faults" if faults else "--ipc"
        raise click.UsageError(f"--in-process and {other} exclude each other")
    settings = SuiteSettings(full=full, seed=seed, only=_matching(patterns))
    if faults:
        passed = check_faults_of(choice, settings, as_json=as_json)
        context.exit(0 if passed else FAILED)
    checked = _check_both(choice, settings, only_ipc=only_ipc)
    if as_json:
        print_as_json(choice.name, checked)
    else:
        print_for_people(choice.name, checked)
    if not checked.passed:
        context.exit(FAILED)


def _matching(patterns: tuple[str, ...]) -> list[str] | None:
    from storagedriver.conformance import CASES

    if not patterns:
        return None
    names = [
        case.name for case in CASES if any(fnmatchcase(case.name, pattern) for pattern in patterns)
    ]
    if not names:
        raise click.UsageError(f"no case is called {' or '.join(patterns)}")
    return names


def _check_both(choice: DriverChoice, settings: SuiteSettings, *, only_ipc: bool) -> Checked:
    from storagedriver.conformance import compare

    ipc = None if choice.in_process else run_against(replace(choice, in_process=False), settings)
    in_process = None
    if not only_ipc:
        try:
            in_process = run_against(
                replace(choice, in_process=True, timeout_seconds=None), settings
            )
        except OnlyAProgramError:
            # Written in another language, or not installed here: its process is all there is.
            if choice.in_process:
                raise
            click.echo(f"{choice.name} in-process: not available in this process", err=True)
    differences = compare(in_process, ipc) if in_process and ipc else []
    return Checked(in_process, ipc, differences)
