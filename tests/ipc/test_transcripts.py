"""The conversations in transcripts/*.txt come out as recorded, and cover the specification.

With REWRITE_TRANSCRIPTS=1 in the environment they, and the sequences for other languages that they
keep, are recorded anew; read the difference before you commit it. `conversation` has the commands.
"""

from __future__ import annotations

import json
import os
import re
import runpy
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from storagedriver.ipc.messages import Kind

# No package holds the tests, so that they can only import what is installed.
COMMANDS = runpy.run_path(str(Path(__file__).with_name("conversation.py")))
Conversation: Callable[[], Any] = COMMANDS["Conversation"]
replayed: Callable[..., str] = COMMANDS["replayed"]

SPEC = Path(str(import_module("storagedriver.ipc").__file__)).parent / "spec"
SEQUENCES = SPEC / "vectors" / "sequences.json"
SCRIPTS = sorted(Path(__file__).with_name("transcripts").glob("*.txt"))
REWRITE = "REWRITE_TRANSCRIPTS" in os.environ


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_conversation_goes_as_recorded(path: Path) -> None:
    if REWRITE:
        path.write_text(replayed(path.read_text(encoding="utf-8")), encoding="utf-8")
    recorded = path.read_text(encoding="utf-8")
    assert replayed(recorded) == recorded


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_says_first_what_it_shows(path: Path) -> None:
    first, second, *_ = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"# \d+(\.\d+)?(, \d+(\.\d+)?)* [A-Z].*", first)
    assert second.startswith("# ")


def test_every_section_about_messages_has_a_transcript() -> None:
    cited = set[str]().union(*(cited_sections(path.read_text("utf-8")) for path in SCRIPTS))
    assert sections("message", "content", "Hello", "Ping", "Shutdown", *Kind.__members__) <= cited
    assert cited <= sections()


def test_another_outcome_than_the_recorded_one_is_noticed() -> None:
    recorded = SCRIPTS[0].with_name("read_small.txt").read_text(encoding="utf-8")
    otherwise = recorded.replace("moved 2", "moved 3")
    assert replayed(otherwise) == recorded != otherwise


def test_the_sequences_for_other_languages_are_those_of_the_transcripts() -> None:
    conversation = Conversation()
    for path in SCRIPTS:
        replayed(path.read_text(encoding="utf-8"), conversation)
    written = as_file(conversation.sequences)
    if REWRITE:
        SEQUENCES.write_text(written, encoding="ascii")
    assert SEQUENCES.read_text(encoding="ascii") == written


def sections(*words: str) -> set[str]:
    """The numbered paragraphs of sections 2 to 12 that have any of the words; all without words."""
    text = (SPEC / "PROTOCOL.md").read_text(encoding="utf-8")
    text = text[text.index("\n## 2. ") : text.index("\n## 13. ")]
    _, *parts = re.split(r"^(?:## )?(\d+(?:\.\d+)?)\. ", text, flags=re.MULTILINE)
    return {
        number
        for number, paragraph in zip(parts[::2], parts[1::2], strict=True)
        if re.search(rf"\b({'|'.join(words)})\b", paragraph)
    }


def cited_sections(text: str) -> set[str]:
    first, _, _ = text.partition("\n")
    return set(re.findall(r"\d+(?:\.\d+)?", first))


def as_file(sequences: dict[str, list[dict[str, Any]]]) -> str:
    arrays = [
        f'  "{name}": [\n    '
        + ",\n    ".join(json.dumps(sequence) for sequence in found)
        + "\n  ]"
        for name, found in sequences.items()
    ]
    return (
        ",\n".join(['{\n  "title": "What one side of a channel sends and receives"', *arrays])
        + "\n}\n"
    )
