"""The checks of a driver's parameters, made before any I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from storagedriver.contract.errors import InvalidParametersError


def check_known(name: str, parameters: Mapping[str, object], known: Collection[str]) -> None:
    """Raises InvalidParametersError for the first parameter that is not among `known`."""
    for parameter in parameters:
        if parameter not in known:
            there_are = ", ".join(sorted(known)) or "none"
            raise InvalidParametersError(
                name, str(parameter), f"unknown parameter; known: {there_are}"
            )
