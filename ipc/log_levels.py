"""The level of a line of text, as programs of all languages write it, in terms of `logging`.

A level counts where log libraries put it: at the beginning, or after a time and up to three names.
A word further on is not believed: "no error: all is well" is none.
"""

from __future__ import annotations

import logging
import re
from typing import Final

_NAMES: Final = {
    # There is nothing below DEBUG in `logging` that has a name.
    logging.DEBUG: "trace trc trac verbose silly debug dbg debu",
    logging.INFO: "info inf information informational notice success",
    logging.WARNING: "warning warn wrn",
    logging.ERROR: "error err erro severe",
    logging.CRITICAL: "critical crit fatal fata ftl panic pani dpanic alert emergency emerg",
}
_LEVELS: Final = {name: level for level, names in _NAMES.items() for name in names.split()}

_LETTERS: Final = {
    "T": logging.DEBUG,
    "D": logging.DEBUG,
    "I": logging.INFO,
    "W": logging.WARNING,
    "E": logging.ERROR,
    "C": logging.CRITICAL,
    "F": logging.CRITICAL,
}

# 0 to 7 of syslog, which systemd and GELF use too.
_SYSLOG: Final = (
    *(logging.CRITICAL,) * 3,
    logging.ERROR,
    logging.WARNING,
    *(logging.INFO,) * 2,
    logging.DEBUG,
)

# No time and names before a level are longer together.
_HEAD_CHARACTERS: Final = 300

# Those of bunyan and pino; a custom one counts as the next one below it.
_BUNYAN: Final = (
    (60, logging.CRITICAL),
    (50, logging.ERROR),
    (40, logging.WARNING),
    (30, logging.INFO),
    (10, logging.DEBUG),
)


def level_of_name(name: str) -> int | None:
    """Return the level that a word means, in any case; None if it means none.

    An offset is left out, as in `ERROR+2` of Go's slog.
    """
    return _LEVELS.get(re.sub(r"[+-]\d+$", "", name.strip()).lower())


def level_of_number(number: float) -> int | None:
    """Return the level of a number as bunyan, pino and syslog count; None if it is out of range."""
    if number in range(len(_SYSLOG)):
        return _SYSLOG[int(number)]
    if number > 100:
        return None
    return next((level for least, level in _BUNYAN if number >= least), None)


def level_of_text(line: str) -> int | None:
    """Return the level that a line begins with; None if it does not tell one."""
    if match := _SHORT.match(line):
        digit, *letters = match.groups()
        return _SYSLOG[int(digit)] if digit else _LETTERS[next(filter(None, letters))]
    match = _LONG.match(line[:_HEAD_CHARACTERS])
    return _LEVELS[next(filter(None, match.groups())).lower()] if match else None


def without_time(line: str) -> str:
    """Return the line from behind the time that it may begin with."""
    match = _TIME.match(line)
    return line[match.end() :] if match else line


# systemd: <3>text; klog, glog and absl: E1121 12:00:00; tornado: [E 241121 12:00:00; and [E].
_SHORT: Final = re.compile(
    r"<([0-7])> | ([IWEF])\d{4}(?:\d{4})?\ \d\d:\d\d:\d\d | \[([TDIWECF])(?:\]|\ \d)",
    re.VERBOSE,
)

_TIME_PATTERN: Final = r"""
    \[?
    (?: \d{4}[-/.]\d\d[-/.]\d\d (?: [Tt,\ _]\ *\d\d:\d\d(?::\d\d)? )?             # ISO 8601, Go
      | (?:[A-Z][a-z]{2},?\ +)? [A-Z][a-z]{2}\ +\d{1,2},?\ +(?:\d{4},?\ +)?
            \d{1,2}:\d\d:\d\d                                              # syslog, ctime, Java
      | (?:[A-Z][a-z]{2},?\ +)? \d{1,2}[-/\ ][A-Z][a-z]{2}[-/\ ]\d{4}[:\ ]
            \d\d:\d\d:\d\d                                                 # mail, web servers
      | \d{1,2}:\d\d(?::\d\d)?                                             # of day
      | \d{9,}                                                             # since 1970
      | \d+(?=\.\d)                                                        # since the start
    )
    (?: [.,]\d+ )?
    (?: \ ?(?: Z | [AP]M | UTC | GMT | [A-Z]{2,4}T | [+-]\d\d:?\d\d ) | \ \d{4} ){0,2}
    (?= [\]\s|:,-] ) [\]\s|:,-]*
"""
_TIME: Final = re.compile(_TIME_PATTERN, re.VERBOSE)

# Longest first, so that no name hides a longer one.
_NAME: Final = "|".join(sorted(_LEVELS, key=len, reverse=True))

_LONG: Final = re.compile(
    rf"""
    \ ?                                              # Rust's tracing aligns the names to the right
    (?: {_TIME_PATTERN} )?
    (?: (?: \[[^\]]{{0,64}}\] | [\w.:/$@-]{{1,64}}(?=\ [-|]) | \d{{1,10}}(?=\ ) )
        [\s|:-]{{1,8}} ){{0,3}}?                     # [main], my.logger -, and a number
    (?: \[\s* (?:\w+:)? ((?i:{_NAME})) \s*\]         # [error], [core:error]
      | [(<] ((?i:{_NAME})) [)>]
      | ((?i:{_NAME})) \s*: (?!:)
      | ((?:{_NAME.upper()})) (?= [\s|/\[-] | $ )    # without a sign only in capital letters
    )
    """,
    re.VERBOSE,
)
