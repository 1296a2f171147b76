"""Typed access to the maps of a message, once their shape has been checked."""

from __future__ import annotations

from collections.abc import Mapping

from storagedriver.contract import ProtocolError
from storagedriver.ipc.messages import Wire


def count(fields: Mapping[str, Wire], name: str) -> int:
    """Return the whole number `name`. Raises ProtocolError if there is none."""
    value = fields.get(name)
    if type(value) is not int:
        raise ProtocolError(f"{name} is not a whole number")
    return value


def text(fields: Mapping[str, Wire], name: str) -> str:
    """Return the text `name`. Raises ProtocolError if there is none."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise ProtocolError(f"{name} is not a text")
    return value


def texts(fields: Mapping[str, Wire], name: str) -> frozenset[str]:
    """Return the list of texts `name` as a set. Raises ProtocolError if it is none."""
    value = fields.get(name)
    if not isinstance(value, list):
        raise ProtocolError(f"{name} is not a list")
    return frozenset(item for item in value if isinstance(item, str))


def flag(fields: Mapping[str, Wire], name: str) -> bool:
    """Return the truth value `name`; absent is False."""
    return fields.get(name) is True


def blob(fields: Mapping[str, Wire], name: str) -> bytes:
    """Return the bytes `name`; absent is b""."""
    value = fields.get(name)
    return value if isinstance(value, bytes) else b""
