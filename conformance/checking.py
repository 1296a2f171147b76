"""How a case says that a driver is wrong."""

from __future__ import annotations

# Enough of a content to recognise it by, in a message that stays readable.
_SHOWN_CHARACTERS = 120


class CaseFailedError(AssertionError):
    """The driver did something else than the contract says; the text tells what."""


def require(condition: bool, text: str) -> None:
    """Raises CaseFailedError with `text` unless `condition` holds."""
    if not condition:
        raise CaseFailedError(text)


def require_equal(actual: object, expected: object, what: str) -> None:
    """Raises CaseFailedError, showing both, unless `actual` equals `expected`."""
    if actual != expected:
        raise CaseFailedError(f"{what}: expected {_shown(expected)}, got {_shown(actual)}")


def require_content(actual: bytes, expected: bytes, what: str) -> None:
    """Raises CaseFailedError, telling where the contents part, unless they are the same."""
    if actual == expected:
        return
    pairs = enumerate(zip(actual, expected, strict=False))
    shorter = min(len(actual), len(expected))
    first = next((index for index, (a, b) in pairs if a != b), shorter)
    there = slice(first, first + 16)
    raise CaseFailedError(
        f"{what}: expected {len(expected)} bytes, got {len(actual)}; they part at byte {first}:"
        f" expected {expected[there]!r}, got {actual[there]!r}"
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
