from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command

CONTENT = bytes(range(256)) * 5_000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "local"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("in_process", [True, False])
def test_what_is_put_can_be_got(
    filesystem: Command, local: Path, tmp_path: Path, in_process: bool
) -> None:
    put = filesystem("put", local, "/a/b", in_process=in_process)
    assert (put.status, put.stderr) == (0, "")
    assert put.stdout == f"{DIGEST}  {len(CONTENT)}  /a/b\n"
    got = filesystem("get", "/a/b", tmp_path / "copy", in_process=in_process)
    assert got == put
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_put_as_json(filesystem: Command, local: Path) -> None:
    answer = filesystem("put", local, "/a", "--verify", "--json")
    size = len(CONTENT)
    assert answer.objects == [{"path": "/a", "size": size, "digest": DIGEST, "verified": True}]


def test_get_as_json(filesystem: Command, local: Path, tmp_path: Path) -> None:
    filesystem("put", local, "/a")
    copy = tmp_path / "copy"
    answer = filesystem("get", "/a", copy, "--json")
    told = {"path": "/a", "size": len(CONTENT), "digest": DIGEST, "local": str(copy)}
    assert answer.objects == [told]


def test_an_empty_file_is_put_and_got(filesystem: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert filesystem("put", tmp_path / "empty", "/a", "--verify").status == 0
    assert filesystem("get", "/a", tmp_path / "copy").status == 0
    assert (tmp_path / "copy").read_bytes() == b""


def test_put_replaces_a_longer_object(filesystem: Command, local: Path, tmp_path: Path) -> None:
    filesystem("put", local, "/a")
    (tmp_path / "short").write_bytes(b"short")
    assert filesystem("put", tmp_path / "short", "/a", "--verify").status == 0


def test_a_dash_is_stdin_and_stdout(store: Path) -> None:
    program = [sys.executable, "-m", "storagedriver.cli.main"]
    driver = ["filesystem", "-p", f"rootdirectory={store}", "--in-process"]
    put = subprocess.run(
        [*program, "put", *driver, "-", "/a"], input=CONTENT, capture_output=True, check=True
    )
    line = f"{DIGEST}  {len(CONTENT)}  /a\n".encode()
    assert put.stdout == line
    got = subprocess.run([*program, "get", *driver, "/a", "-"], capture_output=True, check=True)
    assert (got.stdout, got.stderr) == (CONTENT, line)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_the_right_digest_is_accepted(
    filesystem: Command, local: Path, tmp_path: Path, algorithm: str
) -> None:
    filesystem("put", local, "/a")
    digest = f"{algorithm}:{hashlib.new(algorithm, CONTENT).hexdigest()}"
    answer = filesystem("get", "/a", tmp_path / "copy", "--digest", digest)
    assert (answer.status, answer.stdout.split()[0]) == (0, digest)


def test_the_wrong_digest_leaves_the_old_file(
    filesystem: Command, local: Path, tmp_path: Path
) -> None:
    filesystem("put", local, "/a")
    copy = tmp_path / "folder" / "copy"
    copy.parent.mkdir()
    copy.write_bytes(b"old")
    answer = filesystem("get", "/a", copy, "--digest", "sha256:00")
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr.startswith("storagedriver: ChecksumMismatch: Checksum mismatch: /a")
    assert copy.read_bytes() == b"old"
    assert os.listdir(copy.parent) == ["copy"]


@pytest.mark.parametrize("digest", ["sha256", "md5:00", "sha256:xy", ":00"])
def test_what_is_no_digest_is_wrong_usage(filesystem: Command, digest: str) -> None:
    answer = filesystem("get", "/a", "-", "--digest", digest)
    assert answer.status == 2
    assert "ALGORITHM:HEX" in answer.stderr


def test_getting_what_is_not_there_makes_no_file(filesystem: Command, tmp_path: Path) -> None:
    answer = filesystem("get", "/nothing", tmp_path / "copy")
    assert answer.status == 1
    assert answer.stderr == (
        "storagedriver: PathNotFound: Path not found: /nothing (driver filesystem)\n"
    )
    assert not (tmp_path / "copy").exists()


def test_putting_a_file_that_is_not_there_makes_no_object(
    filesystem: Command, tmp_path: Path
) -> None:
    answer = filesystem("put", tmp_path / "none", "/a")
    assert answer.status == 1
    assert answer.stderr == f"storagedriver: No such file or directory: {tmp_path}/none\n"
    assert filesystem("stat", "/a").status == 1
