"""Words of a line and their boxes, from steps that a test writes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lite_runner.arrays import Floats
from lite_runner.ocr import words
from lite_runner.ocr.page import Word
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Network, Recogniser

CHARSET = (*"abcdefghijklmnopqrstuvwxyz0123456789中文字", "א", "ב", "ג", " ")
#: A line 400 by 40 pixels that is turned by a quarter: it begins at the top right.
BOX = np.array([[340, 100], [340, 500], [300, 500], [300, 100]], np.float32)
STEPS, USED = 60, 50


@pytest.fixture
def letters(recogniser: Recogniser) -> Recogniser:
    return replace(recogniser, charset=CHARSET)


def probabilities(spelled: str) -> Floats:
    """TxC of a line in which ``-`` is the blank; the rest is padding."""
    classes = [0 if step == "-" else CHARSET.index(step) + 1 for step in spelled.ljust(STEPS, "-")]
    result = np.full((STEPS, len(CHARSET) + 1), 0.001, np.float32)
    result[np.arange(STEPS), classes] = 0.9
    return result


def read(spelled: str, letters: Recogniser, network: Network, text: str) -> tuple[Word, ...]:
    crop = np.zeros((40, 400, 3), np.uint8)
    # The line fills 480 of the input's 576 columns, which are 50 of its 60 steps.
    steps = words.Steps.of(BestPath.of(probabilities(spelled), 576), crop, network)
    assert (steps.length, steps.height) == (USED, 5)
    return words.words(steps, letters, BOX, text)


def extents(found: tuple[Word, ...]) -> list[tuple[str, float, float]]:
    """Texts, and where the words begin and end along the line, in steps."""
    return [
        (word.text, *((word.box[:2, 1] - 100) / 400 * USED).round(1).tolist()) for word in found
    ]


def test_words_end_at_spaces(letters: Recogniser, network: Network) -> None:
    (first, second) = read("---aa--b---c--  --d---2--", letters, network, "abc d2")
    ((one, left, end), (two, begin, right)) = extents((first, second))
    assert (one, two) == ("abc", "d2")
    # The middles of a, c, d and 2 are steps 4, 11.5, 18.5 and 22.5; of the space step 15.
    assert 0 < left < 3
    assert 12.5 < end <= 15 <= begin < 17.5
    assert 23 < right < 26
    assert first.score == pytest.approx(0.9)


def test_a_box_is_as_high_as_its_line_and_turned_as_it_is(
    letters: Recogniser, network: Network
) -> None:
    (word,) = read("-a-b-c", letters, network, "abc")
    assert word.box[:, 0].tolist() == [340, 340, 300, 300]
    assert word.box[0, 1] < word.box[1, 1]


def test_an_ideograph_is_a_word(letters: Recogniser, network: Network) -> None:
    found = extents(read("-中---文---a-b--字---", letters, network, "中文ab字"))
    assert [name for name, _, _ in found] == ["中", "文", "ab", "字"]
    for (_, _, end), (_, begin, _) in zip(found, found[1:]):
        assert end <= begin + 0.11, "words do not overlap"


def test_repeats_are_one_character_and_blanks_part_them(
    letters: Recogniser, network: Network
) -> None:
    assert [word.text for word in read("aaa-a-b", letters, network, "aab")] == ["aab"]


@pytest.mark.parametrize("spelled", ["", "   ", "-" * STEPS])
def test_a_line_without_characters_has_no_words(
    spelled: str, letters: Recogniser, network: Network
) -> None:
    assert read(spelled, letters, network, "") == ()


def test_words_stay_inside_their_line(letters: Recogniser, network: Network) -> None:
    ((_, left, _), (_, _, right)) = extents(
        read("m" + "-" * 20 + " " + "-" * 27 + "w", letters, network, "m w")
    )
    assert left == 0
    assert right == USED


def test_from_right_to_left_words_are_in_the_order_of_reading(
    letters: Recogniser, network: Network
) -> None:
    rtl = replace(letters, direction="rtl")
    # As it stands: a Latin phrase between two words, each with its last letter on the left.
    found = read("-ב-א- -a-b- -c- -ג-א--", rtl, network, "אג ab c אב")
    assert [word.text for word in found] == ["אג", "ab", "c", "אב"]
    assert found[0].box[0, 1] > found[-1].box[0, 1]
