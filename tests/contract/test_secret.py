"""A secret shows stars wherever it is shown, and its text only where it is asked for."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint

import pytest

from storagedriver.contract import Secret

TEXT = "open sesame"


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(TEXT)),
        str(Secret(TEXT)),
        f"{Secret(TEXT):>30}",
        "%s %r" % (Secret(TEXT), Secret(TEXT)),  # noqa: UP031 - it is one more way
        repr({"key": [Secret(TEXT)]}),
        pprint.pformat({"key": Secret(TEXT)}),
        ascii(Secret(TEXT)),
        logging.LogRecord("a", 10, "b", 1, "%s", (Secret(TEXT),), None).getMessage(),
    ],
)
def test_it_shows_stars(shown: str) -> None:
    assert "***" in shown
    assert TEXT not in shown


def test_it_reveals_its_text() -> None:
    assert Secret(TEXT).reveal() == TEXT


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps])
def test_it_is_not_written_down(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError) as caught:
        write({"key": Secret(TEXT)})
    assert TEXT not in str(caught.value)


def test_parameters_with_it_can_be_copied() -> None:
    parameters = {"nested": [Secret(TEXT)]}
    assert copy.deepcopy(parameters) == parameters
    assert copy.copy(Secret(TEXT)) == Secret(TEXT)


def test_it_equals_a_secret_of_the_same_text_and_no_text() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert hash(Secret(TEXT)) == hash(Secret(TEXT))
    assert Secret(TEXT) != Secret("another")
    assert Secret(TEXT) != TEXT


def test_it_holds_text_only() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        Secret(b"x")  # type: ignore[arg-type]  # the point of the test
