"""Every block of code in the documentation is run or checked, as its language asks for.

* python: executed, all blocks of a page one after the other in one namespace and directory. If the
  paragraph "prints" and a text block follow, that is what it has to print.
* console: lines after `$ ` are run by a shell; what stands below one is what it has to print, where
  `...` stands for anything. A command has to succeed unless `echo $?` follows.
* sh: run by a shell.
* json, toml: parsed.
* Indented blocks: command lines of this project are parsed, and so are JSON objects.

A comment before a block changes that: `<!-- not run: REASON -->`, and `<!-- file: NAME -->` for one
that is written to a file instead. `<!-- run, not shown: ... -->` holds python for the test alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path

import pytest
from click import UsageError
from markdown_it import MarkdownIt
from markdown_it.token import Token

from storagedriver.cli.main import PROGRAM

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "examples" / "python" / "README.md",
    CHECKOUT / "ipc" / "spec" / "PROTOCOL.md",
    *sorted((CHECKOUT / "docs").glob("*.md")),
]

# Far more than any block takes.
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page, with what was said about it in a comment."""

    language: str
    content: str
    line: int
    """Of the page, where the block begins."""
    comment: str
    output: str | None
    """What a python block has to print; None if the page does not say."""


class Page:
    """Runs the blocks of one page in a directory of its own."""

    def __init__(self, path: Path, directory: Path) -> None:
        self._path = path
        self._directory = directory
        self._namespace: dict[str, object] = {"__name__": "page"}
        self._checks: dict[str, Callable[[Block], object]] = {
            "python": self._run_python,
            "console": self._run_console,
            "sh": self._run_sh,
            "json": lambda block: json.loads(block.content),
            "toml": lambda block: tomllib.loads(block.content),
            "text": lambda block: None,
            "indented": check_indented,
        }

    def check_all(self, text: str) -> None:
        """Raises whatever tells what is wrong with a block."""
        for block in blocks_of(text):
            try:
                self._check(block)
            except BaseException as error:
                error.add_note(f"in the block at {self._path.name}:{block.line}")
                raise

    def _check(self, block: Block) -> None:
        kind, _, rest = block.comment.partition(":")
        match kind:
            case "not run":
                assert rest.strip(), "not run without a reason"
            case "file":
                (self._directory / rest.strip()).write_text(block.content)
            case _:
                self._checks[block.language](block)

    def _run_python(self, block: Block) -> None:
        # Empty lines in front, so that a traceback shows the line of the page.
        code = compile("\n" * block.line + block.content, self._path, "exec", dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self._namespace)  # noqa: S102 - it is the project's own
        if block.output is not None:
            assert printed.getvalue() == block.output

    def _run_sh(self, block: Block) -> None:
        done = self._shell(f"set -e\n{block.content}")
        assert done.returncode == 0, done.stdout

    def _run_console(self, block: Block) -> None:
        commands = list(commands_of(block.content))
        # All in one shell, with each status between two marks.
        program = "".join(
            f"{command}\nstatus=$?; printf '\\036%s\\036' $status; (exit $status)\n"
            for command, _ in commands
        )
        answers = self._shell(program).stdout.split("\036")
        for number, (command, shown) in enumerate(commands):
            printed, status = answers[2 * number : 2 * number + 2]
            is_told = commands[number + 1 : number + 2] and commands[number + 1][0] == "echo $?"
            assert status == "0" or is_told, f"{command}: {printed}"
            if shown:
                assert re.fullmatch(pattern_of(shown), printed, re.DOTALL), f"{command}: {printed}"

    def _shell(self, program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", program],
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_blocks_of_a_page_work_as_they_stand(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a reader has who stands in a checkout whose environment is active.
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "storagedriver"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m storagedriver.cli.main "$@"\n')
    program.chmod(0o755)
    environment = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{programs}:{environment}:{os.environ['PATH']}")
    directory = tmp_path / "directory"
    directory.mkdir()
    (directory / "examples").symlink_to(CHECKOUT / "examples")
    monkeypatch.chdir(directory)
    Page(path, directory).check_all(path.read_text(encoding="utf-8"))


def test_a_block_says_what_it_is() -> None:
    languages = {
        (path.name, block.language)
        for path in PAGES
        for block in blocks_of(path.read_text(encoding="utf-8"))
    }
    known = {"python", "console", "sh", "json", "toml", "text", "indented"}
    assert not {(name, language) for name, language in languages if language not in known}


@pytest.mark.parametrize(
    "wrong",
    [
        "```python\nassert False\n```\n",
        "```python\nprint(1)\n```\n\nprints\n\n```text\n2\n```\n",
        "```console\n$ false\n```\n",
        "```console\n$ echo 1\n2\n```\n",
        "```console\n$ false\n$ echo $?\n0\n```\n",
        "```sh\nfalse\n```\n",
        "```json\n{\n```\n",
        "<!-- not run: -->\n```python\npass\n```\n",
        "text\n\n    storagedriver nonsense\n",
        "text\n\n    storagedriver get filesystem /a --nonsense\n",
        'text\n\n    {"token": \n',
    ],
)
def test_a_wrong_block_is_noticed(wrong: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, LookupError, SyntaxError, JSONDecodeError, UsageError)):
        Page(Path("wrong.md"), tmp_path).check_all(wrong)


def test_blocks_for_the_test_alone_are_run(tmp_path: Path) -> None:
    text = "<!-- run, not shown:\nx = 1\n-->\n```python\nassert x == 1\n```\n"
    Page(Path("page.md"), tmp_path).check_all(text)


def blocks_of(text: str) -> Iterator[Block]:
    tokens = [token for token in MarkdownIt("commonmark").parse(text) if token.level == 0]
    comment = ""
    for number, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            # Several may stand in one block of HTML; the last one is about what follows.
            for comment in re.findall(r"<!-- (.*?)\s*-->", token.content, re.DOTALL):
                kind, _, program = comment.partition(":\n")
                if kind == "run, not shown":
                    yield Block("python", program, line, "", None)
        elif token.type == "code_block":
            yield Block("indented", token.content, line, comment, None)
        elif token.type == "fence" and not token.info.startswith("{"):
            output = output_after(tokens[number + 1 :])
            yield Block(token.info.strip(), token.content, line, comment, output)
        if token.type != "html_block":
            comment = ""


def output_after(following: list[Token]) -> str | None:
    """What the page says that a block prints: the text block after the paragraph "prints"."""
    following = [token for token in following if token.type != "html_block"]
    types = [token.type for token in following[:3]]
    if types != ["paragraph_open", "paragraph_close", "fence"] or following[2].info != "text":
        return None
    return following[2].content


def commands_of(content: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what is shown below it."""
    command, shown = "", ""
    for line in content.splitlines(keepends=True):
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:].rstrip("\n"), ""
        else:
            shown += line
    assert command, "a console block has commands"
    yield command, shown


def pattern_of(shown: str) -> str:
    return ".*".join(map(re.escape, shown.split("...")))


def check_indented(block: Block) -> None:
    for line in block.content.splitlines():
        if line.startswith("{"):
            json.loads(line)
        elif line.startswith("bin/"):
            assert os.access(CHECKOUT / shlex.split(line)[0], os.X_OK), line
        if re.match(r"(bin/)?storagedriver ", line):
            _, name, *arguments = shlex.split(line)
            # Parses, and runs nothing.
            PROGRAM.commands[name].make_context(name, arguments).close()
