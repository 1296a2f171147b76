"""What a driver's program tells about itself, asked with `--version`, which starts no driver."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Final, cast

from storagedriver.contract import DriverTimeoutError, ProtocolError, Version
from storagedriver.ipc.launch import ALLOWED_VARIABLES
from storagedriver.ipc.process import DriverProcess

# An interpreter that starts on a loaded machine may take seconds; a person waits for the answer.
ABOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class About:
    """The answer of a program: the version of the protocol, and the features in order."""

    version: str
    features: tuple[str, ...]


def ask_about(executable: str, *, name: str, timeout_seconds: float = ABOUT_SECONDS) -> About:
    """Run `executable --version` and return what it tells. No process is left.

    Raises OSError if it cannot be started, DriverTimeoutError if it does not end in time,
    DriverCrashedError if it fails, ProtocolError if its answer is none.
    """
    environment = {key: os.environ[key] for key in ALLOWED_VARIABLES if key in os.environ}
    process = DriverProcess([executable, "--version"], environment=environment, name=name)
    try:
        process.close_stdin()
        if not process.wait(timeout_seconds):
            raise DriverTimeoutError(timeout_seconds, "--version", driver=name)
    finally:
        process.kill()
        process.handle.close()
    if process.exit_status != 0:
        raise process.crash(name)
    return _parse(process.output_tail, name)


def _parse(text: str, name: str) -> About:
    try:
        value: object = json.loads(text)
    except ValueError:
        raise ProtocolError("--version does not answer in JSON", driver=name) from None
    if not isinstance(value, dict):
        raise ProtocolError("--version does not answer with an object", driver=name)
    told = cast("dict[str, object]", value)
    features = told.get("features", [])
    if not isinstance(features, list):
        raise ProtocolError("the features that --version tells are no list", driver=name)
    try:
        version = str(Version.parse(str(told.get("version"))))
    except ValueError as error:
        raise ProtocolError(f"the version that --version tells: {error}", driver=name) from None
    names = sorted(str(feature) for feature in cast("list[object]", features))
    return About(version, tuple(names))
