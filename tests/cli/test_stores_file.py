from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from storagedriver.cli.stores_file import named_store
from storagedriver.contract import Secret

if TYPE_CHECKING:
    from tests.cli.conftest import Command


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to write stores to, in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STORAGEDRIVER_CONFIG", raising=False)
    return tmp_path / "storagedriver.toml"


def wrong(config: Path, text: str) -> str:
    config.write_text(text)
    with pytest.raises(click.ClickException) as caught:
        named_store("a", str(config))
    return caught.value.format_message()


def test_values_keep_their_types(config: Path) -> None:
    config.write_text(
        '[stores.a]\ndriver = "thing"\n'
        'parameters = {t = "x", n = 1, b = true, l = [1.5], d = {e = 2}}\n'
    )
    store = named_store("a")
    assert store.driver == "thing"
    assert store.parameters == {"t": "x", "n": 1, "b": True, "l": [1.5], "d": {"e": 2}}


def test_secrets_come_from_files_beside_it_and_from_the_environment(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('[stores.a]\ndriver = "x"\nparameters = {k = "@key", d = {e = "env:WORD"}}\n')
    (tmp_path / "key").write_text("hidden\n")
    monkeypatch.setenv("WORD", "covert")
    monkeypatch.chdir("/")
    store = named_store("a", str(config))
    assert store.parameters == {"k": Secret("hidden"), "d": {"e": Secret("covert")}}
    assert "hidden" not in repr(store)


def test_the_places_in_their_order(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = config.parent / "home" / ".config" / "storagedriver" / "storagedriver.toml"
    home.parent.mkdir(parents=True)
    variable, option = config.with_name("variable"), config.with_name("option")
    home.write_text('[stores.a]\ndriver = "home"\n')
    assert named_store("a").driver == "home"
    config.write_text('[stores.a]\ndriver = "here"\n')
    assert named_store("a").driver == "here"
    variable.write_text('[stores.a]\ndriver = "variable"\n')
    monkeypatch.setenv("STORAGEDRIVER_CONFIG", str(variable))
    assert named_store("a").driver == "variable"
    option.write_text('[stores.a]\ndriver = "option"\n')
    assert named_store("a", str(option)).driver == "option"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stores = 1", "stores must be a table, not a number"),
        ("[stores]\na = 'x'", "stores.a must be a table, not a string"),
        ("[stores.a]\n", "stores.a.driver is missing"),
        ("[stores.a]\ndriver = [1]", "stores.a.driver must be a string, not an array"),
        ("[stores.a]\ndriver = 'x'\nmore = 1", "stores.a.more is unknown"),
        ("[stores.a]\ndriver = 'x'\nparameters = true", "stores.a.parameters must be a table"),
        (
            "[stores.a]\ndriver = 'x'\nparameters = {t = 2001-01-01}",
            "stores.a.parameters.t is a time",
        ),
        (
            "[stores.a]\ndriver = 'x'\nparameters = {t = '@none'}",
            "stores.a.parameters.t wants the file",
        ),
        ("[stores.a]\ndriver = 'x'\nparameters = {t = 'env:NONE_SUCH'}", "variable NONE_SUCH"),
        ("[stores.b]\ndriver = 'x'", "no store a in "),
        ("]", "not TOML"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(config: Path, text: str, told: str) -> None:
    message = wrong(config, text)
    assert told in message
    assert str(config) in message


def test_commands_take_a_store_by_name(
    storagedriver: Command, config: Path, store: Path, tmp_path: Path
) -> None:
    config.write_text(
        f'[stores.mine]\ndriver = "filesystem"\nparameters = {{rootdirectory = "{store}"}}\n'
    )
    (tmp_path / "file").write_bytes(b"content")
    assert storagedriver("put", "mine:", tmp_path / "file", "/d/a").status == 0
    assert storagedriver("ls", "mine:").stdout == "/d\n"
    assert storagedriver("ls", "--in-process", "mine:/d").stdout == "/d/a\n"
    assert storagedriver("get", "mine:/d/a", tmp_path / "copy").status == 0
    assert storagedriver("mv", "mine:/d/a", "/b").status == 0
    assert storagedriver("rm", "mine:/b").status == 0
    assert storagedriver("ls", "mine:").stdout == ""


def test_parameters_given_stand_above_those_of_the_file(
    storagedriver: Command, config: Path, store: Path
) -> None:
    config.write_text('[stores.mine]\ndriver = "filesystem"\nparameters = {rootdirectory = 1}\n')
    assert storagedriver("ls", "mine:", "-p", f"rootdirectory={store}").status == 0


def test_an_unknown_store_is_one_line_and_status_2(storagedriver: Command, config: Path) -> None:
    answer = storagedriver("ls", "mine:/a")
    assert answer.status == 2
    assert answer.stderr.startswith("storagedriver: no store mine: there is neither ")
    assert answer.stderr.count("\n") == 1


def test_a_path_behind_the_store_of_put_is_wrong_usage(
    storagedriver: Command, config: Path
) -> None:
    answer = storagedriver("put", "mine:/a", "file", "/b")
    assert answer.status == 2
    assert "mine: and /a are two arguments here" in answer.stderr


def test_a_file_that_cannot_be_read_is_one_line(storagedriver: Command, config: Path) -> None:
    answer = storagedriver("ls", "mine:/a", "--config", "none.toml")
    assert (answer.status, answer.stderr) == (
        1,
        "storagedriver: No such file or directory: none.toml\n",
    )
