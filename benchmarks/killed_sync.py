"""A sync that is killed on its way and repeated, checked and compared with plain copies.

    python -m storagedriver.benchmarks.killed_sync --objects 20000 --large 20GiB --kills 3 --seed 1

Two stores of the filesystem driver, each in a process of its own, and the installed command
`storagedriver`, driven as a user would. Everything happens in one temporary directory, which is
removed. docs/benchmark.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from storagedriver.benchmarks.killed_sync_outcome import Outcome, Settings
from storagedriver.benchmarks.killed_sync_run import KilledSync
from storagedriver.benchmarks.programs import ProgramError

_UNITS: Final = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, print what it found, and return an exit status."""
    given = _parser().parse_args(arguments)
    settings = Settings(
        given.objects,
        given.large,
        given.kills,
        given.seed,
        given.jobs,
        given.rounds,
        given.limit_seconds,
    )
    # As Ctrl-C: what was written is removed.
    before = signal.signal(signal.SIGTERM, _exit_by_signal)
    try:
        with tempfile.TemporaryDirectory(prefix="sd-sync-", dir=given.directory) as place:
            outcome = KilledSync(Path(place).resolve(), settings, _tell).run()
            # Before the removal, which takes a while itself.
            _report(outcome, given.json)
    except ProgramError as error:
        print(f"killed_sync: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _tell(text: str) -> None:
    # On any stderr: a large run takes many minutes.
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _report(outcome: Outcome, json_target: str | None) -> None:
    text = json.dumps(outcome.as_json(), indent=2)
    if json_target == "-":
        print(text, flush=True)
        return
    print(*outcome.as_lines(), sep="\n", flush=True)
    if json_target is not None:
        Path(json_target).write_text(text + "\n", encoding="utf-8")


def _exit_by_signal(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="killed_sync", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--objects", type=int, default=20_000, help="small objects")
    parser.add_argument("--large", type=_size, default=1 << 30, help="size of the large object")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the content and of the kills")
    parser.add_argument("--jobs", type=int, default=4, help="of each sync")
    parser.add_argument(
        "--rounds", type=int, default=3, help="of the copies of the small objects; 0 for no copies"
    )
    parser.add_argument("--directory", default=None, help="on the disk to measure; else TMPDIR")
    parser.add_argument("--json", metavar="FILE", help="write all figures; - is stdout")
    parser.add_argument(
        "--limit-seconds", type=float, default=3600.0, help="for each command; it is ended then"
    )
    return parser


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]+)([KMG]iB)?", text)
    if match is None:
        raise argparse.ArgumentTypeError("a number of bytes, of KiB, MiB or GiB")
    number, unit = match.groups()
    return int(number) * _UNITS[unit or ""]


if __name__ == "__main__":
    sys.exit(main())
