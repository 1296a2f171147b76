"""What a driver process is started with: its argument, its first line of input, its environment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from storagedriver.contract import InvalidParametersError, Secret

ENDPOINT_VARIABLE: Final = "STORAGEDRIVER_ENDPOINT"

ALLOWED_VARIABLES: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
"""What a driver sees of its host's environment unless its caller says more. Credentials and proxies
are not among them: a driver has its own parameters for these."""

# Linux takes 128 KiB for one argument; longer parameters go the way of secret ones.
_MAX_ARGUMENT_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Launch:
    """The argument and the first line of input for one start of a driver."""

    argument: str
    first_line: bytes = field(repr=False)
    """Secret: not to be seen where a traceback shows values."""


def prepare(name: str, parameters: Mapping[str, object], token: str) -> Launch:
    """Return how `parameters` reach the driver: secret or very long ones never in the argument.

    Raises InvalidParametersError for a value that JSON does not have.
    """
    encoder = _Encoder(name)
    plain = encoder.mapping(parameters)
    text = json.dumps(plain)
    if encoder.has_secret or len(text) > _MAX_ARGUMENT_BYTES:
        first = json.dumps({"token": token, "parameters": plain})
        return Launch("-", first.encode() + b"\n")
    return Launch(text, json.dumps({"token": token}).encode() + b"\n")


def environment(
    endpoint: str, *, passed: Iterable[str], added: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of a driver: what is allowed or `passed` of ours, and the `added`."""
    wanted = (*ALLOWED_VARIABLES, *passed)
    return {
        **{name: os.environ[name] for name in wanted if name in os.environ},
        **added,
        ENDPOINT_VARIABLE: endpoint,
    }


class _Encoder:
    """Turns parameters into what JSON has, and notices secrets on the way."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.has_secret = False

    def mapping(self, parameters: Mapping[str, object], parent: str = "") -> dict[str, object]:
        encoded: dict[str, object] = {}
        for key, value in parameters.items():
            if not isinstance(key, str):
                reason = f"the name of a parameter is a str, not {type(key).__name__}"
                raise InvalidParametersError(self._name, f"{parent}{key}", reason)
            encoded[key] = self._value(value, f"{parent}{key}")
        return encoded

    def _value(self, value: object, where: str) -> object:
        match value:
            case Secret():
                self.has_secret = True
                return value.reveal()
            case None | bool() | int() | str():
                return value
            case float() if value == value and abs(value) != float("inf"):
                return value
            case Mapping():
                return self.mapping(cast("Mapping[str, object]", value), f"{where}.")
            case list() | tuple():
                items = cast("Sequence[object]", value)
                return [self._value(item, f"{where}[{i}]") for i, item in enumerate(items)]
            case _:
                reason = f"JSON has no {type(value).__name__}"
                if isinstance(value, float):
                    reason = f"JSON has no {value}"
                raise InvalidParametersError(self._name, where, reason)
