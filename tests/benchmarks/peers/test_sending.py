from __future__ import annotations

import socket
from threading import Thread

import pytest

from storagedriver.benchmarks.peers.children.sending import send_parts


@pytest.mark.parametrize("sizes", [(0,), (3, 0, 5), (10, 3_000_000, 2), (3_000_000, 3_000_000)])
def test_all_parts_arrive_in_order(sizes: tuple[int, ...]) -> None:
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    here, there = socket.socketpair()
    with here, there, there.makefile("rb") as incoming:
        # With a time limit the kernel takes no more than there is room for.
        here.settimeout(60)
        sending = Thread(target=send_parts, args=(here, *parts))
        sending.start()
        received = incoming.read(sum(sizes))
        sending.join()
    assert received == b"".join(parts)
