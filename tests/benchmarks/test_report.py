from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from storagedriver.benchmarks.amounts import Size
from storagedriver.benchmarks.machine import Load, Machine
from storagedriver.benchmarks.markdown import as_markdown
from storagedriver.benchmarks.report import ItemResult, Report
from storagedriver.benchmarks.rows import columns, number, sections
from storagedriver.benchmarks.work import Better, WorkItem

MACHINE = Machine("a processor", 2, 1 << 30, "Linux", "CPython 3.11", {"pyzmq": "27"})
LOADS = (Load("calls", 0, 0.5, 0.25), Load("calls", 1, 0.5, 1.5))


TIME, MEMORY = WorkItem("a call", "us"), WorkItem("memory", "MiB", Better.HIGHER)
RESULTS = (
    ItemResult("calls", TIME, {"here": (2.0, 4.0), "there": (5.0, 20.0)}),
    ItemResult("streams", MEMORY, {"here": (None, None), "there": (1234.5, 1234.5)}),
)
REPORT = Report("mine", Size.QUICK, 7, 2, ("here", "there"), MACHINE, LOADS, RESULTS)

# With figures of one round, and two subjects that the others are compared with.
THREE = Report(
    "mine",
    Size.QUICK,
    7,
    1,
    ("here", "there", "beside"),
    MACHINE,
    LOADS,
    (
        ItemResult("calls", TIME, {"here": (2.0,), "there": (4.0,), "beside": (1.0,)}),
        ItemResult("streams", MEMORY, {"here": (None,), "there": (3.0,), "beside": (None,)}),
    ),
    ("there", "beside"),
)

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
            "ratios": {
                "here": {"there": {"median": 3.75, "least": 2.5, "most": 5, "rounds": [2.5, 5]}}
            },
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
            "ratios": {"here": {"there": None}},
        },
    ]


def test_json_says_how_and_where_it_ran() -> None:
    told = json.loads(json.dumps(REPORT.as_json()))
    del told["items"]
    assert told == {
        "format": "storagedriver-benchmark/2",
        "title": "mine",
        "size": "quick",
        "amounts": {
            "rounds": 2,
            "starts": 1,
            "call_seconds": 0.02,
            "stream_bytes": 8 << 20,
            "whole_gets": 1,
            "most_objects": 1_000,
            "fill_seconds": 10,
        },
        "seed": 7,
        "subjects": ["here", "there"],
        "baselines": ["here"],
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


def test_ratios_are_to_each_of_the_baselines_that_are_named() -> None:
    item = json.loads(json.dumps(THREE.as_json()))["items"][0]
    assert list(item["ratios"]) == ["there", "beside"]
    assert item["ratios"]["there"]["here"]["rounds"] == [0.5]
    assert item["ratios"]["beside"]["here"]["rounds"] == [2]
    assert "beside" not in item["ratios"]["beside"]


def test_with_several_baselines_each_subject_that_has_a_figure_has_a_row() -> None:
    assert columns(THREE) == ("", "unit", "better", "subject", "figure", "/ there", "/ beside")
    assert list(sections(THREE)) == [
        [
            ("a call", "us", "lower", "here", "2 (2 - 2)", "0.5 (0.5 - 0.5)", "2 (2 - 2)"),
            ("", "", "", "there", "4 (4 - 4)", "1 (1 - 1)", "4 (4 - 4)"),
            ("", "", "", "beside", "1 (1 - 1)", "0.25 (0.25 - 0.25)", "1 (1 - 1)"),
        ],
        [("memory", "MiB", "higher", "there", "3 (3 - 3)", "1 (1 - 1)", "-")],
    ]


def test_many_subjects_have_rows_although_they_have_one_baseline() -> None:
    names = tuple("ABCDE")
    result = ItemResult("calls", TIME, dict.fromkeys(names, (1.0,)))
    report = Report("mine", Size.QUICK, 7, 1, names, MACHINE, LOADS, (result,))
    assert columns(report)[3:] == ("subject", "figure", "/ A")
    assert len(next(sections(report))) == len(names)


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
