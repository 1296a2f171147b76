"""What a program tells about itself is believed only where it is an answer; no process is left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from storagedriver.contract import DriverCrashedError, DriverTimeoutError, ProtocolError
from storagedriver.ipc.about import About, ask_about

ANSWER = '{"version": "0.1", "features": []}'


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "registry-storage-odd"
    path.touch(0o755)
    return path


def ask(program: Path, script: str, *, seconds: float = 30.0) -> About:
    program.write_text(f"#!/bin/sh\n{script}\n")
    return ask_about(str(program), name="odd", timeout_seconds=seconds)


def test_version_and_features_are_told(program: Path) -> None:
    answer = {"name": "other", "version": "0.1", "features": ["walk", "ping"], "later": [1]}
    assert ask(program, f"echo '{json.dumps(answer)}'") == About("0.1", ("ping", "walk"))


def test_a_driver_without_features_need_not_say_so(program: Path) -> None:
    assert ask(program, """echo '{"version": "0.1"}'""") == About("0.1", ())


def test_a_version_that_is_not_spoken_here_is_told_as_it_is(program: Path) -> None:
    assert ask(program, """echo '{"version": "7.3"}'""").version == "7.3"


def test_its_only_argument_is_version(program: Path) -> None:
    assert ask(program, f"""test "$*" = --version && echo '{ANSWER}'""").version == "0.1"


def test_its_input_is_at_its_end(program: Path) -> None:
    assert ask(program, f"cat; echo '{ANSWER}'").version == "0.1"


def test_it_sees_only_what_every_driver_sees(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    script = f"""test -z "$AWS_SECRET_ACCESS_KEY$STORAGEDRIVER_ENDPOINT" && echo '{ANSWER}'"""
    assert ask(program, f'test "$HOME" = "{os.environ["HOME"]}" && {script}').version == "0.1"


def test_what_it_says_on_standard_error_is_no_answer(program: Path) -> None:
    assert ask(program, f"echo noise >&2; echo '{ANSWER}'").version == "0.1"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "JSON"),
        ("odd 0.1", "JSON"),
        ("\\377\\376", "JSON"),
        ("noise\\n" + ANSWER, "JSON"),
        ("[]", "object"),
        ("{}", "version"),
        ('{"version": null}', "version"),
        ('{"version": "1"}', "version"),
        ('{"version": "0.1", "features": "walk"}', "no list"),
        ('{"version": "0.1", "features": {"walk": true}}', "no list"),
    ],
)
def test_what_is_no_answer_breaks_the_protocol(program: Path, answer: str, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        ask(program, f"printf '{answer}\\n'")
    assert caught.value.driver == "odd"


def test_a_program_that_fails_is_a_crash_with_its_last_words(program: Path) -> None:
    with pytest.raises(DriverCrashedError) as caught:
        ask(program, f"echo '{ANSWER}'; echo oh dear >&2; exit 3")
    assert (caught.value.exit_status, caught.value.stderr) == (3, "oh dear\n")
    assert caught.value.driver == "odd"


def test_a_program_that_is_killed_is_a_crash(program: Path) -> None:
    with pytest.raises(DriverCrashedError) as caught:
        ask(program, f"echo '{ANSWER}'; kill -9 $$")
    assert caught.value.signal == 9


@pytest.mark.parametrize("script", ["exec sleep 1000", "sleep 1000", "while :; do echo on; done"])
def test_a_program_that_does_not_end_is_ended(program: Path, script: str) -> None:
    with pytest.raises(DriverTimeoutError) as caught:
        ask(program, script, seconds=0.5)
    assert (caught.value.seconds, caught.value.method) == (0.5, "--version")
    assert caught.value.driver == "odd"


def test_what_it_has_left_running_ends_with_it(program: Path) -> None:
    assert ask(program, f"sleep 1000 & echo '{ANSWER}'").version == "0.1"


def test_a_program_that_cannot_be_executed_is_an_error_of_the_system(program: Path) -> None:
    program.write_text("#!/no/such/python\n")
    with pytest.raises(FileNotFoundError, match="/no/such/python"):
        ask_about(str(program), name="odd")
