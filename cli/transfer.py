"""The commands that move content: put and get. The source is named first, as by cp."""

from __future__ import annotations

import re

import click

from storagedriver.cli.addresses import AddressCommand
from storagedriver.cli.content import ALGORITHMS, fetch, store
from storagedriver.cli.driver_options import DriverChoice, as_json_option, takes_driver
from storagedriver.cli.local_files import (
    STANDARD,
    opened_for_reading,
    opened_for_writing,
    size_of,
)
from storagedriver.cli.output import print_json
from storagedriver.cli.progress import progress


@click.command
@takes_driver
@click.argument("local")
@click.argument("path")
@click.option("--verify", is_flag=True, help="Read the content back and compare.")
@as_json_option
def put(choice: DriverChoice, local: str, path: str, verify: bool, as_json: bool) -> None:
    """Store a file or stdin.

    The file LOCAL, or stdin for -, goes to PATH of the driver NAME; its digest is shown.

    With --json: {"path", "size", "digest", "verified"}.
    """
    with choice.for_transfers().open() as driver, opened_for_reading(local) as source:
        with progress(f"put {path}", size_of(source)) as advance:
            passed = store(driver, path, source, advance=advance)
        if verify:
            with (
                driver.read_stream(path) as stream,
                progress(f"verify {path}", passed.size_bytes) as advance,
            ):
                fetch(stream, len, advance=advance).check_digest(path, passed.digest)
    if as_json:
        told = {"path": path, "size": passed.size_bytes, "digest": passed.digest}
        print_json({**told, "verified": verify})
    else:
        click.echo(f"{passed.digest}  {passed.size_bytes}  {path}")


def _check_digest_form(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None and not re.fullmatch(rf"({'|'.join(ALGORITHMS)}):[0-9a-fA-F]+", value):
        raise click.BadParameter(f"ALGORITHM:HEX, with one of {', '.join(ALGORITHMS)}")
    return value


@click.command(cls=AddressCommand)
@takes_driver
@click.argument("path")
@click.argument("local")
@click.option(
    "--digest",
    "expected",
    metavar="ALGORITHM:HEX",
    callback=_check_digest_form,
    help="The digest that the content must have, by sha256, sha384 or sha512.",
)
@as_json_option
def get(choice: DriverChoice, path: str, local: str, expected: str | None, as_json: bool) -> None:
    """Fetch content into a file or to stdout.

    PATH of the driver NAME goes to the file LOCAL, or to stdout for -; its digest is shown.

    The file appears whole or not at all. With --json: {"path", "size", "digest", "local"}. For -
    the answer goes to stderr.
    """
    algorithm = expected.partition(":")[0] if expected else "sha256"
    with (
        choice.open() as driver,
        driver.read_stream(path) as stream,
        opened_for_writing(local) as target,
        progress(f"get {path}", stream.size) as advance,
    ):
        passed = fetch(stream, target.write, advance=advance, algorithm=algorithm)
        if expected is not None:
            passed.check_digest(path, expected)
    if as_json:
        told = {"path": path, "size": passed.size_bytes, "digest": passed.digest}
        print_json({**told, "local": local}, to_stderr=local == STANDARD)
    else:
        click.echo(f"{passed.digest}  {passed.size_bytes}  {path}", err=local == STANDARD)
