"""Addresses: STORE:/path, where a store is one by name, or `attach:DIRECTORY`."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import click

ATTACH_PREFIX: Final = "attach:"
"""What stands before the directory of a driver that is served by hand, in place of a name."""

_STORE: Final = r"[a-z0-9]+(?:[._-][a-z0-9]+)*:"
# A path on the command line is checked by the driver's wrapper; here it only has to be seen as one.
_ADDRESS: Final = re.compile(
    rf"({ATTACH_PREFIX}[^:]*:|(?!{ATTACH_PREFIX}){_STORE})(/.*)?", re.DOTALL
)


def split_address(text: str) -> tuple[str, str] | None:
    """Return store, with its colon unless it is attached to, and path; None if it is no address.

    The path is empty if there is none, as in `backup:`.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    store, path = match.groups()
    return (store[:-1] if store.startswith(ATTACH_PREFIX) else store), path or ""


class AddressCommand(click.Command):
    """A command with the arguments NAME PATH..., for which STORE:/path may stand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with_value = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        position = _first_argument(args, with_value)
        address = split_address(args[position]) if position < len(args) else None
        if address is not None and address[1]:
            args = [*args[:position], *address, *args[position + 1 :]]
        return super().parse_args(ctx, args)


def _first_argument(args: list[str], with_value: Collection[str]) -> int:
    position = 0
    while position < len(args) and args[position].startswith("-"):
        if args[position] == "--":
            return position + 1
        position += 2 if args[position] in with_value else 1
    return position
