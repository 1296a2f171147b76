"""Holds all that a driver has to what all threads of a soak know, while none of them is at work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storagedriver.benchmarks.soak.shared import SharedObjects
from storagedriver.benchmarks.soak.worker import Worker
from storagedriver.contract import PathNotFoundError, StorageDriver


def audit(driver: StorageDriver, workers: Sequence[Worker], shared: SharedObjects) -> list[str]:
    """Return what is wrong. Raises what the driver raises: nothing may go wrong meanwhile."""
    return [
        *_wrong_paths(driver, workers, shared),
        *_wrong_contents(driver, workers),
        *_wrong_shared(driver, shared),
        *_wrong_uploads(driver, workers),
    ]


def _wrong_paths(
    driver: StorageDriver, workers: Sequence[Worker], shared: SharedObjects
) -> Iterator[str]:
    stored = {info.path: info.size for info in driver.walk("/")}
    for path in shared.paths:
        stored.pop(path, None)
    for worker in workers:
        for path, content in worker.tree.objects.items():
            if path not in stored:
                yield str(worker.calls.stories.violation(path, f"lost; stored was {content}"))
            stored.pop(path, None)
        for path in [path for path in stored if path.startswith(worker.tree.root + "/")]:
            yield str(worker.calls.stories.violation(path, f"{stored.pop(path)} bytes are back"))
    for path in stored:
        yield f"{path}: nobody has stored this"


def _wrong_contents(driver: StorageDriver, workers: Sequence[Worker]) -> Iterator[str]:
    for worker in workers:
        for path, content in worker.tree.objects.items():
            try:
                data = driver.get_content(path)
            except PathNotFoundError:
                continue  # told by the walk
            if not content.equals(data):
                found = f"holds {len(data)} bytes {data[:6].hex()}..; stored was {content}"
                yield str(worker.calls.stories.violation(path, found))


def _wrong_shared(driver: StorageDriver, shared: SharedObjects) -> Iterator[str]:
    for path in shared.paths:
        floor = shared.floor(path)
        try:
            wrong = shared.judge(path, driver.get_content(path), floor)
        except PathNotFoundError:
            wrong = "lost" if floor else None
        if wrong is not None:
            yield f"{path}: {wrong}"


def _wrong_uploads(driver: StorageDriver, workers: Sequence[Worker]) -> Iterator[str]:
    listed = {info.upload_id: info.size for info in driver.uploads()}
    for worker in workers:
        for upload_id, size in worker.uploading.ids.items():
            found = listed.get(upload_id)
            if found != size:
                yield f"upload {upload_id} of {worker.name} has {found} bytes of {size}"
