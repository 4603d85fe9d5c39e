"""Lines of a dictionary that may stand there by mistake: empty ones, and those that come twice."""

from __future__ import annotations

import sys
from typing import Mapping

from opt_models.errors import CatalogError
from opt_models.packs.dictionary import Charset


def check(charset: Charset, used: int, has_space: bool) -> None:
    """Tell lines that may be mistakes, and refuse them where they may have moved the others.

    A line too many looks like the space that the network has after the dictionary: then every
    character behind it would be read as the one before, and words would run together. No dictionary
    that PaddleOCR published has an empty line, or one twice.

    Args:
        charset: of the recogniser.
        used: how many of the lines stand for classes, the first ones.
        has_space: whether the network knows a space after them.

    Raises:
        CatalogError: the dictionary fits only without a space after it, as it would if that line
            were too many.
    """
    left_out = range(used + 1, len(charset.characters) + 1)
    if left_out:
        numbers = ", ".join(map(str, left_out))
        _say(f"  rec: {charset.source}: empty at its end, left out: line {numbers}")
    for number, fault in _faults(charset.characters[:used]).items():
        if not has_space:
            raise CatalogError(
                f"{charset.source}: line {number} {fault}, and only with it there is no class left"
                " for the space; remove it, or if the recogniser was trained with it, write a"
                " character there that nothing else has, such as U+FFFD"
            )
        _say(f"  rec: {charset.source}: line {number} {fault}; taken as it was in training")


def _faults(characters: tuple[str, ...]) -> Mapping[int, str]:
    """What is odd about lines, by their numbers."""
    faults: dict[int, str] = {}
    first: dict[str, int] = {}
    for number, character in enumerate(characters, 1):
        if not character:
            faults[number] = "is empty"
        elif character in first:
            faults[number] = f"is {character!r}, as line {first[character]} is"
        first.setdefault(character, number)
    return faults


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
