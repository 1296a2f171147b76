from __future__ import annotations

import sys
from pathlib import Path

import pytest

from storagedriver.benchmarks.programs import (
    ProgramError,
    Running,
    find,
    run,
    running,
    seconds_to_first_line,
    wait_until_no_process_names,
)

FOR_EVER = "import signal; signal.pause()"


def python(program: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program, *arguments)


def test_a_program_of_this_installation_is_found() -> None:
    assert Path(find("storagedriver")).name == "storagedriver"


def test_one_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ProgramError, match="there is no program nosuchprogram"):
        find("nosuchprogram")


def test_what_it_has_told_comes_back() -> None:
    ended = run(python("print('told')"), limit_seconds=60)
    assert ended.stdout == "told\n"
    assert ended.seconds > 0


def test_a_program_is_timed_until_it_writes_a_line() -> None:
    program = f"print(flush=True); {FOR_EVER}"
    assert 0 < seconds_to_first_line(python(program), limit_seconds=60) < 60


@pytest.mark.parametrize(("program", "limit_seconds"), [("exit(3)", 60), (FOR_EVER, 0.05)])
def test_one_that_ends_or_takes_too_long_before_is_an_error(
    program: str, limit_seconds: float
) -> None:
    with pytest.raises(ProgramError, match="wrote nothing"):
        seconds_to_first_line(python(program), limit_seconds=limit_seconds)


def test_a_failure_is_told_with_its_last_words() -> None:
    with pytest.raises(ProgramError, match=r"ended with 3: words$"):
        run(python("import sys; print('words', file=sys.stderr); sys.exit(3)"), limit_seconds=60)


def test_one_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ProgramError, match=r"took more than 0\.1 s"):
        run(python(FOR_EVER), limit_seconds=0.1)


def test_one_that_was_killed_is_known_from_one_that_had_ended(tmp_path: Path) -> None:
    with running(python(FOR_EVER)) as program:
        assert not program.has_ended()
        assert program.kill()
    with running(python("")) as program:
        while not program.has_ended():
            pass
        assert not program.kill()


def test_one_that_fails_on_its_way_is_told_with_its_last_words() -> None:
    def wait(program: Running) -> None:
        while not program.has_ended():
            pass

    with (
        running(python("print('words', flush=True); raise SystemExit(3)")) as program,
        pytest.raises(ProgramError, match=r"ended with 3: words$"),
    ):
        wait(program)


def test_a_process_is_waited_for_by_its_arguments(tmp_path: Path) -> None:
    name, begun = str(tmp_path), tmp_path / "begun"
    with running(python(f"open({str(begun)!r}, 'x'); {FOR_EVER}", name)):
        # For an instant of its start a process has no arguments.
        while not begun.exists():
            pass
        with pytest.raises(ProgramError, match="among its arguments goes on"):
            wait_until_no_process_names(name, limit_seconds=0.1)
    wait_until_no_process_names(name, limit_seconds=60)
