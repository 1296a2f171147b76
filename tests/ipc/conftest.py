"""Channels to test with: two ends in one process, joined by a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from storagedriver.ipc.channel import Channel
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.limits import MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side

PATIENCE_SECONDS = 10.0


@pytest.fixture
def socket_directory() -> Iterator[SocketDirectory]:
    directory = SocketDirectory()
    yield directory
    directory.remove()


PairMaker = Callable[..., tuple[Channel, Channel]]


@pytest.fixture
def make_pair(socket_directory: SocketDirectory) -> Iterator[PairMaker]:
    """Makes pairs of a host's and a driver's channel, attached; all are closed in the end."""
    with ExitStack() as open_channels:
        numbers = iter(range(1000))

        def make(
            *,
            role: Role = Role.WORKER,
            transport: str = "ipc",
            max_chunk_bytes: int = MAX_CHUNK_BYTES,
            write_credit_bytes: int = 4 * MAX_CHUNK_BYTES,
        ) -> tuple[Channel, Channel]:
            def session(side: Side) -> Session:
                return Session(
                    side,
                    role,
                    max_chunk_bytes=max_chunk_bytes,
                    write_credit_bytes=write_credit_bytes,
                )

            endpoint = "tcp://127.0.0.1:*"
            if transport == "ipc":
                endpoint = socket_directory.endpoint(next(numbers))
            host = Channel.listen(endpoint, session(Side.HOST))
            open_channels.enter_context(closing(host))
            driver = Channel.connect(
                host.endpoint, session(Side.DRIVER), timeout_seconds=PATIENCE_SECONDS
            )
            open_channels.enter_context(closing(driver))
            driver.send(Attach("token", "0.1", 0))
            host.receive(PATIENCE_SECONDS)
            return host, driver

        yield make


@pytest.fixture
def pair(make_pair: PairMaker) -> tuple[Channel, Channel]:
    """A host's worker channel and the driver's end of it."""
    return make_pair()
