"""The files of uploads: found by their id only, hidden, and swept when nobody comes back."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.contract import RELAXED_PATHS, InvalidPathError, PathNotFoundError
from storagedriver.drivers.confined import Root
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.upload_files import (
    DIRECTORY_NAME,
    HALF_MADE_SECONDS,
    UploadFile,
    find_upload,
    list_uploads,
    make_upload,
    sweep_uploads,
)

EXPIRY_SECONDS = 1000.0


@pytest.fixture
def upload(root: Root) -> UploadFile:
    """One to /a/b, closed."""
    upload = make_upload(root, "/a/b", Durability.NONE)
    os.write(upload.descriptor, b"content")
    upload.close()
    return upload


@pytest.fixture
def files(directory: Path) -> Callable[[], list[str]]:
    return lambda: sorted(os.listdir(directory / DIRECTORY_NAME))


def content(directory: Path, upload: UploadFile) -> Path:
    return directory / DIRECTORY_NAME / f"{upload.upload_id}.data~"


def path_file(directory: Path, upload: UploadFile) -> Path:
    return directory / DIRECTORY_NAME / f"{upload.upload_id}.path~"


def make_old(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_an_id_is_made_of_random_hexadecimal_digits(root: Root) -> None:
    ids = set[str]()
    for _ in range(10):
        upload = make_upload(root, "/a", Durability.NONE)
        ids.add(upload.upload_id)
        upload.close()
    assert len(ids) == 10
    assert all(re.fullmatch("[0-9a-f]{32}", upload_id) for upload_id in ids)


def test_no_path_leads_to_an_upload(
    root: Root, upload: UploadFile, files: Callable[[], list[str]]
) -> None:
    for name in (DIRECTORY_NAME, *files()):
        for path in ("/" + name, f"/{DIRECTORY_NAME}/{name}"):
            with pytest.raises(InvalidPathError):
                RELAXED_PATHS.check(path)


def test_an_upload_is_found_by_id_and_path(root: Root, upload: UploadFile) -> None:
    found = find_upload(root, "/a/b", upload.upload_id)
    assert os.pread(found.descriptor, 100, 0) == b"content"
    found.close()
    for path in ("/a", "/a/b/c", "/A/b"):
        with pytest.raises(PathNotFoundError) as caught:
            find_upload(root, path, upload.upload_id)
        assert caught.value.path == path


def test_what_is_no_id_comes_near_no_file(
    root: Root, upload: UploadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> int:
        raise AssertionError("something was opened")

    monkeypatch.setattr(os, "open", fail)
    right = upload.upload_id
    for wrong in ("", "..", "../" + right, right + "\n", right.upper() + "A", "a\0", "/etc/passwd"):
        with pytest.raises(PathNotFoundError):
            find_upload(root, "/a/b", wrong)


def test_what_is_no_file_is_no_upload(root: Root, directory: Path, upload: UploadFile) -> None:
    content(directory, upload).unlink()
    os.mkfifo(content(directory, upload))
    with pytest.raises(PathNotFoundError):
        find_upload(root, "/a/b", upload.upload_id)


@pytest.mark.parametrize(
    "text", [b"", b"/a", b"/a/b", b"/../b\n", b"a/b\n", b"/a/b\n\n", b"\xff\n"]
)
def test_what_is_half_made_is_no_upload(
    root: Root, directory: Path, upload: UploadFile, text: bytes
) -> None:
    path_file(directory, upload).write_bytes(text)
    assert list_uploads(root, "/") == []
    with pytest.raises(PathNotFoundError):
        find_upload(root, "/a/b", upload.upload_id)


def test_a_link_in_place_of_an_upload_is_not_followed(
    root: Root, directory: Path, upload: UploadFile, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    content(directory, upload).unlink()
    content(directory, upload).symlink_to(outside)
    with pytest.raises(OSError, match="symbolic links"):
        find_upload(root, "/a/b", upload.upload_id)


def test_a_root_without_uploads_is_not_touched(root: Root, directory: Path) -> None:
    assert list_uploads(root, "/") == []
    sweep_uploads(root, EXPIRY_SECONDS)
    assert os.listdir(directory) == []


def test_a_crash_that_made_an_upload_read_only_does_not_stop_it(
    root: Root, upload: UploadFile, monkeypatch: pytest.MonkeyPatch, directory: Path
) -> None:
    content(directory, upload).chmod(0o400)
    really_open = os.open

    def opened(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        # The tests may run as a user whom no permission stops.
        if flags & os.O_RDWR and not os.stat(path, dir_fd=dir_fd).st_mode & 0o200:
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", opened)
    find_upload(root, "/a/b", upload.upload_id).close()


def test_an_upload_expires_so_long_after_its_last_write(
    root: Root, directory: Path, upload: UploadFile, files: Callable[[], list[str]]
) -> None:
    make_old(path_file(directory, upload), 10 * EXPIRY_SECONDS)
    make_old(content(directory, upload), EXPIRY_SECONDS - 60)
    sweep_uploads(root, EXPIRY_SECONDS)
    assert [info.upload_id for info in list_uploads(root, "/")] == [upload.upload_id]
    make_old(content(directory, upload), EXPIRY_SECONDS + 60)
    sweep_uploads(root, 0)
    assert len(files()) == 2
    sweep_uploads(root, EXPIRY_SECONDS)
    assert files() == []


def test_an_upload_that_somebody_holds_does_not_expire(
    root: Root, directory: Path, upload: UploadFile
) -> None:
    make_old(content(directory, upload), 2 * EXPIRY_SECONDS)
    with content(directory, upload).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep_uploads(root, EXPIRY_SECONDS)
    assert len(list_uploads(root, "/")) == 1


def test_a_write_at_the_last_moment_keeps_an_upload(
    root: Root, directory: Path, upload: UploadFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(content(directory, upload), 2 * EXPIRY_SECONDS)

    def write_first(descriptor: int, operation: int) -> None:
        os.utime(descriptor)

    monkeypatch.setattr(fcntl, "flock", write_first)
    sweep_uploads(root, EXPIRY_SECONDS)
    assert len(list_uploads(root, "/")) == 1


@pytest.mark.parametrize("missing", [content, path_file])
def test_half_an_upload_is_swept_when_it_is_old(
    root: Root,
    directory: Path,
    upload: UploadFile,
    files: Callable[[], list[str]],
    missing: Callable[[Path, UploadFile], Path],
) -> None:
    missing(directory, upload).unlink()
    (left,) = files()
    for expiry_seconds in (1.0, 0.0):
        make_old(directory / DIRECTORY_NAME / left, HALF_MADE_SECONDS - 60)
        sweep_uploads(root, expiry_seconds)
        assert files() == [left]
    make_old(directory / DIRECTORY_NAME / left, HALF_MADE_SECONDS + 60)
    sweep_uploads(root, 0)
    assert files() == []


def test_what_is_no_part_of_an_upload_is_left_alone(
    root: Root, directory: Path, files: Callable[[], list[str]]
) -> None:
    place = directory / DIRECTORY_NAME
    place.mkdir()
    names = ["README", ".data~", "x.data~", "0" * 32, "0" * 31 + ".path~"]
    for name in names:
        (place / name).write_bytes(b"")
        make_old(place / name, 10 * HALF_MADE_SECONDS)
    sweep_uploads(root, 1)
    assert files() == sorted(names)


def test_what_cannot_be_swept_stays_and_the_rest_goes(
    root: Root,
    directory: Path,
    files: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uploads = [make_upload(root, "/a", Durability.NONE) for _ in range(3)]
    for upload in uploads:
        upload.close()
        make_old(content(directory, upload), 2 * EXPIRY_SECONDS)
    kept = uploads[1].upload_id
    really_unlink = os.unlink

    def unlink(name: str, *, dir_fd: int | None = None) -> None:
        if name.startswith(kept):
            raise PermissionError(1, "Operation not permitted")
        really_unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    sweep_uploads(root, EXPIRY_SECONDS)
    assert files() == [f"{kept}.data~", f"{kept}.path~"]


def test_a_dropped_upload_file_closes_itself(
    root: Root, open_descriptors: Callable[[], int]
) -> None:
    before = open_descriptors()
    make_upload(root, "/a", Durability.NONE)
    assert open_descriptors() == before
