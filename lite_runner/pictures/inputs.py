"""Which pictures a command line means: files, folders and glob patterns."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Iterable, NamedTuple

#: What a folder is searched for; a file named outright is tried whatever it is called.
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class Source(NamedTuple):
    """A picture to read, or why there is none: exactly one of ``path`` and ``error`` counts."""

    name: str
    path: Path
    error: str | None = None


def expand(arguments: Iterable[str]) -> list[Source]:
    """Pictures meant by files, folders (not searched deeper) and glob patterns, in that order.

    What cannot be found or opened is in the list too, with its error, so that the rest goes on.
    """
    sources: list[Source] = []
    for argument in arguments:
        path = Path(argument)
        if not argument:
            # An unset variable in a script, not the current folder.
            sources.append(Source(argument, path, "empty name; give a file, folder or pattern"))
            continue
        try:
            if path.is_dir():
                sources += _folder(argument, path)
            elif glob.has_magic(argument) and not path.exists():
                sources += _pattern(argument)
            else:
                sources.append(Source(argument, path))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            sources.append(Source(argument, path, f"cannot be opened: {reason}"))
    return sources


def drawing_name(picture: Path, taken: set[str]) -> str:
    """A file name for a picture's drawing that no other picture of this run has."""
    names = (f"{picture.stem}{'' if n == 1 else f'-{n}'}.png" for n in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def _folder(name: str, folder: Path) -> list[Source]:
    paths = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.is_dir()
    )
    if not paths:
        kinds = " ".join(sorted(SUFFIXES))
        return [Source(name, folder, f"folder holds no pictures; looked for {kinds}")]
    return [Source(str(path), path) for path in paths]


def _pattern(pattern: str) -> list[Source]:
    paths = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    files = [path for path in paths if path.is_file()]
    if not files:
        return [Source(pattern, Path(pattern), "pattern matches no file; check it and its quotes")]
    return [Source(str(path), path) for path in files]
