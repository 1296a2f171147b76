"""Attaching to a driver that somebody else runs: by hand, in a terminal or a debugger.

`attach` starts a small relay as the host's child. The relay hands its endpoint and token over to
the driver, through a socket in a directory that both know, and stays for as long as the two are
together. So to the host the relay is the driver's process, and nothing else differs: if either side
goes, the other one learns of it.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
from typing import Final

from storagedriver.contract import STRICT_PATHS, PathRule
from storagedriver.ipc.client import IPCStorageDriver
from storagedriver.ipc.launch import ENDPOINT_VARIABLE

SOCKET_NAME: Final = "attach"

# The exit status where no driver answers, as of a service that is not there (EX_UNAVAILABLE).
_EXIT_UNAVAILABLE: Final = 69

# A driver in a debugger may stand still for as long as its user thinks.
_START_SECONDS: Final = 24 * 3600.0


def attach(
    directory: str, *, name: str = "attached", path_rule: PathRule = STRICT_PATHS
) -> IPCStorageDriver:
    """Return a driver that is served by hand in `directory`; `serve_by_hand` says which that is.

    No call times out: the driver may stand in a debugger. `close` detaches, and the driver waits
    for the next host.

    Raises DriverCrashedError if no driver is served there, and what `IPCStorageDriver.start` does.
    """
    return IPCStorageDriver.start(
        [sys.executable, "-m", __name__, os.path.abspath(directory)],
        {},
        name=name,
        path_rule=path_rule,
        timeout_seconds=None,
        # Whoever serves it starts it again.
        restart=None,
        start_timeout_seconds=_START_SECONDS,
    )


def main() -> None:
    """Be the relay: introduce host and driver, and end with the first of them to go."""
    path = os.path.join(sys.argv[1], SOCKET_NAME)
    token = json.loads(sys.stdin.readline())["token"]
    introduction = {"endpoint": os.environ[ENDPOINT_VARIABLE], "token": token}
    with socket.socket(socket.AF_UNIX) as driver:
        try:
            driver.connect(path)
        except OSError as error:
            print(f"no driver is served in {sys.argv[1]}: {error.strerror}", file=sys.stderr)
            sys.exit(_EXIT_UNAVAILABLE)
        driver.sendall(json.dumps(introduction).encode() + b"\n")
        # Neither says anything more: readable means gone.
        select.select([driver.fileno(), sys.stdin.fileno()], [], [])


if __name__ == "__main__":
    main()
