"""Serving a driver by hand: this process is not the child of a host, and outlives each of them."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress

from storagedriver.contract import StorageDriver
from storagedriver.ipc.attach import SOCKET_NAME
from storagedriver.ipc.channel import ChannelLostError
from storagedriver.ipc.leftovers import remove_sockets_of
from storagedriver.ipc.lifeline import parse_object
from storagedriver.ipc.serving import Serving


def serve_by_hand(driver: StorageDriver, *, name: str, on_ready: Callable[[str], None]) -> None:
    """Serve `driver` to one host after another, each of which calls `attach`, until interrupted.

    `on_ready` is told the directory that hosts attach to; it is made for this, and removed at the
    end. The driver is not closed between hosts, nor at the end.
    """
    with (
        tempfile.TemporaryDirectory(prefix="storagedriver-") as directory,
        socket.socket(socket.AF_UNIX) as listening,
    ):
        listening.bind(os.path.join(directory, SOCKET_NAME))
        listening.listen()
        on_ready(directory)
        while True:
            relay, _ = listening.accept()
            with relay:
                _serve_one(driver, name, relay)


def _serve_one(driver: StorageDriver, name: str, relay: socket.socket) -> None:
    with relay.makefile("rb") as lines:
        line = lines.readline()
    # Whoever connects and goes away again is no host.
    with suppress(ValueError):
        introduction = parse_object(line, "the introduction of a host")
        endpoint, token = introduction.get("endpoint"), introduction.get("token")
        if isinstance(endpoint, str) and isinstance(token, str):
            serving = Serving(
                lambda _: driver,
                name,
                parameters={},
                token=token,
                endpoint=endpoint,
                wait_for_host=lambda seconds: _wait_for_end(relay, seconds),
                closes_driver=False,
            )
            try:
                serving.run()
            except ChannelLostError:
                remove_sockets_of(endpoint)


def _wait_for_end(relay: socket.socket, timeout_seconds: float) -> bool:
    """Wait until the relay has ended, which the host ends once it has heard the last answer."""
    relay.settimeout(timeout_seconds)
    try:
        return relay.recv(1) == b""
    except OSError:
        return False
