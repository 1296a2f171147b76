"""The commands between two stores: cp, sync, verify."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager

import click

from storagedriver.cli.addresses import split_address
from storagedriver.cli.comparing import Side
from storagedriver.cli.content import Passed, fetch, store
from storagedriver.cli.driver_options import DriverChoice, as_json_option, takes_addresses
from storagedriver.cli.local_files import STANDARD, opened_for_reading, opened_for_writing, size_of
from storagedriver.cli.progress import object_progress, progress
from storagedriver.cli.replication import COMPARING, COPYING, Replication
from storagedriver.cli.tally import Tally

Chooser = Callable[[str], DriverChoice]
"""Gives the choice of driver for a store of an address."""

jobs_option = click.option(
    "--jobs",
    "-j",
    metavar="N",
    # A driver may take 64 calls at once, and the walks are calls too.
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="How many objects are under way at once.",
)
verify_option = click.option("--verify", is_flag=True, help="Read each copy back and compare.")


@click.command
@takes_addresses
@click.argument("source")
@click.argument("destination")
@click.option("-r", "--recursive", is_flag=True, help="Copy everything below a directory.")
@verify_option
@jobs_option
@as_json_option
@click.pass_context
def cp(
    context: click.Context,
    choose: Chooser,
    source: str,
    destination: str,
    recursive: bool,
    verify: bool,
    jobs: int,
    as_json: bool,
) -> None:
    """Copy an object, or a directory.

    SOURCE and DESTINATION are STORE:/path, of a store with a name or of attach:DIRECTORY; one of
    them may be a local file such as ./file, or - for stdin or stdout. With -r, what is below the
    directory SOURCE comes to stand below DESTINATION. A DESTINATION that ends in a slash is a
    directory. An object that fails is told at the end, and the exit status is then 1.

    With --json: {"copied", "skipped", "deleted", "failed", "bytes", "bytes_continued",
    "bytes_sent_again", "seconds", "complete", "failures": [{"path", "reason"}]}, to stderr for -.
    The first thousand failures are listed.
    """
    tally = Tally(*COPYING)
    if not recursive:
        destination = _with_name_of(source, destination)
    with tally.telling(context, as_json=as_json, to_stderr=destination == STANDARD):
        if split_address(source) is None or split_address(destination) is None:
            if recursive:
                raise click.UsageError("-r is between two stores; a local directory is one, too")
            _copy_local(choose, source, destination, verify, tally)
            return
        with (
            _sides(choose, source, destination) as (ours, theirs),
            object_progress("cp") as shown,
        ):
            replication = Replication(ours, theirs, tally, shown, jobs, verify)
            replication.copy_all() if recursive else replication.copy_one()


@click.command
@takes_addresses
@click.argument("source")
@click.argument("destination")
@click.option("--delete", is_flag=True, help="Delete what SOURCE has not.")
@click.option("--checksum", is_flag=True, help="Compare contents instead of times.")
@verify_option
@jobs_option
@as_json_option
@click.pass_context
def sync(
    context: click.Context,
    choose: Chooser,
    source: str,
    destination: str,
    delete: bool,
    checksum: bool,
    verify: bool,
    jobs: int,
    as_json: bool,
) -> None:
    """Make a directory like another.

    Copies what differs from SOURCE to DESTINATION, both STORE:/path. An object is the same if it
    has the size of the source and is not older. What was cut off can be repeated: it goes on where
    it was, also in the middle of a large object. An object that fails is told at the end, and the
    exit status is then 1. Ended by Ctrl-C or SIGTERM it tells how far it came.

    With --json: the object of `cp`; "complete" is false if it ended early.
    """
    tally = Tally(*COPYING)
    with (
        tally.telling(context, as_json=as_json),
        _sides(choose, source, destination) as (ours, theirs),
        object_progress("sync") as shown,
    ):
        replication = Replication(ours, theirs, tally, shown, jobs, verify)
        replication.sync(delete=delete, checksum=checksum)


@click.command
@takes_addresses
@click.argument("source")
@click.argument("destination")
@jobs_option
@as_json_option
@click.pass_context
def verify(
    context: click.Context,
    choose: Chooser,
    source: str,
    destination: str,
    jobs: int,
    as_json: bool,
) -> None:
    """Compare two directories, or two objects.

    Reads every object of SOURCE and DESTINATION, both STORE:/path. What is different, or on one
    side only, is told at the end, and the exit status is then 1.

    With --json: {"same", "different", "missing", "extra", "failed", "bytes", "seconds", "complete",
    "failures": [{"path", "reason"}]}.
    """
    tally = Tally(*COMPARING)
    with (
        tally.telling(context, as_json=as_json),
        _sides(choose, source, destination) as (ours, theirs),
        object_progress("verify") as shown,
    ):
        replication = Replication(ours, theirs, tally, shown, jobs)
        if ours.driver.stat(ours.path).is_dir:
            replication.compare()
        else:
            replication.compare_one()


@contextmanager
def _sides(
    choose: Chooser, source: str, destination: str
) -> Generator[tuple[Side, Side], None, None]:
    """Give both sides. Raises click.UsageError if they overlap."""
    (store_a, path_a), (store_b, path_b) = _address(source), _address(destination)
    with ExitStack() as stack:
        ours = stack.enter_context(choose(store_a).for_transfers().open())
        if store_a == store_b:
            if _is_below(path_a, path_b) or _is_below(path_b, path_a):
                # The source would change while it is read.
                raise click.UsageError(f"{source} and {destination} are one in the other")
            theirs = ours
        else:
            theirs = stack.enter_context(choose(store_b).for_transfers().open())
        yield Side(ours, path_a), Side(theirs, path_b)


def _is_below(path: str, directory: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{directory.rstrip('/')}/")


def _address(text: str) -> tuple[str, str]:
    address = split_address(text)
    if address is None:
        raise click.UsageError(f"{text} is not STORE:/path")
    store_name, path = address
    return store_name, path or "/"


def _with_name_of(source: str, destination: str) -> str:
    """Return the destination with the source's name behind it, if it is a directory of a store."""
    address = split_address(destination)
    if address is None or not (address[1] == "" or address[1].endswith("/")):
        return destination
    name = posixpath.basename((split_address(source) or ("", source))[1])
    if name in ("", STANDARD):
        raise click.UsageError(f"{destination} is a directory, and {source} has no name")
    return f"{destination}{'' if address[1] else '/'}{name}"


