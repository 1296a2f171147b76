"""The contract of a storage driver: what callers program against and drivers implement.

Standard library only. Importing it does nothing.
"""

from collections.abc import Callable, Mapping

from storagedriver.contract.checks import (
    check_commit,
    check_content,
    check_offset,
    check_reader,
    check_start_after,
    check_upload_id,
    check_url_options,
)
from storagedriver.contract.driver import StorageDriver
from storagedriver.contract.errors import (
    ERRORS,
    ERRORS_BY_CODE,
    CancelledError,
    ChecksumMismatchError,
    ContentChangedError,
    DriverCrashedError,
    DriverTimeoutError,
    IncompatibleVersionError,
    InvalidOffsetError,
    InvalidParametersError,
    InvalidPathError,
    InvalidStorageDriverError,
    IsADirectoryError,
    NoSpaceError,
    NotADirectoryError,
    OutcomeUnknownError,
    PartialFailureError,
    PathNotFoundError,
    PermissionDeniedError,
    ProtocolError,
    StorageDriverError,
    ThrottledError,
    TooManyChannelsError,
    UnsupportedMethodError,
)
from storagedriver.contract.features import FEATURES
from storagedriver.contract.fileinfo import FileInfo, FileInfoFields
from storagedriver.contract.interface_2014 import ReadCloser, StorageDriver2014
from storagedriver.contract.paths import (
    PATH_PATTERN,
    RELAXED_PATHS,
    STRICT_PATHS,
    PathRule,
)
from storagedriver.contract.secret import Secret
from storagedriver.contract.streams import FileReadStream, Piece, Reader, ReadStream
from storagedriver.contract.uploads import UploadInfo, UploadWriter
from storagedriver.contract.version import CURRENT_VERSION, Version

StorageDriverFactory = Callable[[Mapping[str, object]], StorageDriver]
"""Makes a driver from its parameters, whose JSON types are kept."""

__all__ = [
    "CURRENT_VERSION",
    "ERRORS",
    "ERRORS_BY_CODE",
    "FEATURES",
    "PATH_PATTERN",
    "RELAXED_PATHS",
    "STRICT_PATHS",
    "CancelledError",
    "ChecksumMismatchError",
    "ContentChangedError",
    "DriverCrashedError",
    "DriverTimeoutError",
    "FileInfo",
    "FileInfoFields",
    "FileReadStream",
    "IncompatibleVersionError",
    "InvalidOffsetError",
    "InvalidParametersError",
    "InvalidPathError",
    "InvalidStorageDriverError",
    "IsADirectoryError",
    "NoSpaceError",
    "NotADirectoryError",
    "OutcomeUnknownError",
    "PartialFailureError",
    "PathNotFoundError",
    "PathRule",
    "PermissionDeniedError",
    "Piece",
    "ProtocolError",
    "ReadCloser",
    "ReadStream",
    "Reader",
    "Secret",
    "StorageDriver",
    "StorageDriver2014",
    "StorageDriverError",
    "StorageDriverFactory",
    "ThrottledError",
    "TooManyChannelsError",
    "UnsupportedMethodError",
    "UploadInfo",
    "UploadWriter",
    "Version",
    "check_commit",
    "check_content",
    "check_offset",
    "check_reader",
    "check_start_after",
    "check_upload_id",
    "check_url_options",
]
