from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from storagedriver.drivers import factory
from storagedriver.drivers.factory import create
from storagedriver.drivers.inmemory import InMemoryDriver

if TYPE_CHECKING:
    from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def _some_files(store: Path) -> None:
    with create("filesystem", {"rootdirectory": str(store)}) as driver:
        for path in ("/a", "/a-b/c", "/d/e/f"):
            driver.put_content(path, path.encode())


def test_ls_shows_full_paths(filesystem: Command) -> None:
    assert filesystem("ls").stdout == "/a\n/a-b\n/d\n"
    assert filesystem("ls", "/d").stdout == "/d/e\n"


def test_ls_as_json_is_a_path_on_each_line(filesystem: Command) -> None:
    assert filesystem("ls", "--json").objects == [
        {"path": "/a"},
        {"path": "/a-b"},
        {"path": "/d"},
    ]


def test_ls_recursive_shows_files_only(filesystem: Command) -> None:
    assert filesystem("ls", "--recursive").stdout == "/a\n/a-b/c\n/d/e/f\n"


def test_ls_long_shows_sizes_and_marks_directories(filesystem: Command) -> None:
    rows = [line.split() for line in filesystem("ls", "--long").stdout.splitlines()]
    assert [(row[0], row[2]) for row in rows] == [("2", "/a"), ("-", "/a-b/"), ("-", "/d/")]


def test_ls_recursive_as_json_has_all_that_stat_has(filesystem: Command) -> None:
    listed = filesystem("ls", "-r", "--json").objects
    stated = [filesystem("stat", path, "--json").objects[0] for path in ("/a", "/a-b/c", "/d/e/f")]
    assert listed == stated
    assert [info["size"] for info in listed] == [2, 6, 6]


def test_stat_of_a_directory(filesystem: Command) -> None:
    answer = filesystem("stat", "/d", "--json")
    assert answer.objects == [{"path": "/d", "size": 0, "mod_time": None, "is_dir": True}]


@pytest.mark.parametrize("command", ["ls", "stat"])
def test_nothing_there_is_told(filesystem: Command, command: str) -> None:
    answer = filesystem(command, "/none")
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr == (
        "storagedriver: PathNotFound: Path not found: /none (driver filesystem)\n"
    )


def test_a_driver_without_urls_says_so(filesystem: Command) -> None:
    answer = filesystem("url", "/a", "--expires-in", "60")
    assert answer.status == 1
    assert answer.stderr.startswith("storagedriver: UnsupportedMethod: Unsupported method")


def test_a_url_is_shown_with_what_it_was_asked_for(
    storagedriver: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WithUrls(InMemoryDriver):
        def url_for(self, path: str, options: object = None) -> str:
            assert isinstance(options, dict)
            return f"http://example.org{path}?{options['method']}&{options['expiry']}"

    def make(parameters: Mapping[str, object]) -> WithUrls:
        return WithUrls()

    monkeypatch.setattr(factory, "_registered", {"with-urls": make})
    answer = storagedriver(
        "url", "with-urls", "--in-process", "/a", "--method", "HEAD", "--expires-in", "60", "--json"
    )
    (told,) = answer.objects
    assert (told["path"], told["method"]) == ("/a", "HEAD")
    assert urlsplit(str(told["url"])).query.startswith("HEAD&20")
