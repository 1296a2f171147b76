from __future__ import annotations

import os
import tarfile
from pathlib import Path

import click
import pytest

from storagedriver.cli.environment_archive import (
    MINIMUM_BYTES,
    environment_sources,
    write_archive,
)


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    for name in ("first", "second", "third"):
        folder = tmp_path / name / "sub"
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(name.encode() * 10_000)
    return [tmp_path / "first", tmp_path / "second", tmp_path / "third"]


def test_sources_are_added_until_the_archive_is_large_enough(
    tmp_path: Path, sources: list[Path]
) -> None:
    made = write_archive(tmp_path / "a.tar", sources, minimum_bytes=80_000)
    assert made.sources == tuple(sources[:2])
    assert made.files == 2
    assert made.size_bytes == (tmp_path / "a.tar").stat().st_size >= 80_000


def test_files_are_stored_as_they_are(tmp_path: Path, sources: list[Path]) -> None:
    write_archive(tmp_path / "a.tar", sources, minimum_bytes=1)
    with tarfile.open(tmp_path / "a.tar") as archive:
        (member,) = archive.getmembers()
        stored = archive.extractfile(member)
        assert stored is not None
        assert stored.read() == Path("/", member.name).read_bytes() == b"first" * 10_000


def test_a_file_is_added_once_whatever_leads_to_it(tmp_path: Path, sources: list[Path]) -> None:
    file = sources[0] / "sub" / "file"
    os.link(file, sources[0] / "again")
    (sources[0] / "link").symlink_to(file)
    made = write_archive(tmp_path / "a.tar", [sources[0], file, *sources], minimum_bytes=150_000)
    assert made.files == 3


def test_too_few_files_are_a_failure_and_not_padded(tmp_path: Path, sources: list[Path]) -> None:
    with pytest.raises(click.ClickException, match="fewer than the 1000000"):
        write_archive(tmp_path / "a.tar", sources, minimum_bytes=1_000_000)


def test_this_python_has_as_much_as_is_asked_for() -> None:
    found_bytes = 0
    for source in environment_sources():
        for file in [source] if source.is_file() else source.rglob("*"):
            found_bytes += file.lstat().st_size
            if found_bytes > MINIMUM_BYTES:
                return
    pytest.fail(f"only {found_bytes} bytes")