def _copy_local(choose: Chooser, source: str, destination: str, verify: bool, tally: Tally) -> None:
    """Copy one object from or to a local file; a failure is raised."""
    address = split_address(destination)
    if address is not None:
        passed = _to_store(choose(address[0]), address[1], source, verify)
    elif split_address(source) is None:
        raise click.UsageError("neither is STORE:/path; a local file has nothing before its path")
    elif verify:
        raise click.UsageError("--verify is for a copy in a store")
    else:
        passed = _from_store(choose, source, destination)
    tally.add("copied")
    tally.add("bytes", passed.size_bytes)


def _to_store(choice: DriverChoice, path: str, local: str, verify: bool) -> Passed:
    with choice.for_transfers().open() as driver, opened_for_reading(local) as file:
        with progress(f"cp {local}", size_of(file)) as advance:
            passed = store(driver, path, file, advance=advance)
        if verify:
            with (
                driver.read_stream(path) as stream,
                progress(f"verify {path}", passed.size_bytes) as advance,
            ):
                fetch(stream, len, advance=advance).check_digest(path, passed.digest)
    return passed


def _from_store(choose: Chooser, source: str, local: str) -> Passed:
    store_name, path = _address(source)
    with (
        choose(store_name).open() as driver,
        driver.read_stream(path) as stream,
        opened_for_writing(local) as file,
        progress(f"cp {path}", stream.size) as advance,
    ):
        return fetch(stream, file.write, advance=advance)
