"""The command `bench`: how fast a driver is, and what its own process costs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storagedriver.benchmarks.amounts import Size
from storagedriver.cli.bench_output import print_table
from storagedriver.cli.driver_options import DriverChoice, takes_driver
from storagedriver.cli.temporary_store import with_a_store
from storagedriver.contract import InvalidStorageDriverError, StorageDriverError

if TYPE_CHECKING:
    from storagedriver.benchmarks.report import Report
    from storagedriver.benchmarks.subject import Subject
    from storagedriver.benchmarks.work import MeasuresItself

Draw = Callable[["Report", Path], None]

_STDOUT = "-"


@click.command
@takes_driver
@click.option(
    "--size",
    type=click.Choice([size.value for size in Size]),
    default=Size.NORMAL.value,
    show_default=True,
    help="How long it may take: seconds, a minute or two, some minutes.",
)
@click.option(
    "--peers", is_flag=True, help="Beside it, measure other ways to talk to a process of one's own."
)
@click.option("--rounds", type=click.IntRange(min=1), help="How often everything is measured.")
@click.option("--seed", type=int, help="What the content is made from.")
@click.option(
    "--json", "json_target", metavar="FILE", help="Write all figures as JSON; - is stdout."
)
@click.option("--markdown", "markdown_target", metavar="FILE", help="Write the table as Markdown.")
@click.option("--plot", "plot_target", metavar="FILE", help="Draw a picture: FILE.png or FILE.svg.")
def bench(
    choice: DriverChoice,
    size: str,
    peers: bool,
    rounds: int | None,
    seed: int | None,
    json_target: str | None,
    markdown_target: str | None,
    plot_target: str | None,
) -> None:
    """Measure a driver in this process and in one of its own.

    Both do the same work in turns, so that whatever else the machine does disturbs both. Only the
    ratios carry over to another run; docs/benchmark.md says what each figure means, and how the
    peers were chosen and tuned. The store may be in use: everything happens in a directory of its
    own, which is deleted. A driver that lacks only the parameter rootdirectory gets a temporary
    directory.
    """
    # Looked for before the minutes that the rest takes.
    draw = None if plot_target is None else _plotting(plot_target)
    report = _run(choice, Size(size), rounds, seed, with_peers=peers)
    if json_target != _STDOUT:
        print_table(report)
    if json_target is not None:
        _write_json(report, json_target)
    if markdown_target is not None:
        _write_markdown(report, markdown_target)
    if draw is not None and plot_target is not None:
        draw(report, Path(plot_target))


def _plotting(target: str) -> Draw:
    """Return what draws. Raises click.UsageError, and click.ClickException without matplotlib."""
    try:
        from storagedriver.benchmarks.plot import SUFFIXES, draw
    except ModuleNotFoundError as error:
        raise click.ClickException(
            "--plot needs matplotlib: pip install 'storagedriver[bench]'"
        ) from error
    if Path(target).suffix not in SUFFIXES:
        raise click.UsageError(f"--plot writes files that end in {' or '.join(SUFFIXES)}")
    return draw


def _run(
    choice: DriverChoice, size: Size, rounds: int | None, seed: int | None, *, with_peers: bool
) -> Report:
    # Here, as this loads all of IPC: see `cli.main`.
    from storagedriver.benchmarks.rounds import DEFAULT_SEED, run_benchmark

    with ExitStack() as stack:
        subjects: list[Subject | MeasuresItself] = [*stack.enter_context(_subjects(choice))]
        baselines: Sequence[str] = ()
        if with_peers:
            from storagedriver.benchmarks.peers.catalogue import BASELINES, found_peers

            peers = stack.enter_context(found_peers())
            for line in peers.missing:
                click.echo(f"not measured: {line}", err=True)
            subjects += peers.subjects
            baselines = BASELINES
        tell = stack.enter_context(_progress())
        return run_benchmark(
            subjects,
            title=choice.name,
            baselines=baselines,
            size=size,
            rounds=rounds,
            seed=DEFAULT_SEED if seed is None else seed,
            on_turn=tell,
        )


@contextmanager
def _progress() -> Generator[Callable[[str], None], None, None]:
    """Give a function that shows its text on a terminal, until it is called again."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    # No live display: it would take time of what is measured.
    replace_line = "\r\x1b[K"
    try:
        yield lambda text: click.echo(replace_line + text, nl=False, err=True)
    finally:
        click.echo(replace_line, nl=False, err=True)


@contextmanager
def _subjects(choice: DriverChoice) -> Generator[list[Subject], None, None]:
    """Give the driver in this process, where it can be, and in its own, each with its store."""
    from storagedriver.benchmarks.driver_subject import DriverSubject

    with ExitStack() as stores:
        complete = [stores.enter_context(with_a_store(way)) for way in _ways(choice)]
        yield [DriverSubject(_title(way), way.open) for way in complete]


def _ways(choice: DriverChoice) -> list[DriverChoice]:
    here = replace(choice, in_process=True, timeout_seconds=None)
    if choice.in_process:
        return [here]
    if _is_available(here):
        return [here, choice]
    # Written in another language, or not installed here: its process is all there is.
    click.echo(f"{choice.name} in-process: not available in this process", err=True)
    return [choice]


def _is_available(choice: DriverChoice) -> bool:
    """Whether the driver can be used in this process; that it wants parameters is no obstacle."""
    try:
        choice.open().close()
    except InvalidStorageDriverError:
        return False
    except StorageDriverError:
        return True
    return True


def _title(choice: DriverChoice) -> str:
    return "in-process" if choice.in_process else "IPC"


def _write_json(report: Report, target: str) -> None:
    text = json.dumps(report.as_json(), indent=2)
    if target == _STDOUT:
        click.echo(text)
    else:
        Path(target).write_text(text + "\n", encoding="utf-8")


def _write_markdown(report: Report, target: str) -> None:
    from storagedriver.benchmarks.markdown import as_markdown

    Path(target).write_text(as_markdown(report), encoding="utf-8")
