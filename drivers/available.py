"""Which drivers there are, and from where: what `create` and `launch` would find by a name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from storagedriver.contract.errors import StorageDriverError
from storagedriver.drivers.lookup import EXECUTABLE_PREFIX, NAME_PATTERN, places


@dataclass(frozen=True, slots=True)
class AvailableDriver:
    """One driver at one place. A program has a version and features unless it is broken."""

    name: str
    place: str
    """What was looked into: a directory, STORAGEDRIVER_PATH, PATH, or the entry point group."""
    target: str
    """The program's absolute path; "module:factory" of an installed one."""
    is_program: bool
    version: str | None = None
    features: tuple[str, ...] = ()
    broken: str | None = None
    """Why it cannot be used, as far as that is known without starting it as a driver."""


def available(drivers_directory: str | None = None) -> Iterator[AvailableDriver]:
    """Iterate over all drivers: those installed for this process, then the programs.

    Programs come in the order of the lookup, so the first of a name is the one that `launch` uses.
    One that stands in several places comes several times, but a directory is looked into once. Each
    executable program is run with `--version`, for at most `ABOUT_SECONDS`.

    What is broken says so in `broken`; nothing is raised for it.
    """
    yield from _installed()
    seen: set[str] = set()
    for place, directories in places(drivers_directory):
        for directory in directories:
            real = os.path.realpath(directory)
            if real not in seen:
                seen.add(real)
                yield from _programs(place, directory)


def _installed() -> Iterator[AvailableDriver]:
    # Here, as it takes long to import.
    from importlib.metadata import entry_points

    from storagedriver.drivers.factory import ENTRY_POINT_GROUP, registered

    for name in registered():
        yield AvailableDriver(name, "registered", "this process", is_program=False)
    entries = {(entry.name, entry.value) for entry in entry_points(group=ENTRY_POINT_GROUP)}
    for name, value in sorted(entries):
        found = AvailableDriver(name, ENTRY_POINT_GROUP, value, is_program=False)
        if sum(name == other for other, _ in entries) > 1:
            found = replace(found, broken="several are installed under this name")
        yield found


def _programs(place: str, directory: str) -> Iterator[AvailableDriver]:
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        # PATH often names what is not there.
        return
    for file in names:
        path = os.path.abspath(os.path.join(directory, file))
        if file.startswith(EXECUTABLE_PREFIX) and os.path.isfile(path):
            name = file.removeprefix(EXECUTABLE_PREFIX)
            yield _asked(AvailableDriver(name, place, path, is_program=True))


def _asked(found: AvailableDriver) -> AvailableDriver:
    # Here, so that whoever imports this package needs no process.
    from storagedriver.ipc.about import ask_about

    if not NAME_PATTERN.fullmatch(found.name):
        return replace(found, broken="no driver can have this name")
    if not os.access(found.target, os.X_OK):
        return replace(found, broken="not executable")
    try:
        about = ask_about(found.target, name=found.name)
    except StorageDriverError as error:
        return replace(found, broken=f"{error.code}: {error}")
    except OSError as error:
        return replace(found, broken=f"cannot be started: {error.strerror}")
    return replace(found, version=about.version, features=about.features)
