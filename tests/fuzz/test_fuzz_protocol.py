"""The fuzzer's harness over its corpus, and over some inputs that hypothesis makes."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CORPUS = sorted(Path(__file__).with_name("corpus").iterdir())

# No package holds the tests, so that they can only import what is installed.
HARNESS = runpy.run_path(str(Path(__file__).with_name("fuzz_protocol.py")))
check: Callable[[bytes], None] = HARNESS["check"]


@st.composite
def inputs(draw: st.DrawFn) -> bytes:
    """A way to a state, a side, and operations; not on raw bytes, which are hardly ever msgpack."""
    parts = [bytes([draw(st.integers(0, len(HARNESS["WAYS"]) - 1)), draw(st.integers(0, 1))])]
    for operation in draw(st.lists(st.integers(1, 3), max_size=8)):
        parts += [bytes([operation]), draw(st.binary(min_size=2, max_size=10))]
    return b"".join(parts)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_the_fuzzer_has_found_holds(path: Path) -> None:
    check(path.read_bytes())


@settings(max_examples=400, deadline=None, database=None)
@given(inputs())
def test_what_comes_is_a_protocol_error_or_a_valid_event(data: bytes) -> None:
    check(data)


@given(st.binary(max_size=64))
@settings(max_examples=300, deadline=None, database=None)
def test_any_bytes_are_a_protocol_error_or_a_valid_event(data: bytes) -> None:
    check(data)


def test_a_session_without_a_rule_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    session: type[object] = HARNESS["Session"]

    def allow(*_: object) -> None: ...

    monkeypatch.setattr(session, "_check_id", allow)
    cancel = HARNESS["encode"](HARNESS["Cancel"](9))[0]
    way_to_opening = 10
    with pytest.raises(AssertionError):
        check(bytes([way_to_opening, 1, 0, len(cancel), 0]) + cancel)


def test_the_corpus_is_small() -> None:
    assert 0 < len(CORPUS) < 100
    assert max(path.stat().st_size for path in CORPUS) < 1024
