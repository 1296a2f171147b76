"""The files in which the filesystem driver keeps hidden uploads, and what crashes leave of them.

An upload is two files in a directory of the root whose name no path rule allows: its path, written
and synced first, and its content, which appears at the path by a rename. It is there while both
are. So a crash of its opening or of its end leaves at most a path without content, which is no
upload, and which a sweep removes.

Nobody holds an upload for long: each step locks the content, looks whether it is still an upload,
and does one thing. The lock goes with the process.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from storagedriver.contract.checks import no_such_upload
from storagedriver.contract.paths import RELAXED_PATTERN
from storagedriver.contract.uploads import UploadInfo
from storagedriver.drivers.confined import Root
from storagedriver.drivers.descriptors import DIRECTORY, READING, OpenDirectory, write_all
from storagedriver.drivers.durability import Durability
from storagedriver.drivers.visible import mod_time

DIRECTORY_NAME: Final = ".uploads~"
"""In the root, and so on its file system: a rename from here is atomic."""

ID_PATTERN: Final = re.compile(r"[0-9a-f]{32}")

HALF_MADE_SECONDS: Final = 3600
"""How old a file without its other half is when it is swept. While an upload is opened or ends,
one half of it is there for an instant; an hour is beyond that by far."""

_CONTENT: Final = ".data~"
_PATH: Final = ".path~"
_WRITING: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_MAKING: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW

# Behind a path: what a power cut has cut short cannot pass for another path.
_PATH_END: Final = b"\n"
_MOST_PATH_BYTES: Final = 4096


class UploadFile:
    """The content of one upload, open for reading and writing until it is closed or dropped."""

    __slots__ = ("_root", "descriptor", "path", "upload_id")

    def __init__(self, root: Root, upload_id: str, path: str, descriptor: int) -> None:
        self._root = root
        self.upload_id = upload_id
        self.path = path
        self.descriptor = descriptor

    @contextmanager
    def held(self) -> Generator[int, None, None]:
        """Hold the upload for one step; give the directory it is in, as a descriptor.

        Waits for whoever else holds it. Raises FileNotFoundError if it is no upload any more: then
        the file may be an object by now, and must not be touched. Raises other OSErrors.
        """
        with _opened(self._root) as directory:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)
            try:
                there = os.stat(self.upload_id + _CONTENT, dir_fd=directory, follow_symlinks=False)
                if not os.path.samestat(there, os.fstat(self.descriptor)):
                    raise FileNotFoundError(self.upload_id)
                yield directory
            finally:
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def rename(self, directory: int, destination: int, name: str) -> None:
        """Publish the content of an upload that is held in `directory`. Raises OSError."""
        content = self.upload_id + _CONTENT
        os.rename(content, name, src_dir_fd=directory, dst_dir_fd=destination)

    def remove(self, directory: int) -> None:
        """Remove what is left of an upload that is held in `directory`. Raises OSError."""
        _remove(directory, self.upload_id)

    def close(self) -> None:
        """Close it. Closing twice is no error."""
        if self.descriptor >= 0:
            descriptor, self.descriptor = self.descriptor, -1
            # What this could tell of the content has been asked for when it was synced.
            with suppress(OSError):
                os.close(descriptor)

    __del__ = close


def make_upload(root: Root, path: str, durability: Durability) -> UploadFile:
    """Make a new upload, which is there after a power cut too. Raises OSError."""
    upload_id = os.urandom(16).hex()
    _make_directory(root, durability)
    with _opened(root) as directory:
        _write_path(directory, upload_id, path, durability)
        try:
            descriptor = os.open(upload_id + _CONTENT, _MAKING, 0o666, dir_fd=directory)
        except OSError:
            with suppress(OSError):
                os.unlink(upload_id + _PATH, dir_fd=directory)
            raise
        made = UploadFile(root, upload_id, path, descriptor)
        try:
            durability.sync_entries(directory)
        except OSError:
            made.close()
            with suppress(OSError):
                _remove(directory, upload_id)
            raise
    return made


def find_upload(root: Root, path: str, upload_id: str) -> UploadFile:
    """Open an upload that is there. Raises PathNotFoundError if there is none to `path`, OSError.

    What is no id never comes near the file system.
    """
    if not ID_PATTERN.fullmatch(upload_id):
        raise no_such_upload(path)
    try:
        with _opened(root) as directory:
            if _read_path(directory, upload_id) != path:
                raise no_such_upload(path)
            descriptor = _open_content(directory, upload_id)
    except FileNotFoundError:
        raise no_such_upload(path) from None
    return UploadFile(root, upload_id, path, descriptor)


def list_uploads(root: Root, prefix: str) -> list[UploadInfo]:
    """Return the uploads to `prefix` and below, in order of path and id. Raises OSError."""
    below = prefix if prefix == "/" else prefix + "/"
    found: list[UploadInfo] = []
    with suppress(FileNotFoundError), _opened(root) as directory:
        for upload_id in _ids(directory, _CONTENT):
            path = _read_path(directory, upload_id)
            if path is None or not (path == prefix or path.startswith(below)):
                continue
            # It may have ended meanwhile.
            with suppress(FileNotFoundError):
                status = os.stat(upload_id + _CONTENT, dir_fd=directory, follow_symlinks=False)
                found.append(UploadInfo(upload_id, path, status.st_size, mod_time(status)))
    found.sort(key=lambda info: (info.path, info.upload_id))
    return found


def sweep_uploads(root: Root, expiry_seconds: float) -> None:
    """Remove uploads that nobody has written to for so long, and what is no upload; 0 keeps those.

    What cannot be removed stays, and nothing is raised.
    """
    now = time.time()
    with suppress(OSError), _opened(root) as directory:
        contents = set(_ids(directory, _CONTENT))
        for upload_id in contents:
            with suppress(OSError):
                is_whole = _read_path(directory, upload_id) is not None
                seconds = expiry_seconds if is_whole else HALF_MADE_SECONDS
                if seconds:
                    _remove_stale(directory, upload_id, now - seconds)
        for upload_id in set(_ids(directory, _PATH)) - contents:
            with suppress(OSError):
                status = os.stat(upload_id + _PATH, dir_fd=directory, follow_symlinks=False)
                if status.st_mtime < now - HALF_MADE_SECONDS:
                    os.unlink(upload_id + _PATH, dir_fd=directory)


@contextmanager
def _opened(root: Root) -> Generator[int, None, None]:
    # Opened for each step: somebody may tidy up, and an open writer takes one descriptor, not two.
    opened = os.open(DIRECTORY_NAME, DIRECTORY, dir_fd=root.descriptor)
    with OpenDirectory(opened) as directory:
        yield directory.descriptor


def _make_directory(root: Root, durability: Durability) -> None:
    try:
        os.mkdir(DIRECTORY_NAME, dir_fd=root.descriptor)
    except FileExistsError:
        return
    durability.sync_entries(root.descriptor)


def _write_path(directory: int, upload_id: str, path: str, durability: Durability) -> None:
    descriptor = os.open(upload_id + _PATH, _MAKING, 0o666, dir_fd=directory)
    try:
        write_all(descriptor, path.encode() + _PATH_END, 0)
        durability.sync_content(descriptor)
    except OSError:
        with suppress(OSError):
            os.unlink(upload_id + _PATH, dir_fd=directory)
        raise
    finally:
        os.close(descriptor)


def _read_path(directory: int, upload_id: str) -> str | None:
    """Return the path of an upload, None if there is none or it is no whole one."""
    try:
        descriptor = os.open(upload_id + _PATH, READING, dir_fd=directory)
    except FileNotFoundError:
        return None
    try:
        content = os.read(descriptor, _MOST_PATH_BYTES)
    finally:
        os.close(descriptor)
    path = content.removesuffix(_PATH_END).decode(errors="replace")
    is_whole = content.endswith(_PATH_END) and RELAXED_PATTERN.fullmatch(path)
    return path if is_whole else None


def _open_content(directory: int, upload_id: str) -> int:
    """Raises FileNotFoundError, also for what is no file."""
    name = upload_id + _CONTENT
    try:
        descriptor = os.open(name, _WRITING, dir_fd=directory)
    except PermissionError:
        _let_us_write(directory, name)
        descriptor = os.open(name, _WRITING, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(name)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _let_us_write(directory: int, name: str) -> None:
    """A commit that a crash has ended may have given it the permissions of a read-only object."""
    # By way of a descriptor: there is no chmod that follows no link.
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=directory)
    try:
        os.chmod(f"/proc/self/fd/{descriptor}", 0o600)
    finally:
        os.close(descriptor)


def _ids(directory: int, suffix: str) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in entries:
            upload_id = entry.name.removesuffix(suffix)
            if upload_id != entry.name and ID_PATTERN.fullmatch(upload_id):
                yield upload_id


def _remove(directory: int, upload_id: str) -> None:
    # The content first: without it there is no upload, whatever comes next.
    with suppress(FileNotFoundError):
        os.unlink(upload_id + _CONTENT, dir_fd=directory)
    with suppress(FileNotFoundError):
        os.unlink(upload_id + _PATH, dir_fd=directory)


def _remove_stale(directory: int, upload_id: str, stale_before: float) -> None:
    status = os.stat(upload_id + _CONTENT, dir_fd=directory, follow_symlinks=False)
    if status.st_mtime >= stale_before:
        return
    descriptor = _open_content(directory, upload_id)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Looked at again: a writer may have come by, and gone with it.
        status = os.fstat(descriptor)
        there = os.stat(upload_id + _CONTENT, dir_fd=directory, follow_symlinks=False)
        if status.st_mtime < stale_before and os.path.samestat(status, there):
            _remove(directory, upload_id)
    finally:
        os.close(descriptor)
