"""Parameters of a driver as they are written on a command line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import click

from storagedriver.contract import Secret

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def parse_parameters(json_text: str | None, pairs: Iterable[str]) -> dict[str, object]:
    """Return the parameters of a JSON object and of KEY=VALUE pairs, of which the last one counts.

    Raises click.BadParameter for what is neither. No value is ever part of the message.
    """
    parameters = _parse_object(json_text) if json_text is not None else {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise click.BadParameter("a parameter is written KEY=VALUE", param_hint="-p")
        parameters[key] = _parse_value(key, value)
    return parameters


def _parse_object(text: str) -> dict[str, object]:
    try:
        value: object = json.loads(text)
    except ValueError as error:
        # Without the cause: its message quotes nothing, but its traceback holds the text.
        raise click.BadParameter(f"not JSON: {error}", param_hint="--parameters") from None
    if not isinstance(value, dict):
        raise click.BadParameter("not a JSON object", param_hint="--parameters")
    return cast("dict[str, object]", value)


def _parse_value(key: str, text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if text.startswith("@"):
        # Editors end a file with a newline, which is no part of a password.
        return Secret(Path(text[1:]).read_text(encoding="utf-8").removesuffix("\n"))
    if text.startswith("env:"):
        return Secret(_environment_variable(key, text.removeprefix("env:")))
    return text


def _environment_variable(key: str, name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        reason = f"{key} wants the environment variable {name}, which is not set"
        raise click.BadParameter(reason, param_hint="-p") from None
