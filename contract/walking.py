"""The walk that every driver can do: over `list` and `stat`, in byte order of the full path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from storagedriver.contract.errors import PathNotFoundError
from storagedriver.contract.fileinfo import FileInfo


class _Listable(Protocol):
    def list(self, path: str) -> list[str]: ...

    def stat(self, path: str) -> FileInfo: ...


def walk_by_listing(
    driver: _Listable, path: str, start_after: str | None = None
) -> Iterator[FileInfo]:
    """Iterate over the files below `path`; see StorageDriver.walk.

    The first listing happens in the call, so that its errors are raised there.
    """
    return _walk(driver, driver.list(path), start_after)


def _walk(driver: _Listable, children: list[str], start_after: str | None) -> Iterator[FileInfo]:
    # A stack of our own: a tree may be deeper than the interpreter's.
    stack = [iter(_in_walk_order(driver, children, start_after))]
    while stack:
        info = next(stack[-1], None)
        if info is None:
            stack.pop()
        elif not info.is_dir:
            yield info
        else:
            try:
                children = driver.list(info.path)
            except PathNotFoundError:
                continue
            stack.append(iter(_in_walk_order(driver, children, start_after)))


def _in_walk_order(
    driver: _Listable, children: list[str], start_after: str | None
) -> list[FileInfo]:
    infos: list[FileInfo] = []
    for child in children:
        # Everything at or below `child` sorts before `child + "0"`, as "0" follows "/".
        if start_after is not None and child + "0" <= start_after:
            continue
        try:
            infos.append(driver.stat(child))
        except PathNotFoundError:
            continue
    # What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
    infos.sort(key=lambda info: info.path + "/" if info.is_dir else info.path)
    return [info for info in infos if info.is_dir or start_after is None or info.path > start_after]
