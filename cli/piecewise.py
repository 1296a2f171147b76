"""Reading an object in pieces, so that no call to its driver is open while it is written to.

A copy within one driver that kept its read open would wait for itself where the driver has one
channel, and several copies for each other where it has a few.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from storagedriver.contract import ContentChangedError, StorageDriver

PIECE_BYTES: Final = 4 << 20
"""As much as is under way in a stream at most, so that of what was sent little is dropped when the
stream is closed early; and each of a few jobs may hold this much."""


def in_pieces(driver: StorageDriver, path: str) -> Generator[bytes, None, None]:
    """Iterate over the content of an object, without an open call in between.

    Raises ContentChangedError if it is replaced meanwhile, where the driver can tell, and what the
    driver raises.
    """
    position = 0
    version: bytes | None = None
    while True:
        with driver.read_stream(path, position) as stream:
            if version not in (None, stream.version):
                raise ContentChangedError(path, driver=driver.name)
            version = stream.version
            piece = stream.read(PIECE_BYTES)
        if piece:
            yield piece
        if len(piece) < PIECE_BYTES:
            return
        position += len(piece)
