"""The argument and options that choose a driver, shared by all commands that use one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Final

import click

from storagedriver.cli.addresses import ATTACH_PREFIX, split_address
from storagedriver.cli.parameters import parse_parameters
from storagedriver.cli.stores_file import named_store
from storagedriver.contract import InvalidStorageDriverError, StorageDriver

if TYPE_CHECKING:
    from storagedriver.ipc import StartOptions


TRANSFER_TIMEOUT_SECONDS: Final = 600.0
"""Without progress, where content of any size is stored: enough to read and hash some hundred
gigabytes, and to sync what of them is not on the disk."""


class OnlyAProgramError(InvalidStorageDriverError):
    """The driver can be launched, but not be used in this process."""


@dataclass(frozen=True, slots=True)
class DriverChoice:
    """Which driver to use, and how."""

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    in_process: bool = False
    drivers_directory: str | None = None
    timeout_seconds: float | None = None
    starts_again: bool = True
    """Whether a program that crashes is started again, and its calls are repeated."""

    @property
    def way(self) -> str:
        """How the driver is used, for people."""
        return "in-process" if self.in_process else "over IPC"

    def for_transfers(self) -> DriverChoice:
        """Return the same choice, with time for calls that work on all of a large object.

        A driver is silent while it checks the digest of an upload.
        """
        if self.timeout_seconds is not None or self.in_process or self._is_attached:
            return self
        return replace(self, timeout_seconds=TRANSFER_TIMEOUT_SECONDS)

    @property
    def _is_attached(self) -> bool:
        return self.name.startswith(ATTACH_PREFIX)

    def open(self) -> StorageDriver:
        """Create the driver, launch its program, or attach to it. The caller closes it.

        Raises OnlyAProgramError if it is to be used in this process and cannot be.
        """
        if self._is_attached:
            return _attach(self)
        if self.in_process:
            return _create_here(self)
        # Here, as this loads all of IPC: see `cli.main`.
        from storagedriver.drivers.factory import launch

        options: StartOptions = {}
        if self.timeout_seconds is not None:
            options["timeout_seconds"] = self.timeout_seconds
        if not self.starts_again:
            options["restart"] = None
        return launch(
            self.name, self.parameters, drivers_directory=self.drivers_directory, **options
        )


def _attach(choice: DriverChoice) -> StorageDriver:
    if choice.in_process or choice.parameters or choice.timeout_seconds is not None:
        raise click.UsageError(
            f"{choice.name} runs already: it takes no parameters, --in-process or --timeout"
        )
    from storagedriver.ipc.attach import attach

    return attach(choice.name.removeprefix(ATTACH_PREFIX))


def _create_here(choice: DriverChoice) -> StorageDriver:
    from importlib.metadata import entry_points

    from storagedriver.drivers.factory import ENTRY_POINT_GROUP, create, registered
    from storagedriver.drivers.lookup import find_executable

    installed = entry_points(group=ENTRY_POINT_GROUP, name=choice.name)
    if not installed and choice.name not in registered():
        # Not by starting it: it may refuse its parameters, and would pass for a driver in here.
        find_executable(choice.name, choice.drivers_directory)
        raise OnlyAProgramError(choice.name, reason="it is a program, and not installed here")
    return create(choice.name, choice.parameters)


def takes_driver(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the argument NAME and the options; it gets them as `choice`, its first.

    NAME is that of a driver, `attach:DIRECTORY`, or that of a store with a colon behind it.
    """

    @click.argument("name")
    @click.option(
        "-p",
        "pairs",
        metavar="KEY=VALUE",
        multiple=True,
        help="A parameter of the driver. true, false and whole numbers are those, @FILE is a secret"
        " read from a file, env:VARIABLE one from the environment, and all else is text.",
    )
    @click.option(
        "--parameters", "json_text", metavar="JSON", help="Parameters as one JSON object."
    )
    @_takes_way
    @wraps(command)
    def with_choice(
        way: _Way, name: str, pairs: tuple[str, ...], json_text: str | None, **rest: object
    ) -> None:
        parameters = parse_parameters(json_text, pairs)
        command(
            _of_store(replace(way.choice, name=name, parameters=parameters), way.config), **rest
        )

    return with_choice


def takes_addresses(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options, and a function as its first argument.

    The function returns the choice of driver for what `split_address` calls a store.
    """

    @_takes_way
    @wraps(command)
    def with_stores(way: _Way, **rest: object) -> None:
        def choose(store: str) -> DriverChoice:
            return _of_store(replace(way.choice, name=store), way.config)

        command(choose, **rest)

    return with_stores


@dataclass(frozen=True, slots=True)
class _Way:
    """What the options say that are the same for every driver of a command."""

    choice: DriverChoice
    config: str | None


def _takes_way(command: Callable[..., None]) -> Callable[..., None]:
    @click.option("--in-process", is_flag=True, help="Use the driver without a process of its own.")
    @click.option(
        "--drivers-directory",
        metavar="DIRECTORY",
        help="Where to look for the driver's program first.",
    )
    @click.option(
        "--timeout",
        "timeout_seconds",
        metavar="SECONDS",
        type=click.FloatRange(min=0, min_open=True),
        help="Give a call up after this long without progress. 60, or 600 where content is stored.",
    )
    @click.option(
        "--config",
        metavar="FILE",
        help="Where the stores with a name are written down, instead of storagedriver.toml.",
    )
    @wraps(command)
    def with_way(
        in_process: bool,
        drivers_directory: str | None,
        timeout_seconds: float | None,
        config: str | None,
        **rest: object,
    ) -> None:
        if in_process and timeout_seconds is not None:
            raise click.UsageError("--timeout is for a driver in a process of its own")
        choice = DriverChoice("", {}, in_process, drivers_directory, timeout_seconds)
        command(_Way(choice, config), **rest)

    return with_way


def _of_store(choice: DriverChoice, config: str | None) -> DriverChoice:
    """Return the choice with what the file of stores says, if its name is that of a store: `x:`.

    Parameters of the choice stand above those of the file. Raises what `named_store` does.
    """
    address = split_address(choice.name)
    if address is None or choice.name.startswith(ATTACH_PREFIX):
        return choice
    name, path = address
    if path:
        raise click.UsageError(f"{name} and {path} are two arguments here")
    store = named_store(name.removesuffix(":"), config)
    return replace(choice, name=store.driver, parameters={**store.parameters, **choice.parameters})


as_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
