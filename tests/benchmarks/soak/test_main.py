from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from storagedriver.benchmarks.soak import __main__ as program
from storagedriver.benchmarks.soak.census import Census
from storagedriver.benchmarks.soak.report import SoakReport
from storagedriver.benchmarks.soak.run import SoakSettings

GOOD = SoakReport(
    seed=5,
    threads=2,
    durability="none",
    seconds=60.0,
    calls={"get": {"ok": 3, "PathNotFound": 1}},
    faults={"SIGKILL": 2, "SIGTERM": 0},
    events={"restarted": 2},
    largest_gap_seconds=1.25,
    audits=1,
    first_census=Census(1, 2, 1, 1, 1000),
    last_census=None,
    violations=(),
)
BAD = replace(GOOD, violations=("/own/t00/o1: lost",))


@pytest.fixture
def run_main(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the program with a soak that has this report; returns its exit status and output."""

    def run(report: SoakReport, *arguments: str) -> tuple[int, str]:
        class FakeSoak:
            def __init__(self, settings: SoakSettings, *, tell: object) -> None:
                pass

            def run(self) -> SoakReport:
                return report

        # The program changes both for itself.
        monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
        monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        monkeypatch.setattr(program, "Soak", FakeSoak)
        monkeypatch.setattr(sys, "argv", ["soak", "--seed", "5", *arguments])
        return program.main(), capsys.readouterr().out

    return run


def test_the_text_tells_what_was_done(run_main: Callable[..., tuple[int, str]]) -> None:
    status, text = run_main(GOOD)
    assert status == 0
    assert "4 calls by 2 threads in 60 s, durability none, seed 5" in text
    assert "ok 3, PathNotFound 1" in text
    assert "SIGKILL 2\n" in text
    assert "violations: 0" in text


def test_a_violation_is_told_and_is_the_exit_status(
    run_main: Callable[..., tuple[int, str]],
) -> None:
    status, text = run_main(BAD)
    assert status == 1
    assert text.endswith("violations: 1\n/own/t00/o1: lost\n")


def test_json_has_everything(run_main: Callable[..., tuple[int, str]]) -> None:
    status, text = run_main(BAD, "--json")
    assert status == 1
    assert json.loads(text) == json.loads(json.dumps(BAD.as_json()))


def test_a_short_soak_runs_as_a_program() -> None:
    words = ["--minutes", "0.05", "--threads", "2", "--seed", "1", "--audits", "2", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "storagedriver.benchmarks.soak", *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["audits"] == 2
