"""Edit distance and character error rate between the true text and what was read."""

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
    true_text, read_text = strip_whitespace(expected), strip_whitespace(read)
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


def strip_whitespace(lines: Sequence[str]) -> str:
    """Lines as one text without white space: the networks place spaces loosely."""
    return "".join("".join(lines).split())


def edit_distance(expected: str, read: str) -> int:
    """Least number of characters to insert, remove or replace (Levenshtein 1966).

    A column of the table at once, as bits of integers: Hyyrö, A Bit-Vector Algorithm for Computing
    Levenshtein and Damerau Edit Distances, 2003, after Myers 1999.
    """
    if not expected:
        return len(read)
    where: dict[str, int] = {}
    for index, character in enumerate(expected):
        where[character] = where.get(character, 0) | 1 << index
    all_bits, last = (1 << len(expected)) - 1, 1 << len(expected) - 1
    # Rows at which a column grows, and at which it falls, by one from the row above.
    up, down, distance = all_bits, 0, len(expected)
    for character in read:
        equal = where.get(character, 0)
        diagonal = (((equal & up) + up) ^ up) | equal
        right_up = down | (all_bits & ~(diagonal | up))
        right_down = up & diagonal
        distance += bool(right_up & last) - bool(right_down & last)
        right_up = all_bits & (right_up << 1 | 1)
        stays = equal | down
        up = all_bits & (right_down << 1 | ~(stays | right_up))
        down = right_up & stays
    return distance
