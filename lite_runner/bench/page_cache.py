"""The system's cache of files: a first start after boot finds nothing in it."""

from __future__ import annotations

import os
from pathlib import Path


def drop_files(folder: Path) -> bool:
    """Ask the system to forget what it has read of a folder's files; False where it cannot."""
    if not hasattr(os, "posix_fadvise"):
        return False
    try:
        os.sync()  # what is not written yet is not forgotten
        for path in folder.rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(descriptor)
    except OSError:
        return False
    return True
