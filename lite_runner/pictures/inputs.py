"""Which pictures a command line means: files, folders, glob patterns and standard input."""

from __future__ import annotations

import glob
import sys
from pathlib import Path
from typing import Collection, Iterable, NamedTuple

from lite_runner.errors import ImageError

#: Given as a picture, it means standard input.
STDIN = "-"
#: What boards read, by the ends of files' names; a file named outright is tried whatever its end.
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
#: What hosts convert. Boards say so of those in a folder, instead of passing them over.
CONVERTED = frozenset({".avif", ".heic", ".heif", ".pdf"})


class Source(NamedTuple):
    """A picture to read, or why there is none: exactly one of ``path`` and ``error`` counts."""

    name: str
    path: Path
    error: str | None = None

    def read(self) -> bytes:
        """The picture's file.

        Raises:
            ImageError: there is none, or it cannot be read.
        """
        if self.error is not None:
            raise ImageError(self.error)
        # Late: it needs numpy, which a board's doctor may find missing.
        from lite_runner.pictures import image_header

        if self.name != STDIN:
            return image_header.read(self.path)
        if sys.stdin is None or sys.stdin.isatty():
            raise ImageError("is standard input, which is a terminal; send a picture to it, as '<'")
        data = sys.stdin.buffer.read(image_header.MAX_BYTES + 1)
        image_header.check_length(len(data))
        return data


def expand(
    arguments: Iterable[str], suffixes: Collection[str] = SUFFIXES | CONVERTED
) -> list[Source]:
    """Pictures meant by files, folders (not searched deeper) and glob patterns, in that order.

    What cannot be found or opened is in the list too, with its error, so that the rest goes on.

    Args:
        arguments: the names.
        suffixes: what folders are searched for.
    """
    sources: list[Source] = []
    for argument in arguments:
        path = Path(argument)
        if not argument:
            # An unset variable in a script, not the current folder.
            sources.append(Source(argument, path, "empty name; give a file, folder or pattern"))
            continue
        try:
            if argument == STDIN:
                sources.append(_stdin(sources))
            elif path.is_dir():
                sources += _folder(argument, path, suffixes)
            elif glob.has_magic(argument) and not path.exists():
                sources += _pattern(argument)
            else:
                sources.append(Source(argument, path))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            sources.append(Source(argument, path, f"cannot be opened: {reason}"))
    return sources


def drawing_name(picture: Path, taken: set[str], page: int = 0) -> str:
    """A file name for a picture's drawing that no other picture of this run has.

    Args:
        picture: its path.
        taken: names of the others; this one is added.
        page: number of the page, of a file of several.
    """
    stem = "stdin" if str(picture) == STDIN else picture.stem
    stem += f"-p{page}" if page else ""
    names = (f"{stem}{'' if n == 1 else f'-{n}'}.png" for n in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    taken.add(name)
    return name


def _stdin(before: Iterable[Source]) -> Source:
    again = any(source.name == STDIN for source in before)
    error = "is standard input, which can be read once; give '-' once" if again else None
    return Source(STDIN, Path(STDIN), error)


def _folder(name: str, folder: Path, suffixes: Collection[str]) -> list[Source]:
    paths = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in suffixes and not path.is_dir()
    )
    if not paths:
        kinds = " ".join(sorted(suffixes))
        return [Source(name, folder, f"folder holds no pictures; looked for {kinds}")]
    return [Source(str(path), path) for path in paths]


def _pattern(pattern: str) -> list[Source]:
    paths = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    files = [path for path in paths if path.is_file()]
    if not files:
        return [Source(pattern, Path(pattern), "pattern matches no file; check it and its quotes")]
    return [Source(str(path), path) for path in files]
