"""Random changes are told to the model as they are made."""

from __future__ import annotations

import random

from storagedriver.conformance.faults.changes import change_at_random
from storagedriver.conformance.faults.model import Model
from storagedriver.drivers.inmemory import InMemoryDriver


def test_a_store_that_is_changed_at_random_holds_what_the_model_says() -> None:
    driver, model, drawn = InMemoryDriver(), Model(), random.Random(1)
    for _ in range(200):
        change_at_random(driver, model, drawn)
        assert model.under_way is None
    model.check(driver)
    assert model.contents


def test_one_seed_makes_the_same_changes() -> None:
    contents: list[dict[str, bytes]] = []
    for _ in range(2):
        driver, model, drawn = InMemoryDriver(), Model(), random.Random(7)
        for _ in range(50):
            change_at_random(driver, model, drawn)
        contents.append(model.contents)
    assert contents[0] == contents[1]
