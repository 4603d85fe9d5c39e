"""The cache on the host: folders made once, whole or not at all, also by two processes at once."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from opt_models.errors import CacheError

#: Environment variable that puts the cache elsewhere.
VARIABLE = "LITE_OCR_CACHE"
#: How an error says what to do with a cache that cannot be written.
ADVICE = f"make it writable and leave room, or set {VARIABLE} to another folder"
#: Less free space than this, in bytes, explains any failure to write.
_FULL = 1 << 20


def root() -> Path:
    """The cache folder; it may not exist yet."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else user_cache_path("lite-ocr")


def folder(name: str, make: Callable[[Path], None]) -> Path:
    """The cached folder ``name``; if it is not there, ``make`` fills a new one first.

    ``make`` gets an empty folder that takes its final name only when ``make`` returns. Of several
    processes that want the same folder one makes it and the others wait.

    Raises:
        CacheError: the cache cannot be written or is full; names the path.
    """
    final = root() / name
    with told(final):
        if not final.is_dir():
            with lock(name, f"another process is making {name}; waiting for it"):
                if not final.is_dir():
                    _make(final, make)
    return final


@contextmanager
def lock(name: str, waiting: str) -> Iterator[None]:
    """Hold a lock of all processes that use this cache.

    Args:
        name: of the lock.
        waiting: said on stderr before waiting for another process that holds it.

    Raises:
        CacheError: the cache cannot be written.
    """
    path = root() / f"{name}.lock"
    held = FileLock(path)
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            held.acquire(timeout=0)
        except Timeout:
            print(waiting, file=sys.stderr, flush=True)
            held.acquire()
    try:
        yield
    finally:
        held.release()


def write(path: Path, text: str) -> None:
    """Write a small file of the cache whole or not at all.

    Raises:
        CacheError: the cache cannot be written.
    """
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, text)


def replace(path: Path, text: str) -> None:
    """Write a small file of any folder whole or not at all, also in a power cut.

    A link is replaced and not followed: one in a cache may lead into another cache.

    Raises:
        OSError: it cannot be written.
    """
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        # mkstemp makes files only their owner may read.
        Path(fresh).chmod(0o644)
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)


def full(place: Path) -> bool:
    """Whether the disk of a folder has no room; ask before a failure's half files are removed."""
    return shutil.disk_usage(place).free < _FULL


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell a user whose cache cannot be written what to do.

    Args:
        path: named where the system does not say which file it is about.

    Raises:
        CacheError: for any OSError.
    """
    try:
        yield
    except OSError as error:
        place = error.filename or path
        raise CacheError(f"{place}: {error.strerror or error}; {ADVICE}") from error


def _make(final: Path, make: Callable[[Path], None]) -> None:
    _remove_remains(final)
    fresh = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        make(fresh)
        fresh.chmod(0o755)
        fresh.rename(final)
    except Exception as error:
        # pip and opt say it in many words, or not at all.
        if full(fresh):
            raise CacheError(f"{fresh.parent}: the disk is full; {ADVICE}") from error
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _remove_remains(final: Path) -> None:
    """What killed processes left behind; under the lock nobody else is at work here."""
    for remains in final.parent.glob(f".{final.name}.*"):
        shutil.rmtree(remains, ignore_errors=True)
