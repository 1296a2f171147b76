"""The parameters of the misbehaving driver, and the real driver that it otherwise is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from storagedriver.contract import StorageDriver
from storagedriver.contract.errors import InvalidParametersError
from storagedriver.drivers.misbehaving.calls import Plan
from storagedriver.drivers.misbehaving.journal import JOURNAL_SUFFIX, Journal
from storagedriver.drivers.misbehaving.occurrences import Occurrences
from storagedriver.drivers.misbehaving.script import DRIVER_NAME, read_script
from storagedriver.drivers.parameters import check_known

_KNOWN: Final = ("driver", "features", "journal", "parameters", "script")

Value = TypeVar("Value")


def make_plan(parameters: Mapping[str, object]) -> Plan:
    """Read the script, and open the journal: `journal`, or `<script>.journal` beside the script.

    Raises InvalidParametersError.
    """
    check_known(DRIVER_NAME, parameters, _KNOWN)
    path = _parameter(parameters, "script", str, "the path of a script")
    script = read_script(path)
    journal = _parameter(parameters, "journal", str, "a path", path + JOURNAL_SUFFIX)
    try:
        return Plan(script, Occurrences(path, script), Journal(journal))
    except OSError as error:
        raise InvalidParametersError(DRIVER_NAME, "journal", f"{journal}: {error}") from error


def make_driver(parameters: Mapping[str, object]) -> StorageDriver:
    """Make the driver that `driver` names, inmemory unless given, with its own `parameters`.

    `features` makes it claim others than it has. Raises InvalidParametersError, also of the driver.
    """
    name = _parameter(parameters, "driver", str, "a name", "inmemory")
    factory = _factory(name)
    own = _parameter(parameters, "parameters", dict, "an object", dict[str, object]())
    driver = factory(own)
    if "features" in parameters:
        claimed = _parameter(parameters, "features", list, "a list of features", list[object]())
        driver.features = frozenset(map(str, claimed))
    return driver


def _factory(name: str) -> Callable[[Mapping[str, object]], StorageDriver]:
    # Imported here: the one that is not wanted need not be loaded.
    if name == "inmemory":
        from storagedriver.drivers.inmemory import InMemoryDriver

        return InMemoryDriver.from_parameters
    if name == "filesystem":
        from storagedriver.drivers.filesystem import FilesystemDriver

        return FilesystemDriver.from_parameters
    reason = f"must be one of filesystem, inmemory, not {name!r}"
    raise InvalidParametersError(DRIVER_NAME, "driver", reason)


def _parameter(
    parameters: Mapping[str, object],
    name: str,
    kind: type[Value],
    right: str,
    default: Value | None = None,
) -> Value:
    value = parameters.get(name, default)
    if not isinstance(value, kind):
        reason = f"must be {right}" + ("" if name in parameters else "; it is missing")
        raise InvalidParametersError(DRIVER_NAME, name, reason)
    return value
