"""An archive of real content: the files of the Python that runs this program."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

MINIMUM_BYTES: Final = 100_000_000
"""Enough that starting a process and opening files do not decide how long a transfer takes."""


@dataclass(frozen=True, slots=True)
class EnvironmentArchive:
    """What was written."""

    size_bytes: int
    files: int
    sources: tuple[Path, ...]


def environment_sources() -> Iterator[Path]:
    """The environment, then what it stands on: standard library, interpreter, other libraries."""
    yield Path(sys.prefix)
    for name in ("stdlib", "platstdlib", "purelib", "platlib", "include"):
        yield Path(sysconfig.get_path(name, vars=_base_variables()))
    yield Path(os.path.realpath(sys.executable))
    library_folder: object = sysconfig.get_config_var("LIBDIR")
    yield from sorted(Path(str(library_folder)).glob("libpython*"))


def write_archive(
    target: Path, sources: Iterable[Path], *, minimum_bytes: int = MINIMUM_BYTES
) -> EnvironmentArchive:
    """Write a tar of the files at or below `sources` to `target`.

    Takes one source after the other until the archive has `minimum_bytes`: real files only, each
    once, no padding. Raises click.ClickException if all of them are not enough.
    """
    files = 0
    used: list[Path] = []
    seen: set[tuple[int, int]] = set()
    with tarfile.open(target, "w") as archive:
        for source in sources:
            used.append(source)
            files += _add_files(archive, source, seen)
            if archive.offset >= minimum_bytes:
                break
    size_bytes = target.stat().st_size
    if size_bytes < minimum_bytes:
        raise click.ClickException(
            f"all files of this Python are {size_bytes} bytes, fewer than the {minimum_bytes} that"
            " make a demonstration"
        )
    return EnvironmentArchive(size_bytes, files, tuple(used))


def _base_variables() -> dict[str, str]:
    # Of the installation that the environment was made from, not of the environment.
    return {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}


def _add_files(archive: tarfile.TarFile, source: Path, seen: set[tuple[int, int]]) -> int:
    """Add the regular files at or below `source` that are not in `seen`; return how many."""
    added = 0
    for path in _files_below(source):
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) in seen:
                continue
            archive.add(path, recursive=False)
        except (FileNotFoundError, PermissionError):
            # Environments change while others use them, and not all is ours to read.
            continue
        seen.add((status.st_dev, status.st_ino))
        added += 1
    return added


def _files_below(source: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    for folder, folders, names in os.walk(source):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names))
