"""How Sphinx makes the site from this folder. `bin/docs` runs it."""

from __future__ import annotations

import re
import tomllib
from enum import EnumType
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from storagedriver.contract import StorageDriverError

if TYPE_CHECKING:
    from click import Context
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
    ("py:.*", r"storagedriver\.ipc\.serving\.Serving"),
]

myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

# Docstrings put names between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
# What Python says of its own streams is not what is promised here.
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True

# It would make a dash of the two hyphens of an option.
smartquotes = False

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_title = f"{project} {release}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
# No page leads to an index; the search finds all that would be in it.
html_use_index = False
html_domain_indices = False


# No column of a table has room for more in one line.
_LONG_NAME = 40


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-bases", _show_public_bases)
    app.connect("autodoc-process-docstring", _make_field_list)
    app.connect("autodoc-process-signature", _hide_inherited_signature)
    app.connect("sphinx-click-process-arguments", _hide_arguments)
    app.connect("doctree-resolved", _let_long_names_break)


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
        lines[first:] = [":Attributes:", *(f"    {_as_item(line)}" for line in below)]


def _as_item(line: str) -> str:
    """`name: what it is`, or what continues such a line, as part of a list."""
    if not line or line.startswith(" "):
        return f"  {line.lstrip()}"
    name, _, meaning = line.partition(": ")
    return f"* **{name}**: {meaning}"


def _hide_inherited_signature(
    app: Sphinx, what: str, name: str, found: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Protocols and enums are not called by those who use them."""
    is_uncalled = isinstance(found, EnumType) or getattr(found, "_is_protocol", False)
    return ("", "") if what == "class" and is_uncalled else None


def _let_long_names_break(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Names of tests and cases in a table would otherwise push all else aside."""
    for entry in doctree.findall(nodes.entry):
        for name in entry.findall(nodes.literal):
            if len(name.astext()) < _LONG_NAME:
                continue
            parts = re.split(r"(?<=_)|(?<=::)", name.astext())
            name.clear()
            for part in parts:
                # Unlike a character that may break, this is not copied with the name.
                name += [nodes.Text(part), nodes.raw("", "<wbr>", format="html")]


def _hide_arguments(app: Sphinx, context: Context, lines: list[str]) -> None:
    """The usage shows them, and Click knows nothing more of them."""
    lines.clear()
