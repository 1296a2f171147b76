"""The driver's hold on life: standard input, which ends when the host is gone.

A driver must exit then at once, in the middle of any call. The thread here does that; it also looks
at the parent, for the case that somebody else holds the other end of the pipe.
"""

from __future__ import annotations

import json
import os
import select
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

# How often the parent is looked at. The pipe tells at once; this is for when it cannot.
_PARENT_SECONDS: Final = 1.0

# Parameters are configuration, not data.
_MAX_LINE_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FirstLine:
    """What the host says on standard input before anything else."""

    token: str = field(repr=False)
    parameters: Mapping[str, object] | None = field(repr=False)
    """None if they stand in the argument list."""


class Lifeline:
    """Standard input, taken over: children of the driver get /dev/null instead.

    To be made once, by the main thread, before any other thread starts.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._descriptor = os.dup(0)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        self._ended = threading.Event()

    def read_first_line(self) -> FirstLine:
        """Return what the host says first. Raises ValueError if it is something else."""
        line = bytearray()
        # Byte by byte would do, but parameters may be long; nothing comes after the line.
        while not line.endswith(b"\n"):
            data = os.read(self._descriptor, 65536)
            if not data:
                raise ValueError("standard input ended within the first line")
            line += data
            if len(line) > _MAX_LINE_BYTES:
                raise ValueError("the first line of standard input is too long")
        first = parse_object(line, "the first line of standard input")
        token, parameters = first.get("token"), first.get("parameters")
        if not isinstance(token, str):
            raise ValueError('the first line of standard input has no "token"')
        if parameters is not None and not isinstance(parameters, dict):
            raise ValueError('"parameters" in the first line of standard input is not an object')
        return FirstLine(token, cast("Mapping[str, object] | None", parameters))

    def watch(self, on_end: Callable[[], None]) -> None:
        """Call `on_end`, from a thread of its own, when the host is gone."""
        threading.Thread(
            target=self._watch, args=(on_end,), name="storagedriver-lifeline", daemon=True
        ).start()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait until the host has closed standard input; return whether it has."""
        return self._ended.wait(timeout_seconds)

    def _watch(self, on_end: Callable[[], None]) -> None:
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        while os.getppid() == self._parent:
            if poller.poll(_PARENT_SECONDS * 1000) and not os.read(self._descriptor, 65536):
                break
        self._ended.set()
        on_end()


def parse_object(text: str | bytes | bytearray, where: str) -> Mapping[str, object]:
    """Return the JSON object that `text` is. Raises ValueError that says `where` if it is none."""
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not a JSON object")
    return cast("Mapping[str, object]", value)
