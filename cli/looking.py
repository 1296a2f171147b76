"""The commands that look and change nothing: ls, stat, url."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from storagedriver.cli.addresses import AddressCommand
from storagedriver.cli.driver_options import DriverChoice, as_json_option, takes_driver
from storagedriver.cli.output import info_as_json, info_as_line, print_json
from storagedriver.contract import StorageDriver


@click.command(cls=AddressCommand)
@takes_driver
@click.argument("path", default="/")
@click.option("-l", "--long", "long_format", is_flag=True, help="Also show size and time.")
@click.option("-r", "--recursive", is_flag=True, help="Show every file below, in order.")
@as_json_option
def ls(choice: DriverChoice, path: str, long_format: bool, recursive: bool, as_json: bool) -> None:
    """List a directory.

    What stands directly in PATH of the driver NAME, full paths in byte order.

    With --json: one object per line, {"path"}, with --long or --recursive the object of `stat`.
    """
    with choice.open() as driver:
        if recursive or long_format:
            _list_infos(driver, path, recursive, long_format, as_json)
            return
        for child in driver.list(path):
            if as_json:
                print_json({"path": child})
            else:
                click.echo(child)


def _list_infos(
    driver: StorageDriver, path: str, recursive: bool, long_format: bool, as_json: bool
) -> None:
    infos = driver.walk(path) if recursive else map(driver.stat, driver.list(path))
    for info in infos:
        if as_json:
            print_json(info_as_json(info))
        else:
            click.echo(info_as_line(info) if long_format else info.path)


@click.command(cls=AddressCommand)
@takes_driver
@click.argument("path")
@as_json_option
def stat(choice: DriverChoice, path: str, as_json: bool) -> None:
    """Show the size and time of a path.

    With --json: {"path", "size", "mod_time", "is_dir"}, the size in bytes, the time in ISO 8601.
    """
    with choice.open() as driver:
        info = driver.stat(path)
    if as_json:
        print_json(info_as_json(info))
    else:
        click.echo(info_as_line(info))


@click.command(cls=AddressCommand)
@takes_driver
@click.argument("path")
@click.option("--method", type=click.Choice(["GET", "HEAD", "PUT"]), default="GET")
@click.option(
    "--expires-in",
    "expires_in_seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="How long the URL is to work.",
)
@as_json_option
def url(
    choice: DriverChoice,
    path: str,
    method: str,
    expires_in_seconds: float | None,
    as_json: bool,
) -> None:
    """Show a URL of a file.

    With --json: {"path", "method", "expiry", "url"}; expiry in ISO 8601 or null.
    """
    options: dict[str, object] = {"method": method}
    expiry = None
    if expires_in_seconds is not None:
        expiry = datetime.now(UTC) + timedelta(seconds=expires_in_seconds)
        options["expiry"] = expiry
    with choice.open() as driver:
        address = driver.url_for(path, options)
    if as_json:
        told = expiry.isoformat() if expiry else None
        print_json({"path": path, "method": method, "expiry": told, "url": address})
    else:
        click.echo(address)
