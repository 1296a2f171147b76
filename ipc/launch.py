"""What a driver process is started with: its argument, its first line of input, its environment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final, cast

from storagedriver.contract import InvalidParametersError, Secret

ENDPOINT_VARIABLE: Final = "STORAGEDRIVER_ENDPOINT"

ALLOWED_VARIABLES: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
"""What a driver sees of its host's environment unless its caller says more. Credentials and proxies
are not among them: a driver has its own parameters for these."""

# Linux takes 128 KiB for one argument; longer parameters go the way of secret ones.
_MAX_ARGUMENT_BYTES: Final = 100_000

# Far more than configuration has, and safe to walk by recursion, here and in any language.
_MAX_LEVELS: Final = 64

# What signed and unsigned 64 bits hold; beyond it JSON libraries lose digits, or refuse.
_MAX_INTEGER: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Launch:
    """The argument and the first line of input for one start of a driver."""

    argument: str
    first_line: memoryview
    """Secret. A view, whose repr shows nothing, as tracebacks may show the values of frames."""


def prepare(name: str, parameters: Mapping[str, object], token: str) -> Launch:
    """Return how `parameters` reach the driver: secret or very long ones never in the argument.

    Raises InvalidParametersError for a value that JSON does not have.
    """
    checker = _Checker(name)
    checker.check(parameters)
    if not checker.has_secret:
        text = _to_json(parameters)
        if len(text) <= _MAX_ARGUMENT_BYTES:
            return Launch(text, _line({"token": token}))
    return Launch("-", _line({"token": token, "parameters": parameters}))


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


class _Checker:
    """Holds parameters against what JSON has, and notices secrets on the way.

    It keeps no text of a secret: an error here must not have one in any of its frames.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.has_secret = False

    def check(self, parameters: Mapping[str, object]) -> None:
        """Raises InvalidParametersError for the first value that JSON does not have."""
        self._check_mapping(parameters, "", 0)

    def _check_mapping(self, parameters: Mapping[str, object], parent: str, level: int) -> None:
        for key, value in parameters.items():
            if not isinstance(key, str):
                reason = f"the name of a parameter is a str, not {type(key).__name__}"
                raise InvalidParametersError(self._name, f"{parent}{key}", reason)
            self._check(value, f"{parent}{key}", level)

    def _check(self, value: object, where: str, level: int) -> None:
        if level > _MAX_LEVELS:
            reason = f"nested deeper than {_MAX_LEVELS} levels"
            raise InvalidParametersError(self._name, where.partition(".")[0], reason)
        match value:
            case Secret():
                self.has_secret = True
            case None | bool() | str():
                pass
            case int() if abs(value) <= _MAX_INTEGER:
                pass
            case float() if isfinite(value):
                pass
            case Mapping():
                self._check_mapping(cast("Mapping[str, object]", value), f"{where}.", level + 1)
            case list() | tuple():
                items = cast("Sequence[object]", value)
                for number, item in enumerate(items):
                    self._check(item, f"{where}[{number}]", level + 1)
            case int():
                raise InvalidParametersError(self._name, where, "a number beyond 64 bits")
            case _:
                kind = value if isinstance(value, float) else type(value).__name__
                raise InvalidParametersError(self._name, where, f"JSON has no {kind}")


def _line(first: Mapping[str, object]) -> memoryview:
    return memoryview(_to_json(first).encode() + b"\n")


def _to_json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _plain(value: object) -> object:
    """Return what JSON has for what it does not know: a secret's text, and the dict of a mapping.

    Called from C, and while nothing can fail any more: no traceback passes through here.
    """
    return (
        value.reveal() if isinstance(value, Secret) else dict(cast("Mapping[str, object]", value))
    )
