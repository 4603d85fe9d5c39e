"""Edit distance against its definition, and the character error rate."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lite_runner.scoring.cer import (
    Accuracy,
    compare,
    compare_with_spaces,
    edit_distance,
    strip_whitespace,
    total,
)

words = st.text("ab字", max_size=7)


@lru_cache(maxsize=None)
def by_definition(one: str, two: str) -> int:
    if not one or not two:
        return len(one) + len(two)
    replaced = by_definition(one[1:], two[1:]) + (one[0] != two[0])
    return min(replaced, by_definition(one[1:], two) + 1, by_definition(one, two[1:]) + 1)


@given(words, words)
def test_edit_distance_is_the_least_number_of_edits(one: str, two: str) -> None:
    assert edit_distance(one, two) == by_definition(one, two)


@given(words, words, words)
def test_edit_distance_is_a_distance(one: str, two: str, three: str) -> None:
    assert edit_distance(one, two) == edit_distance(two, one)
    assert (edit_distance(one, two) == 0) == (one == two)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)


lines = st.lists(st.text(max_size=6), max_size=4)


@given(lines, lines)
def test_only_characters_count_not_lines_or_spaces(one: list[str], two: list[str]) -> None:
    spaced = ["".join(f"{char}\u3000\n" for char in line) for line in one]
    assert strip_whitespace(spaced) == strip_whitespace(one)
    assert compare(spaced, two) == compare(["".join(one)], two)


@pytest.mark.parametrize(
    ("expected", "read", "errors", "characters", "rate"),
    [
        (["你好 世界"], ["你好", "世界"], 0, 4, 0.0),
        (["abcd"], ["abxd"], 1, 4, 0.25),
        (["abcd"], [], 4, 4, 1.0),
        ([], [], 0, 0, 0.0),
        ([], ["ab"], 2, 0, 2.0),
        (["a"], ["abcd"], 3, 1, 3.0),
    ],
)
def test_rate_is_errors_by_true_characters(
    expected: list[str], read: list[str], errors: int, characters: int, rate: float
) -> None:
    found = compare(expected, read)
    assert found == Accuracy(errors, characters)
    assert found.cer == rate


def test_long_texts_are_compared_beyond_a_machine_word() -> None:
    random = Random(3)  # noqa: S311
    for length in (63, 64, 65, 900):
        text = "".join(random.choice("abc 字") for _ in range(length))
        places = sorted(random.sample(range(length), 9))
        # What is in no true text takes an edit each, and a character that is gone one more.
        read = [*text]
        for place in places:
            read[place] = "?"
        del read[places[0]]
        assert edit_distance(text, "".join(read)) == 9
        assert edit_distance("".join(read), text) == 9


@pytest.mark.parametrize(
    ("expected", "read", "errors", "characters"),
    [
        (["engine platform"], ["engineplatform"], 1, 15),
        (["ab", "cd"], ["ab cd"], 0, 5),
        (["ab cd"], ["ab", "cd"], 0, 5),
        (["ab", "cd"], ["abcd"], 1, 5),
        ([" a  b "], ["a\u3000b\n"], 0, 3),
        (["a b"], ["a", "", " ", "b"], 0, 3),
        (["ab"], ["a b c"], 3, 2),
        ([], ["a"], 1, 0),
        ([" "], [], 0, 0),
    ],
)
def test_with_spaces_words_and_lines_stand_apart_by_one(
    expected: list[str], read: list[str], errors: int, characters: int
) -> None:
    assert compare_with_spaces(expected, read) == Accuracy(errors, characters)


@given(lines, lines)
def test_spaces_only_add_errors(one: list[str], two: list[str]) -> None:
    plain, spaced = compare(one, two), compare_with_spaces(one, two)
    assert plain.errors <= spaced.errors
    assert plain.characters <= spaced.characters
    assert (compare_with_spaces(one, one).errors, compare_with_spaces([], []).errors) == (0, 0)


def test_pages_are_counted_together() -> None:
    assert total([Accuracy(1, 4), Accuracy(2, 6)]) == Accuracy(3, 10)
    assert total([]) == Accuracy(0, 0)
