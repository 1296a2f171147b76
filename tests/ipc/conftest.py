"""Channels to test with: two ends in one process, joined by a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from storagedriver.ipc.channel import Channel
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.limits import MAX_CHUNK_BYTES
from storagedriver.ipc.messages import Attach
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side

PATIENCE_SECONDS = 10.0
ATTACH = Attach("token", "0.1", 0)


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
            driver = attached(host, session(Side.DRIVER))
            open_channels.enter_context(closing(driver))
            return host, driver

        yield make


def attached(host: Channel, session: Session) -> Channel:
    """The peer of a channel that listens. It has sent ATTACH, and that was received."""

    def attach() -> Channel:
        driver = Channel.connect(host.endpoint, session, timeout_seconds=PATIENCE_SECONDS)
        driver.send(ATTACH)
        return driver

    # Each end waits for the other's part of the handshake.
    with ThreadPoolExecutor(1) as threads:
        attaching = threads.submit(attach)
        assert host.receive(PATIENCE_SECONDS) == ATTACH
        return attaching.result(PATIENCE_SECONDS)


def send_past_session(channel: Channel, header: bytes) -> None:
    """Send what the channel's own session would not allow."""
    connection = channel._ends.connection  # pyright: ignore[reportPrivateUsage]
    assert connection is not None
    connection.send(header, None, None)


@pytest.fixture
def pair(make_pair: PairMaker) -> tuple[Channel, Channel]:
    """A host's worker channel and the driver's end of it."""
    return make_pair()
