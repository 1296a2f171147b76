#!/usr/bin/env python3
"""The filesystem driver, with a line in the log of its host for whatever goes away.

Installed as a program called `registry-storage-audited`, it is `launch("audited", {...})` to a
host, whose logger `storagedriver.driver.audited` gets the lines.
"""

from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.ipc import serve


class AuditedDriver(FilesystemDriver):
    """Keeps the whole contract, as what it adds comes after what it takes over."""

    def delete(self, path: str) -> None:
        super().delete(path)
        print(f"deleted {path}")

    def move(self, source: str, destination: str) -> None:
        super().move(source, destination)
        print(f"moved {source} to {destination}")


if __name__ == "__main__":
    serve(AuditedDriver.from_parameters)
