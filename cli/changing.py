"""The commands that change names and no content: mv, rm."""

from __future__ import annotations

import click

from storagedriver.cli.addresses import AddressCommand
from storagedriver.cli.driver_options import DriverChoice, as_json_option, takes_driver
from storagedriver.cli.exits import FAILED, report, text_of
from storagedriver.cli.output import print_json
from storagedriver.contract import StorageDriverError


@click.command(cls=AddressCommand)
@takes_driver
@click.argument("source")
@click.argument("destination")
@as_json_option
def mv(choice: DriverChoice, source: str, destination: str, as_json: bool) -> None:
    """Move or rename within a driver.

    SOURCE and DESTINATION, which is replaced, are paths of the driver NAME.

    With --json: {"source", "destination"}.
    """
    with choice.open() as driver:
        driver.move(source, destination)
    if as_json:
        print_json({"source": source, "destination": destination})


@click.command(cls=AddressCommand)
@takes_driver
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@as_json_option
@click.pass_context
def rm(context: click.Context, choice: DriverChoice, paths: tuple[str, ...], as_json: bool) -> None:
    """Delete files and directories.

    Each PATH of the driver NAME, a directory with all below it.

    A path that cannot be deleted is told, and the others are deleted all the same; the exit status
    is then 1. With --json: one object per deleted path, {"path"}.
    """
    failed = False
    with choice.open() as driver:
        for path in paths:
            try:
                driver.delete(path)
            except StorageDriverError as error:
                failed = True
                report(text_of(error))
            else:
                if as_json:
                    print_json({"path": path})
    if failed:
        context.exit(FAILED)
