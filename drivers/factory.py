"""Drivers by name: registered in this process, installed, or an executable to start.

Drivers that run in this process come wrapped in the checks that every driver relies on.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Unpack, cast

from storagedriver.contract import StorageDriverFactory
from storagedriver.contract.driver import StorageDriver
from storagedriver.contract.errors import InvalidStorageDriverError
from storagedriver.contract.paths import STRICT_PATHS
from storagedriver.contract.redaction import Redaction
from storagedriver.contract.secret import Secret
from storagedriver.drivers.lookup import check_name, find_executable
from storagedriver.drivers.wrappers.checked import Checked
from storagedriver.drivers.wrappers.naming import ErrorNaming

if TYPE_CHECKING:
    from storagedriver.ipc.client import IPCStorageDriver, StartOptions

ENTRY_POINT_GROUP: Final = "storagedriver.drivers"
"""What a package puts its drivers under: name = "module:factory"."""

_registered: dict[str, StorageDriverFactory] = {}
_registering = threading.Lock()


def register(name: str, factory: StorageDriverFactory) -> None:
    """Make `create(name)` use `factory`, which gets the parameters and returns a driver.

    Raises ValueError if the name is taken, TypeError if `factory` cannot be called, and
    InvalidStorageDriverError if no driver can have this name. Nothing is registered then.
    """
    check_name(name)
    if not callable(factory):
        raise TypeError(f"a factory is called; {type(factory).__name__} cannot be")
    with _registering:
        if name in _registered:
            raise ValueError(f"a driver named {name} is registered already")
        _registered[name] = factory


def registered() -> list[str]:
    """Return the names of the drivers that `register` was called for, in order."""
    with _registering:
        return sorted(_registered)


def create(
    name: str,
    parameters: Mapping[str, object] | None = None,
    *,
    drivers_directory: str | None = None,
    **options: Unpack[StartOptions],
) -> StorageDriver:
    """Return a driver that is ready for calls, in this process where it can be.

    Looks for a registered driver, an installed one (entry point group `storagedriver.drivers`) and
    an executable as `launch` does, in this order. `drivers_directory` and all options but
    `path_rule` only matter for an executable.

    Raises InvalidStorageDriverError if there is none of this name, InvalidParametersError, and what
    `launch` raises.
    """
    check_name(name)
    factory = _registered.get(name) or _installed(name)
    if factory is None:
        return launch(name, parameters, drivers_directory=drivers_directory, **options)
    path_rule = options.get("path_rule", STRICT_PATHS)
    with ErrorNaming(name):
        driver = _made(name, factory, parameters or {})
        if not isinstance(driver, StorageDriver):
            raise TypeError(f"the factory of {name} gave {type(driver).__name__}, not a driver")
        return Checked(driver, path_rule=path_rule, name=name)


def launch(
    name: str,
    parameters: Mapping[str, object] | None = None,
    *,
    drivers_directory: str | None = None,
    **options: Unpack[StartOptions],
) -> IPCStorageDriver:
    """Start the executable `registry-storage-<name>`; return a driver that is ready for calls.

    Looked for in `drivers_directory`, STORAGEDRIVER_PATH, PATH, and beside the running interpreter.
    Parameters marked Secret reach it by its standard input, out of sight of other users.

    Raises InvalidStorageDriverError if it is nowhere, InvalidParametersError if it refuses its
    parameters, IncompatibleVersionError, and DriverCrashedError or DriverTimeoutError if it does
    not start. No process is left after a failure. The options are IPCStorageDriver.start's.
    """
    executable = find_executable(name, drivers_directory)
    # Here, so that whoever keeps to drivers in this process loads nothing of IPC.
    from storagedriver.ipc.client import IPCStorageDriver

    return IPCStorageDriver.start([executable], parameters or {}, name=name, **options)


def _installed(name: str) -> StorageDriverFactory | None:
    # Here, as it takes longer to import than all of this project, and not all need it.
    from importlib.metadata import entry_points

    found = tuple(entry_points(group=ENTRY_POINT_GROUP, name=name))
    if not found:
        return None
    values = sorted({entry.value for entry in found})
    if len(values) > 1:
        reason = f"several are installed under this name: {', '.join(values)}"
        raise InvalidStorageDriverError(name, reason=reason)
    try:
        return cast("StorageDriverFactory", found[0].load())
    except Exception as error:
        reason = f"{values[0]} cannot be loaded: {type(error).__name__}: {error}"
        raise InvalidStorageDriverError(name, reason=reason) from error


def _made(
    name: str, factory: StorageDriverFactory, parameters: Mapping[str, object]
) -> StorageDriver:
    """Return what `factory` makes of the parameters. No secret is in what it raises."""
    redaction = Redaction(parameters)
    if not redaction:
        return factory(_revealed(parameters))
    try:
        return factory(_revealed(parameters))
    except Exception as error:  # noqa: BLE001 - whatever it is, it may show what is secret
        failure = ErrorNaming(name).named(error)
    redaction.hide_in(failure)
    # Not from its cause, and without the driver's frames: both hold the texts.
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


def _revealed(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters with the text of each Secret in its place, at any depth."""
    return {name: _reveal(value) for name, value in parameters.items()}


def _reveal(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return _revealed(cast("Mapping[str, object]", value))
    if isinstance(value, list | tuple):
        return [_reveal(item) for item in cast("list[object]", value)]
    return value
