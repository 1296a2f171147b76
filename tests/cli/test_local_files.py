from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from storagedriver.cli.local_files import opened_for_reading, opened_for_writing, size_of


def test_a_file_appears_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with opened_for_writing(str(target)) as file:
        file.write(b"content")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == b"content"
    assert os.listdir(tmp_path) == ["file"]


def write_half_and_stop(target: Path) -> None:
    with opened_for_writing(str(target)) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_after_a_failure_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_half_and_stop(tmp_path / "file")
    assert os.listdir(tmp_path) == []


def test_after_a_failure_the_file_before_is_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_half_and_stop(target)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    target.chmod(0o640)
    with opened_for_writing(str(target)) as file:
        file.write(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_gets_the_mode_that_the_mask_leaves(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        with opened_for_writing(str(tmp_path / "file")):
            pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    with opened_for_writing(str(tmp_path / "link")) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with opened_for_writing(str(pipe)) as file:
        file.write(b"content")
    reader.join()
    assert got == [b"content"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 255)
    with opened_for_writing(str(target)) as file:
        file.write(b"content")
    assert target.read_bytes() == b"content"


def test_a_directory_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), opened_for_writing(str(tmp_path)):
        pass


def test_a_dash_is_stdin_and_stdout() -> None:
    with opened_for_reading("-") as source, opened_for_writing("-") as target:
        assert source is sys.stdin.buffer
        assert target is sys.stdout.buffer


def test_the_size_of_a_file_is_known_and_of_a_pipe_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with opened_for_reading(str(tmp_path / "file")) as file:
        assert size_of(file) == 7
    reading, writing = os.pipe()
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert size_of(pipe) is None
