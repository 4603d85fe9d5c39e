"""Manifests of cached folders: size, time and sha256 of each file, by which damage is noticed.

A manifest lies beside its folder. Like git's index, it lets files whose size and time are as they
were pass without reading them.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Mapping

from lite_runner.releases import durable
from lite_runner.releases.release import sha256


@dataclass(frozen=True)
class Entry:
    """A regular file as it was when its folder was made.

    Attributes:
        size: in bytes.
        time: of its last change, in nanoseconds; 0 if its content is in doubt.
        sha256: of its content.
    """

    size: int
    time: int
    sha256: str


def write(folder: Path, final: Path) -> None:
    """Write the manifest of a folder that is, or will be moved to, ``final``.

    Raises:
        OSError: a file cannot be read, or the manifest not be written.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    entries = {path.relative_to(folder).as_posix(): _entry(path) for path in files}
    _write(final, entries)


def damage(folder: Path) -> str:
    """What is damaged in a folder, as ``"det.nb is missing"``; empty if nothing is.

    What has no manifest, made by an earlier version, is taken as it is and gets one.
    """
    entries = read(folder)
    if entries is None:
        with contextlib.suppress(OSError):  # others' caches may be read only
            write(folder, folder)
        return ""
    changed = {}
    for name, entry in entries.items():
        try:
            status = (folder / name).lstat()
            if status.st_size != entry.size:
                return f"{name} has {status.st_size} bytes instead of {entry.size}"
            if status.st_mtime_ns != entry.time:
                if sha256(folder / name) != entry.sha256:
                    return f"{name} has changed"
                changed[name] = replace(entry, time=status.st_mtime_ns)
        except OSError as error:
            return f"{name}: {error.strerror}"
    if changed:
        with contextlib.suppress(OSError):
            _write(folder, {**entries, **changed})
    return ""


def doubt(path: Path) -> bool:
    """Have a file of a cached folder read when its folder is looked at next.

    Returns:
        Whether it is one of a cached folder.
    """
    for folder in path.parents:
        entries = read(folder) or {}
        name = path.relative_to(folder).as_posix()
        if name in entries:
            _write(folder, {**entries, name: replace(entries[name], time=0)})
            return True
    return False


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of files below a folder in the cache, by their paths there; those that are known.

    Args:
        folder: a cached one or one below it, of which :func:`damage` found nothing just now.
    """
    for above in (folder, *folder.parents):
        entries = read(above)
        if entries is not None:
            start = "" if above == folder else f"{folder.relative_to(above).as_posix()}/"
            return {
                name[len(start) :]: entry.sha256
                for name, entry in entries.items()
                if name.startswith(start)
            }
    return {}


def read(folder: Path) -> dict[str, Entry] | None:
    """The entries of a folder's manifest; None if it has none, or a damaged one."""
    try:
        data = json.loads(_path(folder).read_text(encoding="utf-8"))
        return {
            name: Entry(int(size), int(time), str(digest))
            for name, (size, time, digest) in data.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _entry(path: Path) -> Entry:
    status = path.stat()
    return Entry(status.st_size, status.st_mtime_ns, sha256(path))


def _write(folder: Path, entries: Mapping[str, Entry]) -> None:
    data = {name: astuple(entry) for name, entry in entries.items()}
    durable.write(_path(folder), json.dumps(data).encode())


def _path(folder: Path) -> Path:
    # A link leads to a folder in another cache, with its manifest beside it.
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}.manifest.json")
