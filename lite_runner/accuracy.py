"""How much of a true text was read: edit distance and character error rate."""

from __future__ import annotations

from typing import Iterable, NamedTuple, Sequence


class Accuracy(NamedTuple):
    """Characters that are wrong, missing or too many, and characters of the true text."""

    errors: int
    characters: int

    @property
    def cer(self) -> float:
        """Character error rate; 0 for an empty truth read as empty, else above 1 possible."""
        return self.errors / max(1, self.characters)


def compare(expected: Sequence[str], read: Sequence[str]) -> Accuracy:
    """Compare two pages as concatenated text, white space left out.

    Args:
        expected: the true lines in reading order.
        read: the lines that were read.
    """
    true_text, read_text = squash(expected), squash(read)
    return Accuracy(edit_distance(true_text, read_text), len(true_text))


def compare_with_spaces(expected: Sequence[str], read: Sequence[str]) -> Accuracy:
    """Compare two pages with their spaces: words and lines stand apart by one.

    Args:
        expected: the true lines in reading order.
        read: the lines that were read.
    """
    true_text, read_text = (" ".join(" ".join(lines).split()) for lines in (expected, read))
    return Accuracy(edit_distance(true_text, read_text), len(true_text))


def total(parts: Iterable[Accuracy]) -> Accuracy:
    """Of several pages together."""
    rows = list(parts)
    return Accuracy(sum(row.errors for row in rows), sum(row.characters for row in rows))


def squash(lines: Sequence[str]) -> str:
    """Lines as one text without white space: the networks place spaces loosely."""
    return "".join("".join(lines).split())


def edit_distance(one: str, two: str) -> int:
    """Least number of characters to insert, remove or replace (Levenshtein 1966)."""
    row = list(range(len(two) + 1))
    for count, left in enumerate(one, 1):
        above, row[0] = row[0], count
        for index, right in enumerate(two, 1):
            replaced = above + (left != right)
            above = row[index]
            row[index] = min(above + 1, row[index - 1] + 1, replaced)
    return row[-1]
