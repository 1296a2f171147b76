"""Takes what is secret out of texts that a driver has written: its errors and its output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from storagedriver.contract.errors import StorageDriverError
from storagedriver.contract.secret import Secret

_STARS: Final = "***"

# Shorter texts stand in many words. They are hidden only where they stand alone.
_SHORTEST_WITHIN_WORDS: Final = 4


class Redaction:
    """The secrets among parameters, at any depth, and how to hide them. Shows nothing itself.

    Drivers repeat what they were given, in messages or when they print their configuration. So a
    text is hidden as it is, as `repr` and JSON write it, and line by line. Any thread may call it.
    """

    __slots__ = ("_pattern",)

    def __init__(self, parameters: Mapping[str, object]) -> None:
        spellings = {
            spelling for secret in _secrets(parameters) for spelling in _spellings(secret.reveal())
        }
        # The longest first: what contains another one is to be hidden as a whole.
        patterns = [_pattern(text) for text in sorted(spellings, key=len, reverse=True)]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return self._pattern is not None

    def text(self, text: str) -> str:
        """Return the text with stars in the place of each secret."""
        return text if self._pattern is None else self._pattern.sub(_STARS, text)

    def hide_in(self, error: StorageDriverError) -> None:
        """Put stars into the message and the fields of an error."""
        if self._pattern is None:
            return
        error.message = self.text(error.message)
        error.args = (error.message,)
        for name in error.field_names:
            setattr(error, name, self._value(getattr(error, name)))

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(map(self._value, cast("tuple[object, ...]", value)))
        return value


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        yield from _secrets_of(cast("Mapping[str, object]", value).values())
    elif isinstance(value, list | tuple):
        yield from _secrets_of(cast("Iterable[object]", value))


def _secrets_of(values: Iterable[object]) -> Iterator[Secret]:
    for value in values:
        yield from _secrets(value)


def _spellings(text: str) -> set[str]:
    lines = [line.strip() for line in text.splitlines()]
    long_lines = [line for line in lines if len(line) >= _SHORTEST_WITHIN_WORDS]
    return {text, repr(text)[1:-1], json.dumps(text)[1:-1], *long_lines} - {""}


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    return escaped if len(text) >= _SHORTEST_WITHIN_WORDS else rf"(?<!\w){escaped}(?!\w)"
