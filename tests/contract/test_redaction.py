"""What is secret is taken out of what drivers write, in every way that they may write it."""

from __future__ import annotations

import pickle

import pytest

from storagedriver.contract import (
    DriverCrashedError,
    InvalidParametersError,
    PartialFailureError,
    Secret,
    StorageDriverError,
)
from storagedriver.contract.redaction import Redaction

TEXT = "open sesame"
KEY = '-----BEGIN KEY-----\nMIIE vAIB\n  q\\"é\n-----END KEY-----\n'


@pytest.fixture
def redaction() -> Redaction:
    return Redaction({"plain": "visible", "deep": [{"key": Secret(TEXT)}], "pem": Secret(KEY)})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"the key {TEXT} is wrong", "the key *** is wrong"),
        (f"x{TEXT}x", "x***x"),
        (f"{{'pem': {KEY!r}}}", "{'pem': '***'}"),
        ('"-----BEGIN KEY-----\\nMIIE vAIB\\n  q\\\\\\"\\u00e9\\n-----END KEY-----\\n"', '"***"'),
        (KEY, "***"),
        ("log: MIIE vAIB", "log: ***"),
        ("plain is visible", "plain is visible"),
        ("", ""),
    ],
)
def test_what_is_secret_becomes_stars(redaction: Redaction, text: str, shown: str) -> None:
    assert redaction.text(text) == shown


def test_a_short_secret_takes_no_words_apart() -> None:
    assert Redaction({"key": Secret("a")}).text("a matter of 'a'") == "*** matter of '***'"


def test_one_that_contains_another_is_hidden_as_a_whole() -> None:
    redaction = Redaction({"key": Secret("sesame"), "longer": Secret(TEXT)})
    assert redaction.text(TEXT) == "***"


def test_without_secrets_nothing_is_hidden() -> None:
    redaction = Redaction({"key": "text", "empty": Secret("")})
    assert not redaction
    assert redaction.text("text") == "text"


@pytest.mark.parametrize(
    "error",
    [
        StorageDriverError(f"ValueError: {TEXT}"),
        InvalidParametersError("odd", "key", f"{TEXT!r} is no key"),
        DriverCrashedError(1, None, f"Traceback\n  key={TEXT}"),
        PartialFailureError([(f"/{TEXT}", "NoSpace")]),
    ],
)
def test_errors_hold_nothing_secret(redaction: Redaction, error: StorageDriverError) -> None:
    redaction.hide_in(error)
    assert TEXT.encode() not in pickle.dumps(error)
    for shown in (str(error), repr(error), repr(error.fields), repr(error.__dict__)):
        assert TEXT not in shown
    assert "***" in str(error)


def test_errors_keep_all_else(redaction: Redaction) -> None:
    error = DriverCrashedError(3, None, "last words")
    redaction.hide_in(error)
    assert (error.exit_status, error.signal, error.stderr) == (3, None, "last words")


def test_it_shows_nothing_itself(redaction: Redaction) -> None:
    assert TEXT not in repr(redaction)
