"""The program `registry-storage-misbehaving`: serves a driver that breaks as a script says."""

from __future__ import annotations

from storagedriver.drivers.misbehaving.driver import make_driver
from storagedriver.drivers.misbehaving.script import DRIVER_NAME
from storagedriver.drivers.misbehaving.serving import ScriptedServing
from storagedriver.ipc.server import serve


def main() -> None:
    """Serve until the host is done, or the script wants otherwise."""
    serve(make_driver, name=DRIVER_NAME, serving_class=ScriptedServing)


if __name__ == "__main__":
    main()
