"""Which call is the nth that a rule matches, counted over all processes of one script.

The counts stand in a file beside the script, since a driver that crashed at the first call would
crash at it again for ever if it counted from the beginning. The file is replaced as a whole, under
a lock of the script's file, so neither a kill nor a second process can spoil it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

from storagedriver.drivers.misbehaving.rules import Rule
from storagedriver.drivers.misbehaving.script import Script

STATE_SUFFIX: Final = ".state"


class Occurrences:
    """The counts of one script. Any thread may call it, and so may other processes.

    They begin anew when the rules are changed, or when the file `<script>.state` is removed.
    """

    def __init__(self, script_path: str, script: Script) -> None:
        self._script_path = script_path
        self._state_path = script_path + STATE_SUFFIX
        self._digest = hashlib.sha256(script.text).hexdigest()

    def count(self, rules: Sequence[Rule]) -> list[int]:
        """Count one more occurrence of each rule; return which one it is for each, from 1."""
        if not rules:
            return []
        with open(self._script_path, "rb") as lock:
            # Every call opens the file by itself: the lock then holds between threads too.
            fcntl.flock(lock, fcntl.LOCK_EX)
            counts = self._read()
            for rule in rules:
                counts[str(rule.number)] = counts.get(str(rule.number), 0) + 1
            self._write(counts)
        return [counts[str(rule.number)] for rule in rules]

    def _read(self) -> dict[str, int]:
        with suppress(FileNotFoundError), open(self._state_path, "rb") as file:
            state = json.load(file)
            if state["script"] == self._digest:
                return cast("dict[str, int]", state["counts"])
        return {}

    def _write(self, counts: dict[str, int]) -> None:
        written = self._state_path + "~"
        with open(written, "w", encoding="ascii") as file:
            json.dump({"script": self._digest, "counts": counts}, file)
        os.replace(written, self._state_path)
