"""Every wrong driver here breaks one line of the contract, and the suite catches it by name."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.conformance import CASES, CaseOutcome, run_suite
from storagedriver.conformance.requirements import REQUIREMENTS
from storagedriver.contract import (
    CURRENT_VERSION,
    ChecksumMismatchError,
    FileInfo,
    FileInfoFields,
    InvalidOffsetError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    Reader,
    ReadStream,
    StorageDriver,
    StorageDriverError,
    UploadInfo,
    UploadWriter,
    Version,
)
from storagedriver.contract.features import UPLOADS
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

Paths = list[str]


class KeepsTheTail(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        old = content_or_nothing(self, path)
        written = super().write_stream(path, offset, reader)
        super().put_content(path, self.get_content(path) + old[offset + written :])
        return written


class FillsGapsWithZeros(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        gap = offset - len(content_or_nothing(self, path))
        if gap > 0:
            super().write_stream(path, offset - gap, io.BytesIO(bytes(min(gap, 1 << 20))))
            offset = len(self.get_content(path))
        return super().write_stream(path, offset, reader)


class CreatesNothingForAnEmptyReader(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        data = read_all(reader)
        return super().write_stream(path, offset, io.BytesIO(data)) if data else 0


class LosesWhatWasNotAskedFor(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        pieces: list[bytes] = []
        while piece := bytes(reader.read(1 << 20)):
            pieces.append(piece[: 1 << 20])
        return super().write_stream(path, offset, io.BytesIO(b"".join(pieces)))


class TakesAShortPieceForTheEnd(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        return super().write_stream(path, offset, io.BytesIO(bytes(reader.read(1 << 20))))


class KeepsTheReadersBuffer(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        pieces: list[bytes | bytearray | memoryview] = []
        while piece := reader.read(1 << 20):
            pieces.append(piece)
        return super().write_stream(path, offset, io.BytesIO(b"".join(pieces)))


class ClosesTheReader(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        written = super().write_stream(path, offset, reader)
        if close := getattr(reader, "close", None):
            close()
        return written


class HidesTheReadersFailure(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        try:
            return super().write_stream(path, offset, reader)
        except RuntimeError:
            return 0


class WrapsTheReadersFailure(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        try:
            return super().write_stream(path, offset, reader)
        except RuntimeError as error:
            raise StorageDriverError("the reader failed") from error


class LeavesAMixtureWhenTheReaderFails(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        old = content_or_nothing(self, path)
        stored = bytearray(old[:offset])
        try:
            while piece := reader.read(1 << 20):
                stored += piece
        except RuntimeError:
            super().put_content(path, bytes(stored) + old[len(stored) :])
            raise
        super().put_content(path, bytes(stored))
        return len(stored) - offset


class ReportsMoreThanItStored(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        data = read_all(reader)
        super().write_stream(path, offset, io.BytesIO(data[: 1 << 20]))
        return len(data)


class PutsInTwoSteps(InMemoryDriver):
    """Waits between them until somebody has read, so that the test does not depend on luck."""

    def __init__(self) -> None:
        super().__init__()
        self._was_read = threading.Event()

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        whole = bytes(content)
        self._was_read.clear()
        super().put_content(path, whole[: len(whole) // 2])
        self._was_read.wait(0.01)
        super().put_content(path, whole)

    def get_content(self, path: str) -> bytes:
        content = super().get_content(path)
        self._was_read.set()
        return content


class ReadsWhatIsThereByNow(InMemoryDriver):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return FollowingStream(self, path, offset, size=self.stat(path).size)


class FollowingStream(ReadStream):
    def __init__(self, driver: InMemoryDriver, path: str, offset: int, *, size: int) -> None:
        self._driver, self._path, self._position = driver, path, offset
        self.size = size
        if driver.stat(path).is_dir:
            driver.get_content(path)

    def readinto1(self, buffer: WriteableBuffer, /) -> int:
        self.check_open()
        view = memoryview(buffer)
        piece = self._driver.get_content(self._path)[self._position :][: len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


class ShortStream(FollowingStream):
    """Gives less than it is asked for although there is more."""

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self.readinto1(memoryview(buffer)[:1000])


class DeafStream(FollowingStream):
    """Does not mind being read after it was closed."""

    def check_open(self) -> None:
        return


class GivesLessThanAskedFor(InMemoryDriver):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return ShortStream(self, path, offset, size=self.stat(path).size)


class ReadsAfterClose(InMemoryDriver):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        return DeafStream(self, path, offset, size=self.stat(path).size)


class FailsToReadBeyondTheEnd(InMemoryDriver):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        if offset > self.stat(path).size:
            raise InvalidOffsetError(path, offset)
        return super().read_stream(path, offset)


class HasOneVersionForAll(InMemoryDriver):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        stream = super().read_stream(path, offset)
        stream.version = b"always the same"
        return stream


class KeepsWhatItWasHanded(InMemoryDriver):
    def __init__(self) -> None:
        super().__init__()
        self._handed: dict[str, ReadableBuffer] = {}

    def put_content(self, path: str, content: ReadableBuffer) -> None:
        self._handed[path] = content
        super().put_content(path, content)

    def get_content(self, path: str) -> bytes:
        return bytes(self._handed[path]) if path in self._handed else super().get_content(path)


class ListsNothingForAMissingPath(InMemoryDriver):
    def list(self, path: str) -> Paths:
        try:
            return super().list(path)
        except NotADirectoryError:
            raise
        except PathNotFoundError:
            return []


class ListsAFileAsItself(InMemoryDriver):
    def list(self, path: str) -> Paths:
        try:
            return super().list(path)
        except NotADirectoryError:
            return [path]


class ListsInAnyOrder(InMemoryDriver):
    def list(self, path: str) -> Paths:
        return sorted(super().list(path), key=lambda found: (len(found), found))


class ListsNames(InMemoryDriver):
    def list(self, path: str) -> Paths:
        return [found.rpartition("/")[2] for found in super().list(path)]


class ListsTheWholeTree(InMemoryDriver):
    def list(self, path: str) -> Paths:
        below = [info.path for info in self.walk(path)]
        return sorted({*super().list(path), *below})


class ListsOnePageOnly(InMemoryDriver):
    def list(self, path: str) -> Paths:
        return super().list(path)[:100]


class ShowsItsStagingFiles(InMemoryDriver):
    def write_stream(self, path: str, offset: int, reader: Reader) -> int:
        staging = f"{path.rpartition('/')[0]}/.staging"
        super().put_content(staging, b"")
        try:
            return super().write_stream(path, offset, reader)
        finally:
            super().delete(staging)


class KeepsEmptyDirectories(InMemoryDriver):
    def __init__(self) -> None:
        super().__init__()
        self._emptied: set[str] = set()

    def delete(self, path: str) -> None:
        super().delete(path)
        parent = path.rpartition("/")[0]
        if parent:
            self._emptied.add(parent)

    def stat(self, path: str) -> FileInfo:
        if path in self._emptied:
            return FileInfoFields(path, 0, None, is_dir=True)
        return super().stat(path)


class WalksDirectoryByDirectory(InMemoryDriver):
    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        found = super().walk(path, start_after)
        return iter(sorted(found, key=lambda info: info.path.split("/")))


class StartsAtInsteadOfAfter(InMemoryDriver):
    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        return (
            info for info in super().walk(path) if start_after is None or info.path >= start_after
        )


class FailsWhenAFileVanishes(InMemoryDriver):
    def walk(self, path: str, start_after: str | None = None) -> Iterator[FileInfo]:
        found = [info.path for info in super().walk(path, start_after)]
        return map(self.stat, found)


class DeletesByPrefix(InMemoryDriver):
    def delete(self, path: str) -> None:
        super().delete(path)
        for info in list(self.walk("/")):
            if info.path.startswith(path):
                super().delete(info.path)


class DeletesNothingSilently(InMemoryDriver):
    def delete(self, path: str) -> None:
        try:
            super().delete(path)
        except PathNotFoundError:
            return


class DeletesTheFirstHundred(InMemoryDriver):
    def delete(self, path: str) -> None:
        below = [info.path for info in self.walk(path)] if self.stat(path).is_dir else [path]
        for each in below[:100]:
            super().delete(each)


class LosesWhatMovesToItself(InMemoryDriver):
    def move(self, source: str, destination: str) -> None:
        super().move(source, destination)
        if source == destination:
            self.delete(source)


class NamesTheDestination(InMemoryDriver):
    def move(self, source: str, destination: str) -> None:
        try:
            super().move(source, destination)
        except PathNotFoundError as error:
            raise PathNotFoundError(destination) from error


class EmptiesTheDestinationFirst(InMemoryDriver):
    def move(self, source: str, destination: str) -> None:
        if source != destination:
            super().put_content(destination, b"")
        super().move(source, destination)


class CopiesInsteadOfMoving(InMemoryDriver):
    def move(self, source: str, destination: str) -> None:
        super().put_content(destination, self.get_content(source))


class MovesHalfADirectory(InMemoryDriver):
    def move(self, source: str, destination: str) -> None:
        if not self.stat(source).is_dir:
            super().move(source, destination)
            return
        for info in list(self.walk(source))[:2]:
            super().move(info.path, destination + info.path.removeprefix(source))


class HasLocalTimes(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        info = super().stat(path)
        time = info.mod_time and info.mod_time.replace(tzinfo=None)
        return FileInfoFields(info.path, info.size, time, info.is_dir)


class GoesBackInTime(InMemoryDriver):
    def __init__(self) -> None:
        super().__init__()
        self._back = timedelta()

    def stat(self, path: str) -> FileInfo:
        info = super().stat(path)
        self._back += timedelta(seconds=1)
        time = info.mod_time and info.mod_time - self._back
        return FileInfoFields(info.path, info.size, time, info.is_dir)


class CannotStatTheRoot(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        if path == "/":
            raise PathNotFoundError(path)
        return super().stat(path)


class ForgetsTheFields(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        try:
            return super().get_content(path)
        except PathNotFoundError as error:
            raise PathNotFoundError("") from error


class RaisesErrorsOfItsOwn(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        try:
            return super().get_content(path)
        except PathNotFoundError as error:
            raise FileNotFoundError(path) from error


class SaysNotFoundForADirectory(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        try:
            return super().get_content(path)
        except PathNotFoundError as error:
            raise PathNotFoundError(path) from error


class ReplacesADirectory(InMemoryDriver):
    def put_content(self, path: str, content: ReadableBuffer) -> None:
        try:
            if self.stat(path).is_dir:
                self.delete(path)
        except PathNotFoundError:
            pass
        super().put_content(path, content)


class HasNoResumePosition(InMemoryDriver):
    def resume_write_position(self, path: str) -> int:
        return self.stat(path).size


class ClaimsUrls(InMemoryDriver):
    def url_for(self, path: str, options: Mapping[str, object] | None = None) -> str:
        return "data:,nothing"


class ClaimsUploads(InMemoryDriver):
    """Has them, but does not say so."""

    features = InMemoryDriver.features - {UPLOADS}


class WrongUpload(UploadWriter):
    """Passes everything on to a right one."""

    def __init__(self, driver: InMemoryDriver, upload: UploadWriter, path: str) -> None:
        self.driver, self.upload, self.path = driver, upload, path

    @property
    def upload_id(self) -> str:
        return self.upload.upload_id

    @property
    def size(self) -> int:
        return self.upload.size

    def write(self, content: ReadableBuffer) -> int:
        return self.upload.write(content)

    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        self.upload.commit(size=size, digest=digest)

    def cancel(self) -> None:
        self.upload.cancel()

    def close(self) -> None:
        self.upload.close()


class HasWrongUploads(InMemoryDriver):
    kind: type[WrongUpload]

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        return self.kind(self, super().writer(path, resume=resume), path)


class ShowingUpload(WrongUpload):
    def write(self, content: ReadableBuffer) -> int:
        old = content_or_nothing(self.driver, self.path)
        self.driver.put_content(self.path, old + bytes(content))
        return super().write(content)


class ShowsUploadsAsTheyGrow(HasWrongUploads):
    kind = ShowingUpload


class UncheckedUpload(WrongUpload):
    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        super().commit()


class DoesNotCheckUploads(HasWrongUploads):
    kind = UncheckedUpload


class LostUpload(WrongUpload):
    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        try:
            super().commit(size=size, digest=digest)
        except ChecksumMismatchError:
            self.cancel()
            raise


class DropsUploadsThatDoNotMatch(HasWrongUploads):
    kind = LostUpload


class PushyUpload(WrongUpload):
    def write(self, content: ReadableBuffer) -> int:
        try:
            return super().write(content)
        except InvalidOffsetError:
            self.upload = InMemoryDriver.writer(self.driver, self.path, resume=self.upload_id)
            return super().write(content)


class LetsStaleWritersOn(HasWrongUploads):
    kind = PushyUpload


class ForcefulUpload(WrongUpload):
    def commit(self, *, size: int | None = None, digest: str | None = None) -> None:
        try:
            super().commit(size=size, digest=digest)
        except IsADirectoryError:
            self.driver.delete(self.path)
            super().commit(size=size, digest=digest)


class PublishesOverADirectory(HasWrongUploads):
    kind = ForcefulUpload


class HeldUpload(WrongUpload):
    def cancel(self) -> None:
        self.close()


class KeepsWhatIsCancelled(HasWrongUploads):
    kind = HeldUpload


class LosesUploadsAtClose(HasWrongUploads):
    class Kind(WrongUpload):
        def close(self) -> None:
            try:
                self.cancel()
            except (PathNotFoundError, ValueError):
                return

    kind = Kind


class ForgetsTheOffsetOfUploads(HasWrongUploads):
    class Kind(WrongUpload):
        def write(self, content: ReadableBuffer) -> int:
            try:
                return super().write(content)
            except InvalidOffsetError as error:
                raise InvalidOffsetError(self.upload_id, error.offset) from error

    kind = Kind


class HasOneUploadForEachPath(InMemoryDriver):
    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        open_ones = [info.upload_id for info in self.uploads(path) if info.path == path]
        return super().writer(path, resume=resume or (open_ones[0] if open_ones else None))


class ResumesForAnyPath(InMemoryDriver):
    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        for info in self.uploads():
            if info.upload_id == resume:
                path = info.path
        return super().writer(path, resume=resume)


class StartsAnewForAWrongId(InMemoryDriver):
    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        try:
            return super().writer(path, resume=resume)
        except PathNotFoundError:
            return super().writer(path)


class ListsUploadsByPrefix(InMemoryDriver):
    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        return (info for info in super().uploads() if info.path.startswith(prefix))


class ListsUploadsInAnyOrder(InMemoryDriver):
    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        return iter(sorted(super().uploads(prefix), key=lambda info: info.size))


class DropsUploadsWithTheirDirectory(InMemoryDriver):
    def delete(self, path: str) -> None:
        super().delete(path)
        for info in self.uploads(path):
            self.writer(info.path, resume=info.upload_id).cancel()


class TellsNoSize(InMemoryDriver):
    def stat(self, path: str) -> FileInfo:
        info = super().stat(path)
        return FileInfoFields(info.path, 0, info.mod_time, info.is_dir)


class DeletesOnlyFiles(InMemoryDriver):
    def delete(self, path: str) -> None:
        if not self.stat(path).is_dir:
            super().delete(path)


class RefusesASecondClose(InMemoryDriver):
    is_closed = False

    def close(self) -> None:
        if self.is_closed:
            raise StorageDriverError("closed already")
        self.is_closed = True
        super().close()


class SpeaksAnotherVersion(InMemoryDriver):
    version = Version(CURRENT_VERSION.major + 1, 0)


WRONG: Sequence[tuple[Callable[[], StorageDriver], str]] = (
    (TellsNoSize, "stat_file_and_directory"),
    (DeletesOnlyFiles, "delete_a_tree"),
    (KeepsTheTail, "write_into_the_middle"),
    (FillsGapsWithZeros, "write_beyond_the_end"),
    (FillsGapsWithZeros, "write_beyond_nothing"),
    (CreatesNothingForAnEmptyReader, "write_nothing"),
    (LosesWhatWasNotAskedFor, "readers_that_give_more"),
    (TakesAShortPieceForTheEnd, "readers_that_give_less"),
    (KeepsTheReadersBuffer, "readers_that_reuse_their_buffer"),
    (LeavesAMixtureWhenTheReaderFails, "failing_reader_of_an_old_object"),
    (ReportsMoreThanItStored, "large_stream"),
    (PutsInTwoSteps, "reads_during_puts"),
    (ReadsWhatIsThereByNow, "read_while_put"),
    (ReadsWhatIsThereByNow, "read_while_moved_over"),
    (GivesLessThanAskedFor, "read_gives_all_it_is_asked_for"),
    (FailsToReadBeyondTheEnd, "read_beyond_the_end"),
    (HasOneVersionForAll, "version_tells_contents_apart"),
    (KeepsWhatItWasHanded, "content_is_copied"),
    (ListsNothingForAMissingPath, "list_of_nothing"),
    (ListsAFileAsItself, "list_of_a_file"),
    (ListsInAnyOrder, "list_in_byte_order"),
    (ListsNames, "list_three_levels"),
    (ListsTheWholeTree, "list_files_and_directories"),
    (ListsOnePageOnly, "many_entries"),
    (ShowsItsStagingFiles, "staging_is_not_visible"),
    (KeepsEmptyDirectories, "emptied_directories_are_gone"),
    (WalksDirectoryByDirectory, "walk_in_byte_order"),
    (StartsAtInsteadOfAfter, "walk_from_a_path_on"),
    (FailsWhenAFileVanishes, "walk_past_what_vanishes"),
    (DeletesByPrefix, "delete_beside_siblings"),
    (DeletesNothingSilently, "delete_nothing"),
    (DeletesTheFirstHundred, "many_entries"),
    (LosesWhatMovesToItself, "move_a_file_to_itself"),
    (NamesTheDestination, "move_nothing"),
    (EmptiesTheDestinationFirst, "move_nothing"),
    (CopiesInsteadOfMoving, "move_a_file"),
    (CopiesInsteadOfMoving, "concurrent_moves_of_one_object"),
    (MovesHalfADirectory, "move_a_directory"),
    (HasLocalTimes, "mod_time_goes_forward"),
    (GoesBackInTime, "mod_time_goes_forward"),
    (CannotStatTheRoot, "root_of_an_empty_store"),
    (ForgetsTheFields, "get_of_nothing"),
    (RaisesErrorsOfItsOwn, "get_of_nothing"),
    (SaysNotFoundForADirectory, "read_of_a_directory"),
    (ReplacesADirectory, "write_over_a_directory"),
    (HasNoResumePosition, "position_to_resume_at"),
    (ClaimsUrls, "url_is_refused"),
    (ShowsUploadsAsTheyGrow, "upload_is_hidden_until_its_commit"),
    (DoesNotCheckUploads, "upload_with_a_wrong_size_or_digest"),
    (DropsUploadsThatDoNotMatch, "upload_with_a_wrong_size_or_digest"),
    (LetsStaleWritersOn, "upload_with_a_stale_writer"),
    (ForgetsTheOffsetOfUploads, "upload_with_a_stale_writer"),
    (PublishesOverADirectory, "upload_to_where_no_object_can_be"),
    (KeepsWhatIsCancelled, "upload_that_is_cancelled"),
    (LosesUploadsAtClose, "upload_is_kept_by_close_and_resumed"),
    (HasOneUploadForEachPath, "uploads_to_one_path"),
    (ResumesForAnyPath, "upload_of_a_wrong_id"),
    (StartsAnewForAWrongId, "upload_of_a_wrong_id"),
    (ListsUploadsByPrefix, "uploads_below_a_path"),
    (ListsUploadsInAnyOrder, "uploads_below_a_path"),
    (DropsUploadsWithTheirDirectory, "uploads_of_others_stay"),
)


def content_or_nothing(driver: StorageDriver, path: str) -> bytes:
    try:
        return driver.get_content(path)
    except PathNotFoundError:
        return b""


def read_all(reader: Reader) -> bytes:
    pieces: list[bytes] = []
    while piece := reader.read(1 << 20):
        pieces.append(bytes(piece))
    return b"".join(pieces)


@pytest.mark.parametrize(("wrong", "case"), WRONG)
def test_a_wrong_driver_is_caught(wrong: Callable[[], StorageDriver], case: str) -> None:
    report = run_suite(lambda: Checked(wrong()), only=[case])
    assert report.results[0].outcome is CaseOutcome.FAILED


@pytest.mark.parametrize("case", sorted({case for _, case in WRONG}))
def test_a_right_driver_is_not(case: str) -> None:
    report = run_suite(lambda: Checked(InMemoryDriver()), only=[case])
    assert report.results[0].outcome is CaseOutcome.PASSED


# What the checks around a driver make up for, so that it shows only without them.
WRONG_WITHOUT_CHECKS: Sequence[tuple[Callable[[], StorageDriver], str]] = (
    (RefusesASecondClose, "close_twice"),
    (SpeaksAnotherVersion, "version_of_the_contract"),
    (ClosesTheReader, "reader_stays_open"),
    (HidesTheReadersFailure, "failing_reader_of_a_new_object"),
    (WrapsTheReadersFailure, "failing_reader_of_a_new_object"),
    (ReadsAfterClose, "read_after_close"),
)


@pytest.mark.parametrize(("wrong", "case"), WRONG_WITHOUT_CHECKS)
def test_a_wrong_driver_is_caught_without_checks(
    wrong: Callable[[], StorageDriver], case: str
) -> None:
    assert run_suite(wrong, only=[case]).results[0].outcome is CaseOutcome.FAILED
    assert run_suite(InMemoryDriver, only=[case]).results[0].outcome is CaseOutcome.PASSED


NEED_CHECKS = (
    "invalid_paths",
    "invalid_paths_of_every_operation",
    "root_is_for_list_walk_and_stat",
    "too_long_paths",
    "path_is_checked_before_offset",
    "read_from_negative_offsets",
    "write_at_negative_offsets",
    "delete_the_root",
    "url_options_are_checked",
    "wrong_types_of_paths",
    "wrong_types_of_offsets_and_readers",
    "errors_say_what_the_originals_said",
)


@pytest.mark.parametrize("case", NEED_CHECKS)
def test_a_driver_without_checks_is_caught(case: str) -> None:
    report = run_suite(InMemoryDriver, only=[case])
    assert report.results[0].outcome is CaseOutcome.FAILED


def test_a_driver_that_has_uploads_and_does_not_say_so_is_caught() -> None:
    report = run_suite(lambda: Checked(ClaimsUploads()), only=["uploads_are_refused"])
    assert report.results[0].outcome is CaseOutcome.FAILED


class HalfResumes(InMemoryDriver):
    """Another driver of the same store, which finds an upload without its content."""

    def writer(self, path: str, *, resume: str | None = None) -> UploadWriter:
        return super().writer(path)

    def uploads(self, prefix: str = "/") -> Iterator[UploadInfo]:
        with self.writer("/found"):
            return super().uploads(prefix)


class Forgets(InMemoryDriver):
    """Another driver of the same store, which finds half of what is there."""

    def __init__(self) -> None:
        super().__init__()
        self.put_content("/put", b"put")


WRONG_AS_A_SECOND: Sequence[tuple[Callable[[], StorageDriver], str]] = (
    (HalfResumes, "upload_is_resumed_by_another_driver"),
    (Forgets, "acknowledged_changes_are_there"),
)


@pytest.mark.parametrize(("wrong", "case"), WRONG_AS_A_SECOND)
def test_a_wrong_second_driver_of_a_store_is_caught(
    wrong: Callable[[], StorageDriver], case: str
) -> None:
    drivers = iter([InMemoryDriver(), wrong()])
    report = run_suite(lambda: Checked(next(drivers)), only=[case])
    assert report.results[0].outcome is CaseOutcome.FAILED


CAUGHT = frozenset(
    [case for _, case in (*WRONG, *WRONG_WITHOUT_CHECKS, *WRONG_AS_A_SECOND)]
    + [*NEED_CHECKS, "uploads_are_refused"]
)
"""The cases that have caught a driver above."""


# Keys of what is broken once: not those of the tests of other suites, whose cases are here too.
@pytest.mark.parametrize(
    "key", [key for key in REQUIREMENTS if key.split()[0] not in ("2015", "also")]
)
def test_every_line_of_the_contract_is_broken_once(key: str) -> None:
    assert any(case.name in CAUGHT for case in CASES if key in case.covers)


def test_the_documentation_says_how_many_there_are(checkout: Path) -> None:
    drivers = {wrong for wrong, _ in (*WRONG, *WRONG_WITHOUT_CHECKS, *WRONG_AS_A_SECOND)}
    # One without any checks, one that hides its uploads, and one that always fails.
    count = len(drivers) + 3
    text = " ".join((checkout / "docs" / "suite.md").read_text(encoding="utf-8").split())
    assert f"{len(CASES)} cases" in text
    assert f"{count} wrong drivers" in text


class AlwaysFails(InMemoryDriver):
    """Fails in every call, but lets the suite begin."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = False

    def list(self, path: str) -> Paths:
        if not self._begun:
            self._begun = True
            return []
        raise StorageDriverError("broken")

    def get_content(self, path: str) -> bytes:
        raise StorageDriverError("broken")

    put_content = read_stream = write_stream = stat = move = delete = url_for = walk = get_content  # type: ignore[assignment]
    writer = get_content  # type: ignore[assignment]


def test_no_case_passes_with_a_driver_that_always_fails() -> None:
    report = run_suite(lambda: Checked(AlwaysFails()))
    assert report.with_outcome(CaseOutcome.PASSED) == []
    assert len(report.results) == len(CASES)
