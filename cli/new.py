"""The command `new`: a package of a driver to start from, which passes the suite as it is written.

It is `examples/python` with another name, so what the project's own tests run is what is written.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from storagedriver.cli.driver_options import as_json_option
from storagedriver.cli.output import print_json

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

EXAMPLE: Final = "storagedriver.examples.python"
"""Where the example is installed: files to copy, which nobody imports from there."""


@click.command
@click.argument("name")
@click.argument("directory", required=False)
@as_json_option
def new(name: str, directory: str | None, as_json: bool) -> None:
    """Write the package of a new driver.

    Writes into DIRECTORY, or ./NAME, what it takes to install the driver NAME: a module with all
    its operations, which keeps objects in memory until you make it do something else, and a test
    file that runs the suite on it. DIRECTORY must be empty, or not there yet.

    With --json: {"directory", "files"}.
    """
    names = _names(name)
    _check_free(name)
    files = {_renamed(file, names): text for file, text in _example()}
    target = Path(directory or name)
    _make_directory(target)
    for file, text in files.items():
        # Never over a file that has come since: "x" refuses it.
        with open(target / file, "x", encoding="utf-8") as out:
            out.write(_renamed(text, names))
    if as_json:
        print_json({"directory": str(target), "files": sorted(files)})
    else:
        click.echo(f"Wrote {', '.join(sorted(files))} into {target}.")
        quoted = shlex.quote(str(target))
        click.echo(f"Next: pip install --editable {quoted} && storagedriver check {name}")


def _names(name: str) -> dict[str, str]:
    """Return what stands in the place of each name that the example uses.

    The module is not called by the bare name: a driver s3 would hide the library s3 from itself,
    and a driver class could not be imported at all.
    """
    from storagedriver.drivers.lookup import NAME_PATTERN, NAME_RULE

    if not NAME_PATTERN.fullmatch(name):
        raise click.UsageError(f"no driver can be called {name!r}: {NAME_RULE}")
    if name[0].isdigit():
        raise click.UsageError(f"{name} begins with a digit, which no Python module can")
    words = re.split("[._-]", name)
    return {
        "dictionary_driver": "_".join(words) + "_driver",
        "DictionaryDriver": "".join(word.capitalize() for word in words) + "Driver",
        "dictionary": name,
    }


def _check_free(name: str) -> None:
    """Raises click.UsageError if installing a driver `name` would break another one here."""
    from importlib.metadata import entry_points

    from storagedriver.drivers.factory import ENTRY_POINT_GROUP

    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        raise click.UsageError(f"a driver {name} is installed here already, from {entry.value}")


def _renamed(text: str, names: dict[str, str]) -> str:
    # All at once: a new name may have an old one in it.
    return re.sub("|".join(names), lambda found: names[found[0]], text)


def _example() -> Iterator[tuple[str, str]]:
    """Iterate over the files of the example, each with its text."""
    from importlib.resources import files

    folder: Traversable = files(EXAMPLE)
    for file in folder.iterdir():
        # Folders are what Python and pytest leave there.
        if file.is_file():
            yield file.name, file.read_text(encoding="utf-8")


def _make_directory(target: Path) -> None:
    """Raises click.UsageError if there is something in it, OSError if it cannot be made."""
    target.mkdir(parents=True, exist_ok=True)
    if os.listdir(target):
        raise click.UsageError(f"{target} is not empty, and nothing is written over")
