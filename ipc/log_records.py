"""What one line of a driver says: level, message and fields."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from storagedriver.ipc.log_crashes import CrashReader
from storagedriver.ipc.log_fields import parse_json, parse_logfmt
from storagedriver.ipc.log_levels import level_of_text
from storagedriver.ipc.log_lines import Line


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be logged."""

    level: int
    """One of those of `logging`: DEBUG, INFO, WARNING, ERROR, CRITICAL."""
    message: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    """What a structured line says besides level and message."""


class EntryReader:
    """Reads the lines of one output, one after another.

    A line that tells no level is INFO, on standard error too: many programs log everything there.
    An indented one goes with the line before it.
    """

    def __init__(self, hide: Callable[[str], str] = str) -> None:
        """`hide` takes what is secret out of a line, before anything is read from it."""
        self._hide = hide
        self._crash = CrashReader()
        self._level = logging.INFO

    def read(self, line: Line) -> Entry:
        """Return what a line says."""
        text = self._hide(plain_text(line.data))
        if line.is_rest:
            return Entry(self._level, text)
        entry = _structured(text)
        if entry is None:
            self._level = self._level_of(text)
            entry = Entry(self._level, text)
        return entry

    def _level_of(self, text: str) -> int:
        if self._crash.begins(text):
            return logging.ERROR
        level = level_of_text(text)
        if level is not None:
            return level
        if text.startswith((" ", "\t")):
            return self._level
        return logging.ERROR if self._crash.goes_on(text) else logging.INFO


def plain_text(data: bytes) -> str:
    """Return bytes as text that may stand in any log.

    Colours and other commands to a terminal are left out: they hide the level, and a log is read
    in other places too. What is no UTF-8, and control characters, are escaped.
    """
    # Not "backslashreplace", which takes thirty times as long for what is no text at all.
    text = data.decode("utf-8", "surrogateescape").rstrip("\r")
    if text.isprintable():
        return text
    return _COMMAND.sub("", text).translate(_ESCAPES)


def _structured(text: str) -> Entry | None:
    parts = parse_json(text) or parse_logfmt(text)
    if parts is None:
        return None
    level, message, fields = parts
    # JSON can spell what no UTF-8 can: half of a surrogate pair. A handler could not write it.
    message = (message or text).encode("utf-8", "backslashreplace").decode()
    return Entry(logging.INFO if level is None else level, message.translate(_ESCAPES), fields)


# ECMA-48: CSI with its parameters, OSC up to its end (titles, links), and commands of two bytes.
_COMMAND: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)

# A tab is text. So is the end of a line, which only a message in JSON can have: a stack, often.
_ESCAPES: Final = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"
} | {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
