"""The cache on the host: folders made once, whole or not at all, also by two processes at once."""

from __future__ import annotations

import glob
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from lite_runner.errors import LiteError
from lite_runner.releases import durable
from lite_runner.user_path import user_path
from opt_models.errors import CacheError
from opt_models.store import manifest

#: Environment variable that puts the cache elsewhere.
VARIABLE = "LITE_OCR_CACHE"
#: How an error says what to do with a cache that cannot be written.
ADVICE = f"make it writable and leave room, or set {VARIABLE} to another folder"
#: Less free space than this, in bytes, explains any failure to write.
_FULL = 1 << 20


def root() -> Path:
    """The cache folder; it may not exist yet."""
    chosen = os.environ.get(VARIABLE)
    return user_path(chosen, VARIABLE).absolute() if chosen else user_cache_path("lite-ocr")


def folder(
    name: str,
    make: Callable[[Path], None],
    check: Callable[[Path], object] = lambda folder: None,
    fixed: bool = True,
) -> Path:
    """The cached folder ``name``; if it is not there or damaged, ``make`` fills a new one first.

    ``make`` gets an empty folder that takes its final name only when ``make`` returns. Of several
    processes that want the same folder one makes it and the others wait.

    Args:
        name: of the folder, below the cache.
        make: fills it.
        check: raises LiteError if its content makes no sense.
        fixed: False if its files are changed where they are: then nothing tells damage.

    Raises:
        CacheError: the cache cannot be written or is full; names the path.
    """
    final = root() / name

    def state() -> str | None:
        """None if it is not there; what is damaged, empty if nothing is."""
        if not final.is_dir():
            return None
        return (manifest.damage(final) if fixed else "") or _nonsense(final, check)

    with cache_errors(final):
        if state() != "":
            with lock(name, f"another process is making {name}; waiting for it"):
                damage = state()
                if damage:
                    print(f"{final}: {damage}; making it anew", file=sys.stderr, flush=True)
                if damage != "":
                    _make(final, make, fixed)
    return final


@contextmanager
def lock(name: str, waiting: str) -> Iterator[None]:
    """Hold a lock of all processes that use this cache.

    Args:
        name: of the lock.
        waiting: message for stderr before waiting for another process that holds it.

    Raises:
        CacheError: the cache cannot be written.
    """
    path = root() / f"{name}.lock"
    held = FileLock(path)
    with cache_errors(path):
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
    with cache_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write(path, text.encode())


def full(folder: Path) -> bool:
    """Whether the disk of a folder has no room; ask before a failure's half files are removed."""
    return shutil.disk_usage(folder).free < _FULL


@contextmanager
def cache_errors(path: Path) -> Iterator[None]:
    """Tell a user whose cache cannot be written what to do.

    Args:
        path: named where the system does not say which file it is about.

    Raises:
        CacheError: for any OSError.
    """
    try:
        yield
    except OSError as error:
        subject = error.filename or path
        raise CacheError(f"{subject}: {error.strerror or error}; {ADVICE}") from error


def _nonsense(folder: Path, check: Callable[[Path], object]) -> str:
    """Why a folder's content makes no sense; empty if it does."""
    try:
        check(folder)
    except LiteError as error:
        return str(error)
    return ""


def _make(final: Path, make: Callable[[Path], None], fixed: bool) -> None:
    _remove_remains(final)
    fresh = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    old = fresh.with_name(f"{fresh.name}.old")
    try:
        make(fresh)
        fresh.chmod(0o755)
        if final.is_symlink():  # to a damaged one of another cache, which is left alone
            final.unlink()
        if fixed:
            manifest.write(fresh, final)
        durable.put(fresh, final, old)
    except Exception as error:
        # pip and opt say it in many words, or not at all.
        if full(final.parent):
            raise CacheError(f"{final.parent}: the disk is full; {ADVICE}") from error
        raise
    finally:
        _remove_remains(final)


def _remove_remains(final: Path) -> None:
    """What was not finished, or is damaged; under the lock nobody else is at work here."""
    for remains in final.parent.glob(f".{glob.escape(final.name)}.*"):
        if remains.is_symlink():
            remains.unlink()
        else:
            shutil.rmtree(remains, ignore_errors=True)
