"""Sending several parts through a socket at once, without joining them first."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def send_parts(connection: socket.socket, *parts: ReadableBuffer) -> None:
    """Send all parts, in order. Raises OSError if the other end is gone."""
    sent = connection.sendmsg(parts)
    for part in parts:
        view = memoryview(part)
        if sent < len(view):
            # A signal, or a kernel that takes less at a time than a large part.
            connection.sendall(view[sent:])
        sent = max(0, sent - len(view))
