"""Characters of a recogniser: of a file, of its export, and where both are given."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ContextManager

import pytest

from lite_runner.pack import read_dictionary
from opt_models.catalog import catalog, charsets
from opt_models.errors import CatalogError
from opt_models.packs.dictionary import Charset, agreed, read

Refuses = Callable[..., ContextManager[None]]

OWN = Charset("inference.yml", ("a", "b", "\u3000"))


@pytest.mark.parametrize(
    "characters",
    [("a", "b", "\u3000"), ("a", "", "b"), (" ", "\x0b", "\x85", "🇩🇪"), ("a", "b", "")],
)
def test_a_dictionary_file_is_read_as_it_was_written(
    tmp_path: Path, characters: tuple[str, ...]
) -> None:
    path = tmp_path / "dictionary.txt"
    path.write_bytes(Charset("x", characters).as_file(len(characters)))
    assert read_dictionary(path) == read(path).characters == characters


def test_only_characters_with_classes_are_written(tmp_path: Path) -> None:
    assert Charset("x", ("a", "b", "", "")).as_file(2) == b"a\nb\n"


@pytest.mark.parametrize("empty", [0, 1, 3])
def test_lines_left_empty_at_the_end_are_no_difference(empty: int) -> None:
    given = Charset("mine.txt", (*OWN.characters, *[""] * empty))
    assert agreed(given, OWN) == OWN
    assert agreed(OWN, given) == given
    assert agreed(given, None) == given
    assert agreed(None, OWN) == OWN


@pytest.mark.parametrize(
    ("characters", "told"),
    [
        (("a", "", "\u3000"), "line 2 is '', the characters in inference.yml have 'b' there"),
        (("a", "b"), "has 2 lines, inference.yml brings 3 characters"),
    ],
)
def test_dictionaries_that_disagree(
    characters: tuple[str, ...], told: str, refuses: Refuses
) -> None:
    with refuses(CatalogError, f"--dict mine.txt: {told}", "leave --dict out"):
        agreed(Charset("mine.txt", characters), OWN)


@pytest.mark.parametrize(
    ("characters", "direction"),
    [
        ("abc ä 0-9", "ltr"),
        ("0123456789", "ltr"),
        ("你好ありがとう", "ltr"),
        ("שלום abc", "rtl"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ سلام", "ltr"),
        ("ABCDEFGH سلام", "rtl"),
    ],
)
def test_letters_tell_the_direction(characters: str, direction: str) -> None:
    assert Charset("x", tuple(characters)).direction == direction


def test_the_catalogs_directions_follow_from_their_letters() -> None:
    for model in catalog.models().values():
        if model.dictionary is not None:
            characters = tuple(charsets.of(model.dictionary))
            assert Charset(model.name, characters).direction == model.direction, model.name
