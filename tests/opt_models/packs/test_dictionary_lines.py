"""Lines of dictionaries that may stand there by mistake."""

from __future__ import annotations

from typing import Callable, ContextManager

import pytest

from opt_models.errors import CatalogError
from opt_models.packs.dictionary import Charset
from opt_models.packs.dictionary_lines import check

Refuses = Callable[..., ContextManager[None]]

EMPTY, TWICE = ("a", "", "b"), ("a", "b", "a")


def charset(*characters: str) -> Charset:
    return Charset("mine.txt", characters)


@pytest.mark.parametrize("space", [True, False])
def test_nothing_is_said_of_a_good_one(space: bool, capsys: pytest.CaptureFixture[str]) -> None:
    check(charset("a", "b", "\u3000", " "), 4, space)
    assert capsys.readouterr().err == ""


def test_lines_left_empty_at_the_end_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    check(charset("a", "b", "", ""), 2, has_space=True)
    assert "mine.txt: empty at its end, left out: line 3, 4\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("characters", "words"),
    [(EMPTY, ("line 2 is empty",)), (TWICE, ("line 3 is 'a'", "as line 1 is"))],
)
def test_a_line_in_the_place_of_the_space_is_refused(
    characters: tuple[str, ...], words: tuple[str, ...], refuses: Refuses
) -> None:
    with refuses(CatalogError, "mine.txt", *words, "no class left for the space", "remove it"):
        check(charset(*characters), 3, has_space=False)


@pytest.mark.parametrize(("characters", "words"), [(EMPTY, "line 2 is"), (TWICE, "line 3 is 'a'")])
def test_a_line_that_fits_is_told(
    characters: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check(charset(*characters), 3, has_space=True)
    assert words in capsys.readouterr().err
