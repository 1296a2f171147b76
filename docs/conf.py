"""How Sphinx makes the site from this folder. `bin/docs` runs it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from storagedriver.contract import StorageDriverError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"

project = "storagedriver"
version = release = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]

# Every reference has to lead somewhere. Those that lead out of the project cannot be looked up
# without a network, and a build must not need one. The others are types of keywords, and of what
# only the project makes.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!storagedriver\.).*"),
    ("py:.*", r"storagedriver\.contract\.errors\.About"),
    ("py:.*", r"storagedriver\.ipc\.running\.RunningDriver"),
]

myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

# Docstrings put names between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
# What Python says of its own streams is not what is promised here.
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True

html_theme = "furo"
html_title = f"{project} {release}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-bases", _show_public_bases)
    app.connect("autodoc-process-docstring", _make_field_list)


def _show_public_bases(
    app: Sphinx, name: str, found: type, options: object, bases: list[type]
) -> None:
    """Let errors that share a private base show the public one behind it."""
    if issubclass(found, StorageDriverError):
        bases[:] = [StorageDriverError if b.__name__.startswith("_") else b for b in bases]


def _make_field_list(
    app: Sphinx, what: str, name: str, found: object, options: object, lines: list[str]
) -> None:
    """Make a list of what a docstring has below "Attributes:".

    By the extension for such docstrings, napoleon, the first colon in the docstring of any
    attribute would stand behind a type.
    """
    if "Attributes:" in lines:
        first = lines.index("Attributes:")
        below = [line.removeprefix("    ") for line in lines[first + 1 :]]
        lines[first:] = [
            f":ivar {line}" if line and not line.startswith(" ") else line for line in below
        ]
