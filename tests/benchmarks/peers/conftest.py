"""The peers, all of which continuous integration has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from storagedriver.benchmarks.peers.go_plugin import GoPlugin, built


@pytest.fixture(scope="session")
def go_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoPlugin]:
    """go-plugin, built once for all tests."""
    if shutil.which("go") is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Go, which continuous integration has to have")
        pytest.skip("there is no Go, so that go-plugin cannot be built: https://go.dev/dl")
    with pytest.MonkeyPatch.context() as patch:
        # Not where the test that asks first has its temporary files.
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("go-plugin")))
        building = built()
        peer = building.__enter__()
    yield peer
    building.__exit__(None, None, None)
