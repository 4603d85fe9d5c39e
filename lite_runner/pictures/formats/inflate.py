"""A zlib stream (RFC 1950) read a little at a time, so that memory does not hold all of it."""

from __future__ import annotations

import zlib
from typing import Iterable

from lite_runner.errors import ImageError

#: Compressed bytes given to zlib at once: what it has not yet used is copied at each read.
PIECE = 1 << 16


class Inflated:
    """What a stream holds, decompressed as it is read.

    Args:
        pieces: the stream, in pieces of about :data:`PIECE`.
        kind: of the file it lies in, for errors.
    """

    def __init__(self, pieces: Iterable[bytes], kind: str) -> None:
        self._pieces = iter(pieces)
        self._kind = kind
        self._inflate = zlib.decompressobj()

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes.

        Raises:
            ImageError: the stream is damaged, or ends before them.
        """
        parts = []
        try:
            while count:
                part = self._inflate.decompress(self._inflate.unconsumed_tail, count)
                part = part or self._inflate.decompress(next(self._pieces), count)
                parts.append(part)
                count -= len(part)
        except StopIteration:
            raise damaged(self._kind, "ends early") from None
        except zlib.error as error:
            raise damaged(self._kind, f"cannot be decompressed ({error})") from error
        return b"".join(parts)


def damaged(kind: str, how: str) -> ImageError:
    """The error for a file whose compressed data is not what its header says."""
    return ImageError(f"is a damaged {kind}: its compressed data {how}; copy or download it again")
