"""The commands about drivers themselves: which there are, and running one by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from storagedriver.cli.driver_options import DriverChoice, as_json_option, takes_driver
from storagedriver.cli.output import print_json

if TYPE_CHECKING:
    from storagedriver.drivers.available import AvailableDriver


@click.command
@click.option(
    "--drivers-directory", metavar="DIRECTORY", help="Where to look for programs of drivers first."
)
@as_json_option
def drivers(drivers_directory: str | None, as_json: bool) -> None:
    """List the drivers that there are.

    Those installed for use in this process, and the programs registry-storage-NAME, in the order in
    which they are looked for: the first program of a name is the one that is used. Each program is
    asked for its version; one that does not answer is listed as broken, with the reason.

    With --json: one object per line, {"name", "place", "target", "is_program", "version",
    "features", "broken"}; version and broken may be null.
    """
    # Here, as this loads what starts processes: see `cli.main`.
    from storagedriver.drivers.available import available

    for found in available(drivers_directory):
        if as_json:
            print_json(_as_json(found))
        else:
            click.echo(_as_line(found))


def _as_json(found: AvailableDriver) -> dict[str, object]:
    return {
        "name": found.name,
        "place": found.place,
        "target": found.target,
        "is_program": found.is_program,
        "version": found.version,
        "features": list(found.features),
        "broken": found.broken,
    }


def _as_line(found: AvailableDriver) -> str:
    about = "in-process"
    if found.broken is not None:
        about = f"broken: {found.broken}"
    elif found.is_program:
        about = f"{found.version} {','.join(found.features)}"
    line = f"{found.name:16}  {found.target} ({found.place})  {about}"
    # A program may be called anything, and say anything.
    return "".join(character if character.isprintable() else " " for character in line)


@click.command
@takes_driver
@as_json_option
def serve(choice: DriverChoice, as_json: bool) -> None:
    """Run a driver by hand.

    Serves the driver NAME, in this process, to one program after another that attaches to it, such
    as this one with attach:DIRECTORY for a NAME; until Ctrl-C ends it.

    With --json: {"name", "directory"}, once it is ready.
    """
    if choice.timeout_seconds is not None:
        raise click.UsageError("--timeout is for a driver in a process of its own")
    # Here, as this loads all of IPC.
    from storagedriver.ipc.by_hand import serve_by_hand

    def tell(directory: str) -> None:
        if as_json:
            print_json({"name": choice.name, "directory": directory})
        else:
            click.echo(f'Serving {choice.name}: attach("{directory}"), or attach:{directory} here.')
            click.echo("Ctrl-C ends it.")

    with replace(choice, in_process=True).open() as driver:
        serve_by_hand(driver, name=choice.name, on_ready=tell)
