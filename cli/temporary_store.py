"""A temporary directory as the store of a driver that lacks just that."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

import click

from storagedriver.cli.driver_options import DriverChoice
from storagedriver.contract import InvalidParametersError

# The one parameter that this program can fill in: any empty directory will do.
_STORE_PARAMETER = "rootdirectory"


@contextmanager
def with_a_store(choice: DriverChoice) -> Generator[DriverChoice, None, None]:
    """Give the choice, with a temporary directory as its store if it lacks just that.

    Says on stderr where that is; it is removed after the block. Raises what opening the driver
    raises.
    """
    if _STORE_PARAMETER in choice.parameters or not _lacks_a_store(choice):
        yield choice
        return
    with tempfile.TemporaryDirectory(prefix="storagedriver-") as directory:
        place = f"in the temporary directory {directory}, which is removed"
        click.echo(f"{choice.name} {choice.way}: {place}", err=True)
        yield replace(choice, parameters={**choice.parameters, _STORE_PARAMETER: directory})


def _lacks_a_store(choice: DriverChoice) -> bool:
    try:
        choice.open().close()
    except InvalidParametersError as error:
        if error.parameter == _STORE_PARAMETER:
            return True
        raise
    return False
