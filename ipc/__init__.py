"""The contract across a process boundary: `serve` in the driver, IPCStorageDriver in the host.

The names are loaded when they are first used: a driver needs nothing of what its host needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storagedriver.ipc.client import IPCStorageDriver, StartOptions
    from storagedriver.ipc.events import DriverEvent, EventKind
    from storagedriver.ipc.process import Ladder
    from storagedriver.ipc.replay import Replay
    from storagedriver.ipc.restart_policy import RestartPolicy
    from storagedriver.ipc.server import serve

_MODULES = {
    "DriverEvent": "events",
    "EventKind": "events",
    "IPCStorageDriver": "client",
    "Ladder": "process",
    "Replay": "replay",
    "RestartPolicy": "restart_policy",
    "StartOptions": "client",
    "serve": "server",
}

__all__ = [
    "DriverEvent",
    "EventKind",
    "IPCStorageDriver",
    "Ladder",
    "Replay",
    "RestartPolicy",
    "StartOptions",
    "serve",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
