"""The model allows what the contract allows after a kill, and says what it finds instead."""

from __future__ import annotations

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.faults.model import Change, Model
from storagedriver.contract import StorageDriver
from storagedriver.drivers.inmemory import InMemoryDriver


def holding(**contents: bytes) -> StorageDriver:
    driver = InMemoryDriver()
    for name, content in contents.items():
        driver.put_content(f"/{name}", content)
    return driver


def killed_in_put(old: bytes | None, new: bytes | None) -> Model:
    model = Model({} if old is None else {"/a": old})
    model.begin(Change("put", {"/a": frozenset({old, new})}))
    return model


def killed_in_write(old: bytes, offset: int, data: bytes) -> Model:
    model = Model({"/a": old})
    kept = old[:offset]
    allowed = {"/a": frozenset({old, kept + data})}
    model.begin(Change("write", allowed, kept=kept, written=data))
    return model


def killed_in_move(replaced: bytes | None) -> Model:
    model = Model({"/a": b"moved"} if replaced is None else {"/a": b"moved", "/b": replaced})
    allowed = {"/a": frozenset({b"moved", None}), "/b": frozenset({replaced, b"moved"})}
    model.begin(Change("move", allowed, moved=("/a", "/b")))
    return model


def said(model: Model, driver: StorageDriver) -> str:
    with pytest.raises(CaseFailedError) as caught:
        model.check(driver)
    return str(caught.value)


@pytest.mark.parametrize("found", [b"old", b"new"])
def test_a_put_may_be_done_or_not(found: bytes) -> None:
    model = killed_in_put(b"old", b"new")
    model.check(holding(a=found))
    assert (model.contents, model.under_way) == ({"/a": found}, None)


@pytest.mark.parametrize("found", [b"", b"ne", b"newold"])
def test_half_a_put_is_told(found: bytes) -> None:
    assert "neither the old content" in said(killed_in_put(b"old", b"new"), holding(a=found))


def test_an_object_that_a_put_has_lost_is_told() -> None:
    assert "/a holds nothing" in said(killed_in_put(b"old", b"new"), holding())


@pytest.mark.parametrize("found", [b"01234", b"01", b"01x", b"01xyz"])
def test_a_write_in_place_may_have_written_a_part(found: bytes) -> None:
    killed_in_write(b"01234", 2, b"xyz").check(holding(a=found))


@pytest.mark.parametrize("found", [b"0", b"01x34", b"01xyz4", b"xyz"])
def test_a_write_that_mixes_old_and_new_is_told(found: bytes) -> None:
    model = killed_in_write(b"01234", 2, b"xyz")
    assert "neither the old content" in said(model, holding(a=found))


@pytest.mark.parametrize(
    "found", [{"a": b"moved"}, {"b": b"moved"}, {"a": b"moved", "b": b"moved"}], ids=str
)
def test_a_move_may_be_done_or_not_or_have_copied(found: dict[str, bytes]) -> None:
    killed_in_move(None).check(holding(**found))


@pytest.mark.parametrize("replaced", [None, b"replaced"])
def test_a_move_that_loses_its_object_is_told(replaced: bytes | None) -> None:
    found = {} if replaced is None else {"b": replaced}
    assert "at neither place" in said(killed_in_move(replaced), holding(**found))


def test_an_object_that_nobody_has_put_is_told() -> None:
    assert "/c shows, which nobody has put" in said(Model(), holding(c=b"?"))


def test_a_loss_of_what_was_acknowledged_is_told() -> None:
    model = Model()
    model.acknowledge({"/a": b"one", "/b": b"two"})
    assert "/a is lost, although 3 bytes were acknowledged" in said(model, holding(b=b"two"))


def test_a_loss_of_everything_names_the_feature_of_such_drivers() -> None:
    model = Model()
    model.acknowledge({"/a": b"one", "/b": b"two"})
    assert "although 2 objects" in (told := said(model, holding()))
    assert "'volatile'" in told


def test_an_object_that_comes_back_is_told() -> None:
    model = Model({"/a": b"one"})
    model.acknowledge({"/a": None})
    assert "/a shows" in said(model, holding(a=b"one"))
