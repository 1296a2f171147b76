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


def secret_in(text: str, folder: str = "") -> Secret | None:
    """Return the secret that @FILE or env:VARIABLE stands for; None if `text` is neither.

    A relative FILE is looked for in `folder`. Raises OSError, UnicodeDecodeError, and KeyError of
    a variable that is not set.
    """
    if text.startswith("@"):
        # Editors end a file with a newline, which is no part of a password.
        return Secret(Path(folder, text[1:]).read_text(encoding="utf-8").removesuffix("\n"))
    if text.startswith("env:"):
        return Secret(os.environ[text.removeprefix("env:")])
    return None


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
    try:
        return secret_in(text) or text
    except KeyError as error:
        reason = f"{key} wants the environment variable {error.args[0]}, which is not set"
    except UnicodeDecodeError:
        reason = f"{key} wants a file that is not text"
    # Without the cause, which holds what the file does.
    raise click.BadParameter(reason, param_hint="-p")
