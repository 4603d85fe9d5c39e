"""The characters a recogniser knows: of a dictionary file, or as its export has them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from lite_runner.pack import read_dictionary
from opt_models.errors import CatalogError


@dataclass(frozen=True)
class Charset:
    """Characters in the order of the recogniser's classes.

    Attributes:
        source: names the file they are from, for messages.
        characters: without the blank; a space after the last of them is not among them.
    """

    source: str
    characters: tuple[str, ...]

    @property
    def direction(self) -> str:
        """One of :data:`opt_models.catalog.published.DIRECTIONS`, by the script of the letters.

        PaddleOCR's dictionaries of Arabic scripts have Latin letters, too, two to each of their own
        at most; all others have no letter that is written from right to left.
        """
        kinds = [
            unicodedata.bidirectional(character) for text in self.characters for character in text
        ]
        leftwards = sum(kind in ("R", "AL") for kind in kinds)
        return "rtl" if 3 * leftwards > kinds.count("L") else "ltr"

    def as_file(self, lines: int) -> bytes:
        """The content of a dictionary file: UTF-8, a character a line.

        Args:
            lines: how many of the characters the recogniser has classes for.
        """
        return "".join(f"{character}\n" for character in self.characters[:lines]).encode()


def read(path: Path) -> Charset:
    """The characters of a dictionary file.

    Raises:
        CatalogError: it cannot be read, or is not UTF-8.
    """
    try:
        return Charset(path.name, read_dictionary(path))
    except OSError as error:
        raise CatalogError(f"--dict {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CatalogError(
            f"--dict {path}: byte {error.start} is not UTF-8; save it as UTF-8, a character a line"
        ) from error


def agreed(given: Charset | None, own: Charset | None) -> Charset | None:
    """The characters that a user's file and the recogniser's export agree on, or the only ones.

    Args:
        given: of ``--dict``.
        own: of the export.

    Raises:
        CatalogError: they disagree; says where first.
    """
    if given is None or own is None or _written(given) == _written(own):
        return own or given
    raise CatalogError(
        f"--dict {given.source}: {_difference(given, own)}; leave --dict out to take the"
        " recogniser's own, or give the dictionary it was trained with"
    )


def _written(charset: Charset) -> tuple[str, ...]:
    """Characters but for lines that were left empty at the end."""
    count = len(charset.characters)
    while count > 0 and not charset.characters[count - 1]:
        count -= 1
    return charset.characters[:count]


def _difference(given: Charset, own: Charset) -> str:
    pairs = zip(given.characters, own.characters)
    for line, (left, right) in enumerate(pairs, 1):
        if left != right:
            return f"line {line} is {left!r}, the characters in {own.source} have {right!r} there"
    counts = len(given.characters), len(own.characters)
    return f"has {counts[0]} lines, {own.source} brings {counts[1]} characters"
