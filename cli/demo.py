"""The command `demo`: the main job, done here and now by the driver that needs no setting up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from storagedriver.cli.content import Passed, fetch, store
from storagedriver.cli.driver_options import DriverChoice, as_json_option
from storagedriver.cli.environment_archive import environment_sources, write_archive
from storagedriver.cli.local_files import opened_for_reading, opened_for_writing, size_of
from storagedriver.cli.output import amount, print_json
from storagedriver.cli.progress import progress
from storagedriver.cli.suite_runs import SuiteSettings, run_against
from storagedriver.contract import StorageDriver

_PATH = "/archives/environment.tar"


@click.command
@as_json_option
def demo(as_json: bool) -> None:
    """Check a driver, and send a real archive there and back.

    The driver is the filesystem one, in a process of its own. The archive is made of the Python
    that runs this: at least 100 MB of real files. All of it happens in a temporary directory, which
    is removed. With --json: one object that tells the same.
    """

    def tell(text: str) -> None:
        if not as_json:
            click.echo(text)

    with tempfile.TemporaryDirectory(prefix="storagedriver-") as directory:
        answer = _demonstrate(Path(directory), tell)
    if as_json:
        print_json(answer)


def _demonstrate(directory: Path, tell: Callable[[str], None]) -> dict[str, object]:
    cases = _check(directory / "checked")
    tell(f"Checked: the filesystem driver, in a process of its own, passes {cases} cases.")
    archive = directory / "environment.tar"
    made = write_archive(archive, environment_sources())
    tell(f"Packed:  {made.files} files of this Python, {amount(made.size_bytes)}.")
    choice = DriverChoice("filesystem", {"rootdirectory": str(directory / "store")})
    with choice.open() as driver:
        stored, store_seconds = _timed(lambda: _store(driver, archive))
        tell(f"Stored:  {_speed(stored, store_seconds)}, {stored.digest}.")
        fetched, fetch_seconds = _timed(lambda: _fetch(driver, directory / "fetched.tar"))
    fetched.check_digest(_PATH, stored.digest)
    tell(f"Fetched: {_speed(fetched, fetch_seconds)}, the same digest.")
    return {
        "cases": cases,
        "files": made.files,
        "size": fetched.size_bytes,
        "digest": fetched.digest,
        "store_seconds": store_seconds,
        "fetch_seconds": fetch_seconds,
    }


def _check(directory: Path) -> int:
    """Return the number of cases passed. Raises click.ClickException if one failed."""
    choice = DriverChoice("filesystem", {"rootdirectory": str(directory)})
    report = run_against(choice, SuiteSettings())
    if not report.passed:
        failed = [result.name for result in report.results if result.error is not None]
        which = ", ".join(failed) or "no case applies to it"
        raise click.ClickException(f"the driver does not pass the suite: {which}")
    return sum(not result.reason for result in report.results)


def _store(driver: StorageDriver, archive: Path) -> Passed:
    with (
        opened_for_reading(str(archive)) as source,
        progress("store", size_of(source)) as advance,
    ):
        return store(driver, _PATH, source, advance=advance)


def _fetch(driver: StorageDriver, target: Path) -> Passed:
    with (
        driver.read_stream(_PATH) as stream,
        opened_for_writing(str(target)) as file,
        progress("fetch", stream.size) as advance,
    ):
        return fetch(stream, file.write, advance=advance)


def _timed(transfer: Callable[[], Passed]) -> tuple[Passed, float]:
    began = time.monotonic()
    passed = transfer()
    return passed, time.monotonic() - began


def _speed(passed: Passed, seconds: float) -> str:
    return f"in {seconds:.2f} s, {amount(passed.size_bytes / seconds)}/s"
