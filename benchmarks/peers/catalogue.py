"""All peers: which of them can be measured here, and what the others want."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from storagedriver.benchmarks.peers.child import PeerError
from storagedriver.benchmarks.peers.go_plugin import built
from storagedriver.benchmarks.subject import Subject
from storagedriver.benchmarks.work import MeasuresItself

BASELINES: Final = ("raw sockets", "raw pyzmq")
"""The names of the peers that all are compared with: what Python can do with no library at all, and
with the library that this project stands on and nothing else."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a peer is, and what it needs. It is loaded only if it is to be measured."""

    module: str
    subject: str
    library: str | None = None


_ENTRIES: Final = (
    _Entry("raw_sockets", "RawSockets"),
    _Entry("raw_pyzmq", "RawPyzmq"),
    _Entry("mp_connection", "MultiprocessingConnection"),
    _Entry("mp_manager", "MultiprocessingManager"),
    _Entry("pyro", "Pyro", "Pyro5"),
    _Entry("rpyc_store", "Rpyc", "rpyc"),
    _Entry("grpc_store", "Grpc", "grpcio"),
    _Entry("http_client", "Http"),
)


@dataclass(frozen=True, slots=True)
class Peers:
    """What there is."""

    subjects: Sequence[Subject | MeasuresItself]
    missing: Sequence[str]
    """A line for each peer that cannot be measured here, which says why."""


@contextmanager
def found_peers() -> Generator[Peers, None, None]:
    """Give all peers that can be measured here, for as long as the block lasts.

    go-plugin is built for that, which takes half a minute the first time.
    """
    subjects: list[Subject | MeasuresItself] = []
    missing: list[str] = []
    for entry in _ENTRIES:
        try:
            subjects.append(_load(entry))
        except ModuleNotFoundError as error:
            missing.append(f"{entry.library}: {error}; pip install 'storagedriver[bench]'")
    with ExitStack() as building:
        try:
            subjects.append(building.enter_context(built()))
        except PeerError as error:
            missing.append(str(error))
        yield Peers(subjects, missing)


def _load(entry: _Entry) -> Subject:
    module = import_module(f"{__package__}.{entry.module}")
    return cast("Callable[[], Subject]", getattr(module, entry.subject))()
