"""What the reader of a write gives, piece by piece, each checked to be bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from storagedriver.contract.streams import Piece, Reader, as_bytes_view

PIECE_BYTES: Final = 1 << 20
"""How much is asked for at a time: the cost of a call vanishes in it, and a write of any size needs
no more memory than this. It is also the largest chunk that the wire carries by default."""


def pieces(reader: Reader) -> Iterator[Piece]:
    """Iterate over what `reader` gives, until it gives nothing.

    A piece may be shorter or longer than PIECE_BYTES. One that is not `bytes` is only good until
    the next is asked for. Raises what the reader raises, and TypeError if it gives no bytes.
    """
    while piece := checked_piece(reader.read(PIECE_BYTES)):
        yield piece


def checked_piece(piece: Piece) -> Piece:
    """Return `piece`, as a flat view unless it is bytes. Raises TypeError if it is not bytes-like.

    Source of the check: readers that do not block give None, and text files give str.
    """
    if type(piece) is bytes:
        return piece
    try:
        return as_bytes_view(piece)
    except TypeError:
        raise TypeError(f"a reader gives bytes, not {type(piece).__name__}") from None
