from __future__ import annotations

import json

import click
import pytest

from storagedriver.cli.tally import KEPT_FAILURES, Tally


def tell(tally: Tally, *, as_json: bool) -> int:
    with click.Context(click.Command("x")) as context:
        try:
            with tally.telling(context, as_json=as_json):
                pass
        except click.exceptions.Exit as end:
            return end.exit_code
    return 0


def test_counts_are_told_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("copied", "failed", "bytes", "bytes_sent_again")
    tally.add("copied")
    tally.add("bytes", 1500)
    assert tell(tally, as_json=False) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 copied, 0 failed, 1.5 kB moved, 0 bytes sent again; ")


def test_a_failure_is_listed_and_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("failed")
    tally.fail("/a", "no")
    assert tell(tally, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["failed"], told["failures"]) == (1, [{"path": "/a", "reason": "no"}])


def test_endless_failures_are_counted_and_not_all_kept(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("failed")
    for number in range(KEPT_FAILURES + 1):
        tally.fail(f"/{number}", "no")
    assert tell(tally, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["failed"], len(told["failures"])) == (KEPT_FAILURES + 1, KEPT_FAILURES)
    assert tell(tally, as_json=False) == 1
    assert capsys.readouterr().err.endswith("storagedriver: and 1 more that failed\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), LookupError()])
def test_what_ends_the_work_passes_and_is_told(
    capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    tally = Tally("copied")
    tally.add("copied")
    context = click.Context(click.Command("x"))
    for as_json in (False, True):
        with pytest.raises(type(error)), tally.telling(context, as_json=as_json):
            raise error
    people, told = capsys.readouterr().out.splitlines()
    assert people.startswith("not finished: 1 copied; ")
    told = json.loads(told)
    assert (told["copied"], told["complete"]) == (1, False)


def test_a_failure_before_anything_was_done_has_no_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally("copied")
    with (
        pytest.raises(LookupError),
        tally.telling(click.Context(click.Command("x")), as_json=True),
    ):
        raise LookupError
    assert capsys.readouterr().out == ""
