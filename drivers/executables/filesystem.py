"""The program `registry-storage-filesystem`: serves the filesystem driver to the host."""

from __future__ import annotations

from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.ipc.server import serve


def main() -> None:
    """Serve until the host is done."""
    serve(
        FilesystemDriver.from_parameters,
        name=FilesystemDriver.name,
        features=FilesystemDriver.features,
    )


if __name__ == "__main__":
    main()
