from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.benchmarks.amounts import Size
from storagedriver.benchmarks.machine import Load, Machine
from storagedriver.benchmarks.markdown import as_markdown
from storagedriver.benchmarks.report import ItemResult, Report
from storagedriver.benchmarks.rows import number, sections
from storagedriver.benchmarks.work import Better, WorkItem

MACHINE = Machine("a processor", 2, 1 << 30, "Linux", "CPython 3.11", {"pyzmq": "27"})
LOADS = (Load("calls", 0, 0.5, 0.25), Load("calls", 1, 0.5, 1.5))


TIME, MEMORY = WorkItem("a call", "us"), WorkItem("memory", "MiB", Better.HIGHER)
RESULTS = (
    ItemResult("calls", TIME, {"here": (2.0, 4.0), "there": (5.0, 20.0)}),
    ItemResult("streams", MEMORY, {"here": (None, None), "there": (1234.5, 1234.5)}),
)
REPORT = Report("mine", Size.QUICK, 7, 2, ("here", "there"), MACHINE, LOADS, RESULTS)

Draw = Callable[[Report, Path], None]
SUFFIXES = (".png", ".svg")


def test_json_has_every_figure_with_its_summary_and_ratios() -> None:
    told = json.loads(json.dumps(REPORT.as_json()))
    assert told["items"] == [
        {
            "name": "a call",
            "work": "calls",
            "unit": "us",
            "better": "lower",
            "figures": {
                "here": {"median": 3, "least": 2, "most": 4, "rounds": [2, 4]},
                "there": {"median": 12.5, "least": 5, "most": 20, "rounds": [5, 20]},
            },
            "ratios": {"there": {"median": 3.75, "least": 2.5, "most": 5, "rounds": [2.5, 5]}},
        },
        {
            "name": "memory",
            "work": "streams",
            "unit": "MiB",
            "better": "higher",
            "figures": {
                "here": None,
                "there": {
                    "median": 1234.5,
                    "least": 1234.5,
                    "most": 1234.5,
                    "rounds": [1234.5, 1234.5],
                },
            },
            "ratios": {"there": None},
        },
    ]


def test_json_says_how_and_where_it_ran() -> None:
    told = json.loads(json.dumps(REPORT.as_json()))
    del told["items"]
    assert told == {
        "format": "storagedriver-benchmark/1",
        "title": "mine",
        "size": "quick",
        "amounts": {
            "rounds": 2,
            "starts": 1,
            "call_seconds": 0.02,
            "stream_bytes": 8 << 20,
            "whole_gets": 1,
        },
        "seed": 7,
        "subjects": ["here", "there"],
        "baseline": "here",
        "machine": {
            "processor": "a processor",
            "cpus": 2,
            "memory_bytes": 1 << 30,
            "system": "Linux",
            "python": "CPython 3.11",
            "versions": {"pyzmq": "27"},
        },
        "loads": [
            {"work": "calls", "round": 0, "load_average": 0.5, "others_cpus": 0.25},
            {"work": "calls", "round": 1, "load_average": 0.5, "others_cpus": 1.5},
        ],
    }


def test_rows_stand_in_sections_by_work_and_missing_figures_are_dashes() -> None:
    assert list(sections(REPORT)) == [
        [("a call", "us", "3 (2 - 4)", "12.5 (5 - 20)", "3.75 (2.5 - 5)", "lower")],
        [("memory", "MiB", "-", "1234 (1234 - 1234)", "-", "higher")],
    ]


def test_markdown_is_a_table_and_its_conditions() -> None:
    lines = as_markdown(REPORT).splitlines()
    assert lines[0] == "|  | unit | here | there | there / here | better |"
    assert lines[1] == "| --- | --- | --- | --- | --- | --- |"
    assert lines[2].startswith("| a call | us | 3 (2 - 4) |")
    assert lines[4] == ""
    assert lines[5] == "* mine: size quick, 2 rounds, seed 7."
    assert "1.50 CPUs busy in the round they disturbed most (calls, round 2)" in lines[-1]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (1.0, "1"), (99.96, "100"), (123.4, "123"), (98765.4, "98765")],
)
def test_numbers_have_three_digits_or_all_before_the_point(value: float, text: str) -> None:
    assert number(value) == text


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """What draws. It has done so once: matplotlib keeps the fonts open that it has used."""
    plot = pytest.importorskip(
        "storagedriver.benchmarks.plot", reason="matplotlib, of the extra bench, is not installed"
    )
    draw: Draw = plot.draw
    for suffix in SUFFIXES:
        draw(REPORT, tmp_path_factory.mktemp("drawn") / f"first{suffix}")
    return draw


@pytest.mark.parametrize(("suffix", "begin"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_a_report_can_be_drawn(drawn: Draw, tmp_path: Path, suffix: str, begin: bytes) -> None:
    target = tmp_path / f"picture{suffix}"
    drawn(REPORT, target)
    assert target.read_bytes().startswith(begin)
