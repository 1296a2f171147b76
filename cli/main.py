"""The program `storagedriver`: its commands, and what becomes of their errors.

The command modules import what is heavy, such as the suite or the process side of a driver, when
they run: `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from storagedriver.cli.available import drivers, serve
from storagedriver.cli.bench import bench
from storagedriver.cli.between import cp, sync, verify
from storagedriver.cli.changing import mv, rm
from storagedriver.cli.check import check
from storagedriver.cli.demo import demo
from storagedriver.cli.exits import INTERRUPTED, STDOUT_CLOSED, describe, report
from storagedriver.cli.looking import ls, stat, url
from storagedriver.cli.new import new
from storagedriver.cli.transfer import get, put

PROGRAM = click.version_option(package_name="storagedriver")(
    click.Group(
        "storagedriver",
        commands=[
            demo,
            check,
            bench,
            drivers,
            serve,
            new,
            put,
            get,
            cp,
            sync,
            verify,
            ls,
            stat,
            mv,
            rm,
            url,
        ],
        help="Use and check storage drivers, each a program in any language."
        "\n\nExit status: 0 if everything asked for succeeded, 1 if something failed, 2 if it was"
        " asked for wrongly, 69 if there is no such driver, 130 after Ctrl-C.",
        # A missing command is a usage error like any other.
        no_args_is_help=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
)


def main() -> None:
    """Run the command line of this process, and exit."""
    # As Ctrl-C does: files half written are removed, and drivers are stopped.
    for number in (signal.SIGTERM, signal.SIGHUP):
        # What it was started to ignore, by nohup for one, it ignores.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _exit_by_signal)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status. Errors are one line each on stderr."""
    try:
        # Not by click's own main, which has other statuses for these ends.
        with PROGRAM.make_context("storagedriver", list(arguments)) as context:
            PROGRAM.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who reads our output has enough of it. Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STDOUT_CLOSED
    except Exception as error:
        described = describe(error)
        if described is None:
            raise
        report(described.text)
        return described.status
    return 0


def _exit_by_signal(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
