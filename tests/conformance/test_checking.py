"""What a failed check tells."""

from __future__ import annotations

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.checking import require, require_content, require_equal


def test_what_holds_is_silent() -> None:
    require(True, "never seen")
    require_equal(1, 1, "number")
    require_content(b"abc", b"abc", "content")


def test_what_does_not_hold_is_told() -> None:
    with pytest.raises(CaseFailedError, match=r"^the sky fell$"):
        require(False, "the sky fell")


def test_both_values_are_shown() -> None:
    with pytest.raises(CaseFailedError, match=r"^size: expected 2, got 1$"):
        require_equal(1, 2, "size")


def test_long_values_are_cut() -> None:
    with pytest.raises(CaseFailedError) as caught:
        require_equal("a" * 10_000, "b" * 10_000, "text")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("actual", "expected", "place"),
    [(b"abX", b"abc", 2), (b"ab", b"abc", 2), (b"abc", b"ab", 2), (b"", b"a", 0)],
)
def test_contents_part_at_a_byte(actual: bytes, expected: bytes, place: int) -> None:
    with pytest.raises(CaseFailedError, match=f"they part at byte {place}: "):
        require_content(actual, expected, "content")
