"""Where executables are looked for, in which order."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from storagedriver.contract import InvalidStorageDriverError
from storagedriver.drivers.lookup import check_name, find_executable

PLACES = ["argument", "first", "second", "path", "scripts"]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """One directory for each place, in the order in which they are looked into."""
    directories = {place: tmp_path / place for place in PLACES}
    for directory in directories.values():
        directory.mkdir()
    monkeypatch.setenv(
        "STORAGEDRIVER_PATH", f"{directories['first']}{os.pathsep}{directories['second']}"
    )
    monkeypatch.setenv("PATH", str(directories["path"]))
    monkeypatch.setattr(sysconfig, "get_path", {"scripts": str(directories["scripts"])}.get)
    return directories


def put_executable(directory: Path, mode: int = 0o755) -> str:
    path = directory / "registry-storage-thing"
    path.write_text("")
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("earliest", PLACES)
def test_an_earlier_place_wins(places: dict[str, Path], earliest: str) -> None:
    for place in PLACES[PLACES.index(earliest) :]:
        put_executable(places[place])
    found = find_executable("thing", str(places["argument"]))
    assert found == str(places[earliest] / "registry-storage-thing")


def test_without_a_drivers_directory_the_search_begins_with_the_environment(
    places: dict[str, Path],
) -> None:
    put_executable(places["argument"])
    expected = put_executable(places["first"])
    assert find_executable("thing") == expected


def test_a_driver_that_is_nowhere_is_an_error_that_says_where_it_was_sought(
    places: dict[str, Path],
) -> None:
    with pytest.raises(InvalidStorageDriverError) as caught:
        find_executable("thing", str(places["argument"]))
    assert caught.value.name == "thing"
    assert str(caught.value).startswith("StorageDriver not registered: thing")
    for sought in (places["argument"], "STORAGEDRIVER_PATH", "PATH", places["scripts"]):
        assert str(sought) in str(caught.value)


def test_what_cannot_be_executed_is_passed_over(places: dict[str, Path]) -> None:
    put_executable(places["first"], mode=0o644)
    (places["second"] / "registry-storage-thing").mkdir()
    expected = put_executable(places["path"])
    assert find_executable("thing") == expected


def test_what_cannot_be_executed_is_mentioned(places: dict[str, Path]) -> None:
    unusable = put_executable(places["path"], mode=0o644)
    with pytest.raises(InvalidStorageDriverError, match="found but not executable") as caught:
        find_executable("thing")
    assert unusable in str(caught.value)


def test_an_empty_entry_is_not_the_current_directory(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_executable(places["argument"])
    monkeypatch.chdir(places["argument"])
    monkeypatch.setenv("PATH", os.pathsep)
    with pytest.raises(InvalidStorageDriverError):
        find_executable("thing")


def test_a_relative_directory_gives_an_absolute_path(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = put_executable(places["argument"])
    monkeypatch.chdir(places["argument"].parent)
    assert find_executable("thing", "argument") == expected


@pytest.mark.parametrize("name", ["s3", "my-driver", "a.b_c-d", "0"])
def test_a_good_name_passes(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "S3", "a--b", "-a", "a-", "../a", "a/b", "a b", "a\n", "/bin/sh", "é"]
)
def test_a_bad_name_is_no_driver(name: str) -> None:
    with pytest.raises(InvalidStorageDriverError) as caught:
        find_executable(name)
    assert caught.value.name == name


def test_a_name_that_is_no_str_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        check_name(None)  # type: ignore[arg-type]  # on purpose
