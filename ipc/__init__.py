"""The contract across a process boundary: `serve` in the driver, IPCStorageDriver in the host.

The names are loaded when they are first used: a driver needs nothing of what its host needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storagedriver.ipc.client import IPCStorageDriver, StartOptions
    from storagedriver.ipc.process import Ladder
    from storagedriver.ipc.server import serve

_MODULES = {
    "IPCStorageDriver": "client",
    "Ladder": "process",
    "StartOptions": "client",
    "serve": "server",
}

__all__ = ["IPCStorageDriver", "Ladder", "StartOptions", "serve"]


def __getattr__(name: str) -> object:
    from importlib import import_module

    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
