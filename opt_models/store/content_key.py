"""Keys of what is made from something else: names in the cache that change with its content."""

from __future__ import annotations

import hashlib


def content_key(*texts: str, length: int = 12) -> str:
    """A short name for texts, in their order: the beginning of their sha256, in hex.

    Args:
        texts: all that decides on the content.
        length: characters of the key. With twelve (48 bits) two of a million contents share one
            with a chance of one in five hundred (birthday bound).
    """
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:length]
