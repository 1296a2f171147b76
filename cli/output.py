"""What commands write to stdout, and how amounts and times are written for people."""

from __future__ import annotations

import json
from datetime import datetime

import click

from storagedriver.contract import FileInfo


def print_json(value: dict[str, object], *, to_stderr: bool = False) -> None:
    """Write one object on one line."""
    click.echo(json.dumps(value), err=to_stderr)


def info_as_json(info: FileInfo) -> dict[str, object]:
    """Return path, size in bytes, mod_time (ISO 8601 in UTC, null for a directory) and is_dir."""
    return {
        "path": info.path,
        "size": info.size,
        "mod_time": _iso(info.mod_time),
        "is_dir": info.is_dir,
    }


def info_as_line(info: FileInfo) -> str:
    """Return the same for people, in columns; a directory ends in a slash."""
    size = "-" if info.is_dir else str(info.size)
    path = info.path.rstrip("/") + "/" if info.is_dir else info.path
    return f"{size:>14}  {_iso(info.mod_time) or '-':32}  {path}"


def amount(size_bytes: float) -> str:
    """Return an amount of bytes for people, in decimal units as disks and networks have them."""
    for unit in ("bytes", "kB", "MB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} bytes" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.2f} GB"


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="microseconds")
