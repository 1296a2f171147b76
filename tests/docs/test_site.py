"""The site is built without a warning, and has what it is to have."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    # A failure and no skip: what cannot be built here would be published unseen.
    if importlib.util.find_spec("sphinx") is None:
        pytest.fail('the extra "docs" is not installed: bin/test does, or pip install -e ".[docs]"')
    folder = tmp_path_factory.mktemp("site")
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--doctree-dir", f"{folder}/trees"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, CHECKOUT / "docs", folder / "html"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_every_public_name_is_in_the_api(site: Path) -> None:
    anchors = set(re.findall(r'id="(storagedriver\.[\w.]+)"', (site / "api.html").read_text()))
    names = (CHECKOUT / "tests" / "public_names.txt").read_text(encoding="utf-8").split()
    assert set(names) - anchors == set()


def test_every_command_is_on_its_page(site: Path) -> None:
    from storagedriver.cli.main import PROGRAM

    text = (site / "command-line.html").read_text(encoding="utf-8")
    for command in PROGRAM.commands:
        assert f'id="storagedriver-{command}"' in text, command


def test_nothing_is_shown_as_its_markup(site: Path) -> None:
    for page in site.glob("*.html"):
        text = re.sub(r"<pre>.*?</pre>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.findall(r"\.\. [a-z:-]+::|:py:[a-z]+:|\{[a-z]+\}`|\[\]\(", text), page.name


def test_options_keep_their_hyphens(site: Path) -> None:
    text = (site / "command-line.html").read_text(encoding="utf-8")
    assert "With --json:" in text


def test_what_nobody_calls_has_no_parameters(site: Path) -> None:
    # Protocols and enums, for which autodoc shows those that they inherit.
    text = re.sub(r"<[^>]*>", "", (site / "api.html").read_text(encoding="utf-8"))
    assert "contract.Reader" in text
    assert "*args" not in text
    assert "CaseOutcome(" not in text


def test_the_protocol_is_the_one_of_the_code(site: Path) -> None:
    text = (site / "protocol.html").read_text(encoding="utf-8")
    assert "The storage driver protocol, version 0.1" in text
    assert "CANCELLING" in text


def test_every_page_is_in_the_navigation(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    for page in (CHECKOUT / "docs").glob("*.md"):
        if page.stem != "index":
            assert f'href="{page.stem}.html"' in first, page.name
