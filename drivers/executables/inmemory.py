"""The program `registry-storage-inmemory`: serves the inmemory driver to the host."""

from __future__ import annotations

from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc.server import serve


def main() -> None:
    """Serve until the host is done."""
    serve(
        InMemoryDriver.from_parameters,
        name=InMemoryDriver.name,
        features=InMemoryDriver.features,
    )


if __name__ == "__main__":
    main()
