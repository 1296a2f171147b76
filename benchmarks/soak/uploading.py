"""Hidden uploads of a thread, which grow over many steps, through the ends of many processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from storagedriver.benchmarks.soak.calls import MAX_TRIES, Calls
from storagedriver.benchmarks.soak.material import Content, Material, a_size
from storagedriver.benchmarks.soak.stories import ViolationError
from storagedriver.benchmarks.soak.tree import OwnTree
from storagedriver.contract import (
    ChecksumMismatchError,
    PathNotFoundError,
    UploadWriter,
)

_MOST_UPLOADS: Final = 3
_MOST_BYTES: Final = 4 << 20


@dataclass(slots=True, eq=False)
class _Upload:
    path: str
    upload_id: str
    writer: UploadWriter | None
    """None while it is closed."""
    content: Content = field(default_factory=Content)


class Uploading:
    """For one thread. Every method raises ViolationError where it finds what cannot be."""

    def __init__(self, calls: Calls, tree: OwnTree, random: Random, material: Material) -> None:
        self._calls = calls
        self._driver = calls.driver
        self._tree = tree
        self._random = random
        self._material = material
        self._uploads: list[_Upload] = []

    @property
    def ids(self) -> dict[str, int]:
        """The sizes of the open uploads, by their ids."""
        return {upload.upload_id: upload.content.size for upload in self._uploads}

    def step(self, path: str) -> None:
        """Do something with an open upload, or open one to `path`."""
        if len(self._uploads) < _MOST_UPLOADS and self._random.random() < 0.4:
            self._open(path)
            return
        if not self._uploads:
            return
        upload = self._random.choice(self._uploads)
        if upload.writer is None and not self._resume(upload):
            return
        steps: tuple[Callable[[_Upload], None], ...]
        steps = (self._write, self._close, self._commit, self._cancel, self._commit_wrongly)
        if upload.content.size > _MOST_BYTES:
            steps, weights = (self._commit,), [1]
        else:
            weights = [60, 10, 20, 5, 5]
        self._random.choices(steps, weights)[0](upload)

    def list(self) -> None:
        """All that are open are listed. So may others be, empty, whose opening nobody heard of."""
        root = self._tree.root
        attempt = self._calls.attempt("uploads", root, lambda: list(self._driver.uploads(root)))
        if attempt.value is None:
            return
        listed = {info.upload_id: info.size for info in attempt.value}
        strange = {one: size for one, size in listed.items() if size and one not in self.ids}
        if strange or not self.ids.items() <= listed.items():
            raise self._wrong(root, f"uploads told {listed}, open are {self.ids}")

    def finish(self) -> None:
        """Close all writers, and keep their uploads."""
        for upload in self._uploads:
            if upload.writer is not None:
                self._close(upload)

    def _open(self, path: str) -> None:
        attempt = self._calls.attempt("open upload", path, lambda: self._driver.writer(path))
        if attempt.value is not None:
            self._uploads.append(_Upload(path, attempt.value.upload_id, attempt.value))

    def _resume(self, upload: _Upload, most: Content | None = None) -> bool:
        """Open the writer again; return False if that was not to be had.

        What was written before stands in `upload.content`, and what may have been in `most`.
        Raises ViolationError if it is gone, or has another size.
        """
        attempt = self._calls.attempt(
            "resume upload",
            upload.path,
            lambda: self._driver.writer(upload.path, resume=upload.upload_id),
            note=upload.upload_id,
        )
        if attempt.value is None:
            return False
        whole = upload.content if most is None else most
        size = attempt.value.size
        if not upload.content.size <= size <= whole.size:
            raise self._wrong(
                upload.path,
                f"upload {upload.upload_id} is resumed at {size}; written were"
                f" {upload.content}, at most {whole}",
            )
        upload.content = whole.first(size)
        upload.writer = attempt.value
        return True

    def _write(self, upload: _Upload) -> None:
        added = self._material.piece(self._random, min(1 << 20, a_size(self._random)))
        writer, data = _writer(upload), added.to_bytes()
        attempt = self._calls.attempt(
            "write upload",
            upload.path,
            lambda: writer.write(data),
            note=f"{upload.upload_id} {added} at {upload.content.size}",
        )
        whole = upload.content + added
        if attempt.succeeded:
            upload.content = whole
            if (attempt.value, writer.size) != (added.size, whole.size):
                raise self._wrong(
                    upload.path, f"wrote {attempt.value} of {added}, and is at {writer.size}"
                )
        else:
            upload.writer = None
            self._resume_at_last(upload, whole)

    def _resume_at_last(self, upload: _Upload, most: Content) -> None:
        for _ in range(MAX_TRIES):
            if self._resume(upload, most):
                return
        raise self._wrong(upload.path, f"could not be resumed in {MAX_TRIES} attempts")

    def _close(self, upload: _Upload) -> None:
        # An unknown end is as good: it is closed with its process.
        self._calls.attempt("close upload", upload.path, _writer(upload).close)
        upload.writer = None

    def _commit(self, upload: _Upload) -> None:
        writer, content = _writer(upload), upload.content
        digest = f"sha256:{hashlib.sha256(content.to_bytes()).hexdigest()}"
        attempt = self._calls.attempt(
            "commit upload",
            upload.path,
            lambda: writer.commit(size=content.size, digest=digest),
            note=f"{upload.upload_id} {content}",
        )
        if attempt.succeeded:
            self._uploads.remove(upload)
            self._tree.adopt({upload.path: content})
        else:
            self._after_unknown_end(upload, committed=True)

    def _cancel(self, upload: _Upload) -> None:
        attempt = self._calls.attempt(
            "cancel upload", upload.path, _writer(upload).cancel, note=upload.upload_id
        )
        if attempt.succeeded:
            self._uploads.remove(upload)
        else:
            self._after_unknown_end(upload, committed=False)

    def _commit_wrongly(self, upload: _Upload) -> None:
        """With the digest of another content: nothing may come of it."""
        writer = _writer(upload)
        attempt = self._calls.attempt(
            "commit with a wrong digest",
            upload.path,
            lambda: writer.commit(digest=f"sha256:{'0' * 64}"),
            expected=(ChecksumMismatchError,),
            note=upload.upload_id,
        )
        if attempt.succeeded:
            raise self._wrong(upload.path, f"{upload.upload_id} was committed with a wrong digest")
        if attempt.may_have_happened:
            self._after_unknown_end(upload, committed=False)

    def _after_unknown_end(self, upload: _Upload, *, committed: bool) -> None:
        """Find out whether the upload is still there; what stands at its path follows from that."""
        upload.writer = None
        for _ in range(MAX_TRIES):
            attempt = self._calls.attempt(
                "resume upload",
                upload.path,
                lambda: self._driver.writer(upload.path, resume=upload.upload_id),
                expected=(PathNotFoundError,),
                note=upload.upload_id,
            )
            if attempt.value is not None:
                upload.writer = attempt.value
                self._tree.settle(self._tree.now([upload.path]))
                return
            if isinstance(attempt.error, PathNotFoundError):
                self._uploads.remove(upload)
                content = upload.content if committed else self._tree.objects.get(upload.path)
                self._tree.settle({upload.path: content})
                return
        raise self._wrong(upload.path, f"could not be resumed in {MAX_TRIES} attempts")

    def _wrong(self, path: str, what: str) -> ViolationError:
        return self._calls.stories.violation(path, what)


def _writer(upload: _Upload) -> UploadWriter:
    if upload.writer is None:
        raise RuntimeError("the upload is closed")
    return upload.writer
