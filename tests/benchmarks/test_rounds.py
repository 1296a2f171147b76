from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from storagedriver.benchmarks import rounds
from storagedriver.benchmarks.amounts import AMOUNTS, Size
from storagedriver.benchmarks.driver_subject import DriverSubject
from storagedriver.benchmarks.rounds import WORKS, rotated, run_benchmark
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.work import Figures, Setting, Work, WorkItem
from storagedriver.drivers.inmemory import InMemoryDriver

if TYPE_CHECKING:
    from storagedriver.benchmarks.report import Report
    from tests.benchmarks.conftest import DictionarySubject, MakeSubject

Run = Callable[..., "Report"]

NUMBER = WorkItem("number", "turns")
OTHER_NUMBER = WorkItem("other number", "turns")
OF_A_CHILD = WorkItem("of a child", "processes")


class Turns:
    """A work whose figure is how many turns there have been."""

    def __init__(self, item: WorkItem = NUMBER) -> None:
        self.count = 0
        self._item = item

    def __call__(self, subject: Subject, setting: Setting) -> Figures:
        with running(subject):
            self.count += 1
            return {self._item: float(self.count)}


@pytest.fixture
def _one_work(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work("turns", (NUMBER, OF_A_CHILD), Turns())
    monkeypatch.setattr(rounds, "WORKS", (work,))


@pytest.fixture
def run(make_subject: MakeSubject) -> Run:
    """Runs with a subject for each letter."""

    def run_letters(names: str, log: list[str], rounds: int | None = None) -> Report:
        subjects = [make_subject(name, log) for name in names]
        return run_benchmark(subjects, title="letters", size=Size.QUICK, rounds=rounds)

    return run_letters


def test_the_order_moves_on_by_one_from_round_to_round() -> None:
    assert [rotated("ABC", number) for number in range(4)] == [
        ("A", "B", "C"),
        ("B", "C", "A"),
        ("C", "A", "B"),
        ("A", "B", "C"),
    ]


@pytest.mark.usefixtures("_one_work")
def test_one_subject_runs_at_a_time_in_an_order_that_rotates(run: Run) -> None:
    log: list[str] = []
    run("AB", log, rounds=3)
    turns = [f"{what} {name}" for name in "ABBAAB" for what in ("start", "stop")]
    assert log == turns


def test_works_can_be_chosen(make_subject: MakeSubject) -> None:
    work = Work("turns", (NUMBER,), Turns())
    report = run_benchmark([make_subject("A")], title="", works=[work], size=Size.QUICK)
    assert [result.work for result in report.results] == ["turns"]


def test_a_work_may_have_fewer_rounds_than_the_others(make_subject: MakeSubject) -> None:
    works = [
        Work("turns", (NUMBER,), Turns()),
        Work("long turns", (OTHER_NUMBER,), Turns(OTHER_NUMBER), most_rounds=2),
    ]
    report = run_benchmark([make_subject("A")], title="", works=works, rounds=3)
    assert [result.figures for result in report.results] == [{"A": (1, 2, 3)}, {"A": (1, 2)}]


def test_a_work_for_drivers_is_done_by_drivers_only(make_subject: MakeSubject) -> None:
    work = Work("turns", (NUMBER,), Turns(), is_for_drivers=True)
    subjects: list[Subject] = [make_subject("A"), DriverSubject("driver", InMemoryDriver)]
    report = run_benchmark(subjects, title="", works=[work], rounds=2)
    assert report.results[0].figures == {"A": (None, None), "driver": (1, 2)}


def test_a_subject_that_measures_itself_is_asked_for_its_figures() -> None:
    class Itself:
        name = "itself"

        def measure(self, work: Work, setting: Setting) -> Figures:
            return {work.items[0]: 7}

    work = Work("turns", (NUMBER, OTHER_NUMBER), Turns())
    report = run_benchmark([Itself()], title="", works=[work], rounds=1)
    assert {result.item: result.figures for result in report.results} == {NUMBER: {"itself": (7,)}}


def test_the_baselines_of_the_ratios_can_be_named(make_subject: MakeSubject) -> None:
    subjects = [make_subject(name) for name in "ABC"]
    works = [Work("turns", (NUMBER,), Turns())]
    assert run_benchmark(subjects, title="", works=works).baselines == ("A",)
    named = run_benchmark(subjects, title="", works=works, baselines=["B", "C"])
    assert named.baselines == ("B", "C")
    assert named.compared("B") == ["A", "C"]


@pytest.mark.usefixtures("_one_work")
def test_an_item_that_nobody_has_a_figure_of_is_left_out(run: Run) -> None:
    assert [result.item for result in run("AB", []).results] == [NUMBER]


@pytest.mark.usefixtures("_one_work")
def test_figures_stand_at_the_round_and_the_subject_that_they_are_of(run: Run) -> None:
    report = run("AB", [], rounds=3)
    (number,) = report.results
    assert number.figures == {"A": (1, 4, 5), "B": (2, 3, 6)}
    assert number.ratios("B", "A") == (2, 0.75, 1.2)


@pytest.mark.usefixtures("_one_work")
def test_the_size_says_how_many_rounds_unless_they_are_given(run: Run) -> None:
    assert run("A", []).rounds == AMOUNTS[Size.QUICK].rounds
    assert run("A", [], rounds=1).rounds == 1


@pytest.mark.usefixtures("_one_work")
def test_each_turn_is_told_before_it_begins(make_subject: MakeSubject) -> None:
    log: list[str] = []
    subjects = [make_subject("A", log)]
    run_benchmark(subjects, title="", size=Size.QUICK, rounds=2, on_turn=log.append)
    assert log[0] == "turns, round 1 of 2: A"
    assert log[3] == "turns, round 2 of 2: A"


@pytest.mark.usefixtures("_one_work")
def test_the_load_of_each_round_is_noted(run: Run) -> None:
    loads = run("AB", [], rounds=2).loads
    assert [(load.work, load.round) for load in loads] == [("turns", 0), ("turns", 1)]


def test_every_item_has_a_name_of_its_own() -> None:
    names = [item.name for work in WORKS for item in work.items]
    assert len(names) == len(set(names))


def test_a_subject_that_fails_ends_the_run_stopped(
    subject: DictionarySubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("cannot start")

    monkeypatch.setattr(subject, "start", fail)
    with pytest.raises(OSError, match="cannot start"):
        run_benchmark([subject], title="", size=Size.QUICK)
    assert subject.log == ["stop dictionary"]
