"""What a host makes of a listing's entries: it takes no driver's word for where they are.

Whoever copies a tree makes paths of them. An entry that leads elsewhere is a breach of protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storagedriver.contract import FileInfo, FileInfoFields, ProtocolError, UploadInfo
from storagedriver.ipc.calls import time_from_wire
from storagedriver.ipc.messages import Wire

_SHOWN_CHARACTERS = 300


def children(entries: Iterable[list[Wire]], parent: str, driver: str) -> list[str]:
    """Return the paths of what List has named in `parent`.

    Raises ProtocolError of the driver for what is no name, and what `entries` raises.
    """
    prefix = parent.rstrip("/") + "/"
    return [prefix + _name(entry[0], driver) for entry in entries]


def files(entries: Iterable[list[Wire]], parent: str, driver: str) -> Iterator[FileInfo]:
    """Iterate over what Walk has found below `parent`. Raises as `children`, as it goes."""
    prefix = parent.rstrip("/") + "/"
    for path, size, mod_time in entries:
        if not isinstance(size, int):
            raise ProtocolError("an entry of Walk is [path, size, mod_time]", driver=driver)
        where = _below(path, prefix, driver)
        yield FileInfoFields(where, size, time_from_wire(mod_time), is_dir=False)


def open_uploads(entries: Iterable[list[Wire]], parent: str, driver: str) -> Iterator[UploadInfo]:
    """Iterate over what ListUploads has found to `parent` or below. Raises as `children`."""
    prefix = parent.rstrip("/") + "/"
    for upload_id, path, size, time in entries:
        if not isinstance(upload_id, str) or not isinstance(size, int):
            reason = "an entry of ListUploads is [upload_id, path, size, time]"
            raise ProtocolError(reason, driver=driver)
        where = parent if path == parent else _below(path, prefix, driver)
        yield UploadInfo(upload_id, where, size, time_from_wire(time))


def _name(value: Wire, driver: str) -> str:
    if not isinstance(value, str) or "/" in value or value in ("", ".", ".."):
        raise _refused(value, "is no name in a directory", driver)
    return value


def _below(value: Wire, prefix: str, driver: str) -> str:
    if not isinstance(value, str) or not value.startswith(prefix):
        raise _refused(value, f"is not below {prefix}", driver)
    # Looked for as a whole first: hardly any path has a dot or two slashes in a row at all.
    if ("/." in value or "//" in value or value.endswith("/")) and any(
        name in ("", ".", "..") for name in value.split("/")[1:]
    ):
        raise _refused(value, "is no path of an object", driver)
    return value


def _refused(value: Wire, what: str, driver: str) -> ProtocolError:
    return ProtocolError(
        f"a listing has {str(value)[:_SHOWN_CHARACTERS]!r}, which {what}", driver=driver
    )
