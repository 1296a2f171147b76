"""Random changes of a store, of every kind, each told to the model before it is made."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from typing import Final

from storagedriver.conformance.faults.model import Change, Model
from storagedriver.contract import StorageDriver
from storagedriver.contract.features import UPLOADS

_PATHS: Final = tuple(f"/check-{letter}/{name}" for letter in "ab" for name in ("one", "two"))
"""Few, so that changes meet what others have left, and in directories that empty and fill."""

_SIZES: Final = (0, 1, 1000, 100_000, 3_000_000)
"""Up to several messages of the protocol: a kill then finds half of a content under way."""


def change_at_random(driver: StorageDriver, model: Model, drawn: random.Random) -> None:
    """Make one change. Raises what the driver raises, with the model left in the change."""
    changes: list[Callable[[StorageDriver, Model, random.Random], None]] = [_put, _put, _write]
    if UPLOADS in driver.features:
        changes.append(_upload)
    if model.contents:
        changes += [_move, _delete]
    drawn.choice(changes)(driver, model, drawn)


def _put(driver: StorageDriver, model: Model, drawn: random.Random) -> None:
    path, content = drawn.choice(_PATHS), _content(drawn)
    _begin(model, f"put_content of {path}", path, content)
    driver.put_content(path, content)
    model.acknowledge({path: content})


def _write(driver: StorageDriver, model: Model, drawn: random.Random) -> None:
    path, content = drawn.choice(_PATHS), _content(drawn)
    old = model.contents.get(path)
    offset = drawn.randint(0, len(old or b""))
    kept = (old or b"")[:offset]
    allowed = {path: frozenset({old, kept + content})}
    what = f"write_stream of {path} at {offset}"
    model.begin(Change(what, allowed, kept=kept, written=content))
    driver.write_stream(path, offset, io.BytesIO(content))
    model.acknowledge({path: kept + content})


def _upload(driver: StorageDriver, model: Model, drawn: random.Random) -> None:
    path, content = drawn.choice(_PATHS), _content(drawn)
    _begin(model, f"an upload to {path}", path, content)
    with driver.writer(path) as upload:
        for start in range(0, len(content), 1_000_000):
            upload.write(content[start : start + 1_000_000])
        upload.commit()
        model.acknowledge({path: content})


def _move(driver: StorageDriver, model: Model, drawn: random.Random) -> None:
    source, destination = drawn.choice(sorted(model.contents)), drawn.choice(_PATHS)
    if source == destination:
        return
    content, replaced = model.contents[source], model.contents.get(destination)
    allowed = {source: frozenset({content, None}), destination: frozenset({replaced, content})}
    what = f"move of {source} to {destination}"
    model.begin(Change(what, allowed, moved=(source, destination)))
    driver.move(source, destination)
    model.acknowledge({source: None, destination: content})


def _delete(driver: StorageDriver, model: Model, drawn: random.Random) -> None:
    path = drawn.choice(sorted(model.contents))
    _begin(model, f"delete of {path}", path, None)
    driver.delete(path)
    model.acknowledge({path: None})


def _begin(model: Model, what: str, path: str, content: bytes | None) -> None:
    model.begin(Change(what, {path: frozenset({model.contents.get(path), content})}))


def _content(drawn: random.Random, sizes: Sequence[int] = _SIZES) -> bytes:
    # One byte again and again would hide a content that is put together from two others.
    return drawn.randbytes(drawn.choice(sizes))
