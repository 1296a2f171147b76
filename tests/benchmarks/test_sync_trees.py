from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from storagedriver.benchmarks.sync_trees import LARGE, OBJECTS, Held, Source, held, make_source


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return make_source(tmp_path / "source", objects=150, large_bytes=(3 << 20) + 5, seed=1)


@pytest.fixture
def destination(tmp_path: Path, source: Source) -> Path:
    """A whole copy."""
    return shutil.copytree(source.root, tmp_path / "destination")


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_a_source_has_what_was_asked_for(source: Source) -> None:
    found = contents(source.root)
    small = {name: len(content) for name, content in found.items() if name.startswith(OBJECTS)}
    assert small == {f"{OBJECTS}/{name}": size for name, size in source.small_bytes.items()}
    assert len(small) == 150
    assert len(found[f"{LARGE}/object"]) == source.large_bytes == (3 << 20) + 5
    assert sum(map(len, found.values())) == source.total_bytes


def test_a_seed_gives_a_source_once(source: Source, tmp_path: Path) -> None:
    amounts = {"objects": 150, "large_bytes": source.large_bytes}
    assert contents(make_source(tmp_path / "same", seed=1, **amounts).root) == contents(source.root)
    other = contents(make_source(tmp_path / "other", seed=2, **amounts).root)
    assert other.keys() == contents(source.root).keys()
    assert other != contents(source.root)


def test_no_piece_of_the_large_object_fits_in_two_places(source: Source) -> None:
    content = (source.root / LARGE / "object").read_bytes()
    pieces = {content[start : start + (1 << 20)] for start in range(0, len(content), 1 << 20)}
    assert len(pieces) == 4


def test_nothing_is_held_where_nothing_is(source: Source, tmp_path: Path) -> None:
    assert held(tmp_path / "none") == Held()
    assert Held().progress(source) == 0


def test_a_whole_copy_is_all_of_the_way(source: Source, destination: Path) -> None:
    state = held(destination)
    assert state.progress(source) == 1
    assert state.small_bytes(source) + state.large_bytes == source.total_bytes
    assert (state.large_is_published, state.uploads, state.staged_bytes) == (True, 0, 0)


def test_an_upload_is_a_large_object_under_way(source: Source, destination: Path) -> None:
    (destination / ".uploads~").mkdir()
    upload = destination / ".uploads~" / "0123.data~"
    os.rename(destination / LARGE / "object", upload)
    os.truncate(upload, 1 << 20)
    before = held(destination)
    assert (before.large_bytes, before.uploads, before.large_is_published) == (1 << 20, 1, False)
    assert 0.5 < before.progress(source) < 1
    # It goes on, and is published: nothing was sent again.
    os.truncate(upload, source.large_bytes)
    os.rename(upload, destination / LARGE / "object")
    assert before.sent_again_bytes(held(destination), source) == 0


def test_what_is_written_anew_was_sent_again(source: Source, destination: Path) -> None:
    before = held(destination)
    name, size_bytes = next(iter(source.small_bytes.items()))
    replace(destination / OBJECTS / name)
    assert before.sent_again_bytes(held(destination), source) == size_bytes
    replace(destination / LARGE / "object")
    assert before.sent_again_bytes(held(destination), source) == size_bytes + source.large_bytes


def test_what_is_half_stored_is_seen(destination: Path) -> None:
    (destination / ".staging~").mkdir()
    (destination / ".staging~" / "0123~").write_bytes(b"half")
    assert held(destination).staged_bytes == 4


def replace(file: Path) -> None:
    beside = file.with_suffix(".new")
    shutil.copy(file, beside)
    os.rename(beside, file)
