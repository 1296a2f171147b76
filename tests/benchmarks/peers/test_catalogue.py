from __future__ import annotations

import sys

import pytest

from storagedriver.benchmarks.peers import catalogue
from storagedriver.benchmarks.peers.catalogue import BASELINES, found_peers

NAMES = [
    "raw sockets",
    "raw pyzmq",
    "mp connection",
    "mp manager",
    "Pyro5",
    "rpyc",
    "grpcio",
    "HTTP",
]


@pytest.fixture(autouse=True)
def _without_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> None:
        return None

    monkeypatch.setattr("shutil.which", nowhere)


def test_all_peers_are_found_and_the_baselines_are_among_them() -> None:
    with found_peers() as peers:
        assert [subject.name for subject in peers.subjects] == NAMES
    assert set(BASELINES) <= set(NAMES)


def test_without_go_it_is_said_that_go_plugin_is_missing() -> None:
    with found_peers() as peers:
        assert peers.missing == ["go-plugin needs Go, which is not installed: https://go.dev/dl"]


def test_a_library_that_is_not_installed_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, f"{catalogue.__package__}.rpyc_store", raising=False)
    monkeypatch.setitem(sys.modules, "rpyc", None)
    with found_peers() as peers:
        assert [subject.name for subject in peers.subjects] == [
            name for name in NAMES if name != "rpyc"
        ]
        (line, _) = peers.missing
    assert line.startswith("rpyc: ")
    assert line.endswith("pip install 'storagedriver[bench]'")
