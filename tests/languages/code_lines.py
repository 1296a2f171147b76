"""How many lines of code a file has: those with more than blanks and comments."""

from __future__ import annotations

from pathlib import Path

from pygments.lexers import get_lexer_for_filename  # pyright: ignore[reportUnknownVariableType]  # its options have no types
from pygments.token import Comment, String, Whitespace


def count_code_lines(path: Path, *, suffix: str = "") -> int:
    """Return the number for one file, in the language that its name says with the suffix added.

    The documentation strings of Python are comments here, as those of other languages are.
    """
    lexer = get_lexer_for_filename(path.name + suffix, stripnl=False, ensurenl=True)
    with_code: set[int] = set()
    line = 1
    for token, text in lexer.get_tokens(path.read_text(encoding="utf-8")):
        if _is_code(token):
            parts = text.split("\n")
            with_code.update(line + at for at, part in enumerate(parts) if part.strip())
        line += text.count("\n")
    return len(with_code)


def _is_code(token: tuple[str, ...]) -> bool:
    # What the preprocessor of C takes counts among the comments there.
    if _is(token, Comment.Preproc) or _is(token, Comment.PreprocFile):
        return True
    return not any(_is(token, kind) for kind in (Comment, Whitespace, String.Doc))


def _is(token: tuple[str, ...], kind: tuple[str, ...]) -> bool:
    return token[: len(kind)] == kind
