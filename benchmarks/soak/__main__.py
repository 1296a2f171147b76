"""The program: runs a soak and says what it has found; exits with 1 if anything was wrong."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from random import randrange

from storagedriver.benchmarks.soak.run import Soak, SoakSettings


def main() -> int:
    arguments = _arguments()
    _log_to(arguments.log)
    settings = SoakSettings(
        seconds=arguments.minutes * 60,
        seed=randrange(1 << 31) if arguments.seed is None else arguments.seed,
        threads=arguments.threads,
        durability=arguments.durability,
        timeout_seconds=arguments.timeout,
        interval_seconds=arguments.interval,
        audits=arguments.audits or max(3, round(arguments.minutes)),
    )
    print(f"seed {settings.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        # So that all sockets that are found there are its own.
        os.environ["TMPDIR"] = tempfile.tempdir = directory
        report = Soak(settings, tell=_tell).run()
    if arguments.json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        print(*report.lines(), sep="\n")
    return 1 if report.violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m storagedriver.benchmarks.soak", description=__doc__
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--seed", type=int, help="what chance does; the times of it are not fixed")
    parser.add_argument("--durability", choices=("none", "file", "full"), default="none")
    parser.add_argument("--timeout", type=float, default=2.0, help="of a call, in seconds")
    parser.add_argument(
        "--interval", type=float, default=0.3, help="between two kills, in seconds, on average"
    )
    parser.add_argument("--audits", type=int, help="how often everything is compared")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--log", metavar="FILE", help="what host and driver have logged")
    return parser.parse_args()


def _log_to(file: str | None) -> None:
    logger = logging.getLogger("storagedriver")
    if file is None:
        # Each crash is logged, and there are thousands.
        logger.addHandler(logging.NullHandler())
        return
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(threadName)s %(name)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
