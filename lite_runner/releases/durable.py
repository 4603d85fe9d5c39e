"""Files and folders that are complete or absent, even after a power cut.

A file system may give a file its name long before its content. So the content is brought to the
disk first, then the name. All that is kept is written by this module; only :mod:`release`, which is
sent to boards as one file, has what it is made of.
"""

from __future__ import annotations

from pathlib import Path

from lite_runner.releases.release import put, replacing, sync, sync_tree

__all__ = ["move", "put", "replacing", "write"]


def write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file in place of another one; a link is replaced and not followed.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    with replacing(path, mode) as file:
        file.write(data)


def move(source: Path, target: Path) -> None:
    """Move a file or a folder to its final name, once all of it is on the disk.

    Args:
        source: of the same file system.
        target: a file in its place is replaced; a folder must be empty or not there.

    Raises:
        OSError: it cannot be written or moved.
    """
    if source.is_dir():
        sync_tree(source)
    else:
        sync(source)
    source.replace(target)
    sync(target.parent)
