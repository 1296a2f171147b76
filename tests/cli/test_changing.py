from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.drivers.factory import create

if TYPE_CHECKING:
    from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _some_files(store: Path) -> None:
    with create("filesystem", {"rootdirectory": str(store)}) as driver:
        for path in ("/a", "/b", "/d/e", "/d/f"):
            driver.put_content(path, path.encode())


def test_mv_moves_and_is_silent(filesystem: Command) -> None:
    answer = filesystem("mv", "/a", "/new/place")
    assert (answer.status, answer.stdout, answer.stderr) == (0, "", "")
    assert filesystem("ls", "-r").stdout == "/b\n/d/e\n/d/f\n/new/place\n"


def test_mv_as_json(filesystem: Command) -> None:
    answer = filesystem("mv", "/a", "/b", "--json")
    assert answer.objects == [{"source": "/a", "destination": "/b"}]


def test_rm_deletes_files_and_directories(filesystem: Command) -> None:
    answer = filesystem("rm", "/a", "/d")
    assert (answer.status, answer.stdout, answer.stderr) == (0, "", "")
    assert filesystem("ls", "-r").stdout == "/b\n"


def test_rm_goes_on_after_a_failure_and_fails(filesystem: Command) -> None:
    answer = filesystem("rm", "/none", "/a", "/", "/b", "--json")
    assert answer.status == 1
    assert answer.objects == [{"path": "/a"}, {"path": "/b"}]
    first, second = answer.stderr.splitlines()
    assert first == "storagedriver: PathNotFound: Path not found: /none (driver filesystem)"
    assert second.startswith("storagedriver: InvalidPath: Invalid path: /")


def test_rm_without_a_path_is_wrong_usage(filesystem: Command) -> None:
    answer = filesystem("rm")
    assert answer.status == 2
    assert answer.stderr.count("\n") == 1
