"""Edit distance against its definition, and the character error rate."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lite_runner.accuracy import Accuracy, compare, edit_distance, squash

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
    assert squash(spaced) == squash(one)
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
