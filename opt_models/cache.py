"""The cache on the host: folders made once, whole or not at all, also by two processes at once."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Callable

from filelock import FileLock
from platformdirs import user_cache_path

#: Environment variable that puts the cache elsewhere.
VARIABLE = "LITE_OCR_CACHE"


def root() -> Path:
    """The cache folder; it may not exist yet."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else user_cache_path("lite-ocr")


def folder(name: str, make: Callable[[Path], None]) -> Path:
    """The cached folder ``name``; if it is not there, ``make`` fills a new one first.

    ``make`` gets an empty folder that takes its final name only when ``make`` returns. Of several
    processes that want the same folder one makes it and the others wait.

    Raises:
        OSError: the cache cannot be written; names the path.
    """
    final = root() / name
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(final.with_name(f"{final.name}.lock")):
        if final.is_dir():
            return final
        _remove_remains(final)
        fresh = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
        try:
            make(fresh)
            fresh.chmod(0o755)
            fresh.rename(final)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return final


def _remove_remains(final: Path) -> None:
    """What killed processes left behind; under the lock nobody else is at work here."""
    for remains in final.parent.glob(f".{final.name}.*"):
        shutil.rmtree(remains, ignore_errors=True)
