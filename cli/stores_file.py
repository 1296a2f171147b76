"""Stores by name: the file `storagedriver.toml`, and what stands in it.

[stores.backup]
driver = "filesystem"
parameters = { rootdirectory = "/srv/backup" }
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from typing import Final, cast

import click

from storagedriver.cli.parameters import secret_in
from storagedriver.contract import Secret

CONFIG_VARIABLE: Final = "STORAGEDRIVER_CONFIG"

_PLACES: Final = ("storagedriver.toml", "~/.config/storagedriver/storagedriver.toml")


@dataclass(frozen=True, slots=True)
class NamedStore:
    """What the file says of one store; parameters that are secret are `Secret`."""

    driver: str
    parameters: dict[str, object] = field(repr=False)


def named_store(name: str, config: str | None = None) -> NamedStore:
    """Return the store `name` of the file `config`.

    Without `config` it is the file that STORAGEDRIVER_CONFIG names, else the first that there is of
    ./storagedriver.toml and ~/.config/storagedriver/storagedriver.toml.

    Raises click.UsageError if there is no such store, click.ClickException that names file and key
    for what is wrong in the file, OSError if a file cannot be read.
    """
    file = config or os.environ.get(CONFIG_VARIABLE) or _first_of_the_places(name)
    stores = _table(file, "stores", _read(file).get("stores", {}))
    if name not in stores:
        known = ", ".join(sorted(stores)) or "none"
        raise click.UsageError(f"no store {name} in {file}; there are: {known}")
    return _Reading(file, os.path.dirname(file)).store(f"stores.{name}", stores[name])


def _first_of_the_places(name: str) -> str:
    for place in map(os.path.expanduser, _PLACES):
        if os.path.exists(place):
            return place
    raise click.UsageError(f"no store {name}: there is neither {' nor '.join(_PLACES)}")


def _read(file: str) -> dict[str, object]:
    with open(file, "rb") as opened:
        try:
            return tomllib.load(opened)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{file}: not TOML: {error}") from None


def _table(file: str, key: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise click.ClickException(f"{file}: {key} must be a table, not {_type_of(value)}")
    return cast("dict[str, object]", value)


def _type_of(value: object) -> str:
    names: dict[type[object], str] = {
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "an array" if isinstance(value, list) else "a time")


@dataclass(frozen=True, slots=True)
class _Reading:
    """The reading of one file, whose folder is where the secrets it names are looked for."""

    file: str
    folder: str

    def store(self, key: str, value: object) -> NamedStore:
        table = _table(self.file, key, value)
        for other in table.keys() - {"driver", "parameters"}:
            raise self._wrong(f"{key}.{other}", "is unknown; known: driver, parameters")
        driver = table.get("driver")
        if driver is None:
            raise self._wrong(f"{key}.driver", "is missing")
        if not isinstance(driver, str):
            raise self._wrong(f"{key}.driver", f"must be a string, not {_type_of(driver)}")
        key = f"{key}.parameters"
        parameters = _table(self.file, key, table.get("parameters", {}))
        return NamedStore(
            driver, {name: self._value(f"{key}.{name}", parameters[name]) for name in parameters}
        )

    def _value(self, key: str, value: object) -> object:
        match value:
            case str():
                return self._secret_or_text(key, value)
            case bool() | int() | float():
                return value
            case list():
                items = cast("list[object]", value)
                return [self._value(f"{key}[{number}]", item) for number, item in enumerate(items)]
            case dict():
                table = cast("dict[str, object]", value)
                return {name: self._value(f"{key}.{name}", table[name]) for name in table}
            case _:
                raise self._wrong(key, f"is {_type_of(value)}, which a driver cannot be given")

    def _secret_or_text(self, key: str, text: str) -> str | Secret:
        try:
            return secret_in(text, self.folder) or text
        except OSError as error:
            reason = f"wants the file {error.filename}: {error.strerror}"
        except UnicodeDecodeError:
            reason = "wants a file that is not text"
        except KeyError:
            reason = f"wants the environment variable {text.removeprefix('env:')}, which is not set"
        # Without the cause: its traceback holds what is secret.
        raise self._wrong(key, reason)

    def _wrong(self, key: str, reason: str) -> click.ClickException:
        return click.ClickException(f"{self.file}: {key} {reason}")
