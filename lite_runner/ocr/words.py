"""Words of a line and their boxes, from the steps at which CTC puts out each character.

A step tells where a character stands, not where it ends (Graves et al. 2006, section 3). A word
ends some half of the distance of its characters behind the last, and no later than at a space
beside it. An ideograph or kana is a word of its own, as in PaddleOCR
(ppocr/postprocess/rec_postprocess.py, ``get_word_info``).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from statistics import median
from typing import Sequence

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.page import Word
from lite_runner.ocr.recogniser import bidi
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Network, Recogniser

#: Half the width of a character that has no neighbour, in heights of the line.
_HALF_WIDE, _HALF_NARROW = 0.45, 0.25
#: A word's first and last character are taken for wider than their distances say, since capitals
#: are, and steps lie a little behind their characters. Over 398 words drawn in DejaVu and Noto CJK
#: at 22 to 36 pixels and read by PP-OCRv6 small, boxes leave 1.8 pixels of a word outside with both
#: and 3.3 without, and overlap the true ones by 92 % (ideographs 88 %).
_OUTER, _LAG = 1.2, 0.25


@dataclass(frozen=True)
class Steps:
    """The best path of a line, and how many of its steps the line is long and high.

    Attributes:
        path: of the line; behind its length there is padding.
        length, height: of the line, in steps.
    """

    path: BestPath
    length: float
    height: float

    @classmethod
    def of(cls, path: BestPath, crop: Image, network: Network) -> Steps:
        """Of the line that was recognised.

        Args:
            path: what was read.
            crop: the line, uint8 hxwx3.
            network: the recogniser's.
        """
        height = network.shape[0] / path.columns
        length = height * crop.shape[1] / crop.shape[0]
        return cls(path, min(length, len(path.classes)), height)


@dataclass(frozen=True)
class _Glyph:
    """A character, the middle of its steps, and its probability."""

    text: str
    centre: float
    probability: float

    @property
    def space(self) -> bool:
        return not self.text.strip()

    @property
    def wide(self) -> bool:
        """Whether it is of a script without spaces between words."""
        return unicodedata.name(self.text[0], "").startswith(("CJK ", "HIRAGANA ", "KATAKANA "))


def words(steps: Steps, recogniser: Recogniser, box: Floats, text: str) -> tuple[Word, ...]:
    """The words of a line.

    Args:
        steps: what was read of it.
        recogniser: by which.
        box: float32 4x2 of the line, from the text's own top left.
        text: the line in the order of reading, which is also the words'.
    """
    glyphs = _glyphs(steps, recogniser)
    rtl = recogniser.direction == "rtl"
    result = []
    for first, last in _spans(glyphs):
        characters = [glyph.text for glyph in glyphs[first : last + 1]]
        scores = [glyph.probability for glyph in glyphs[first : last + 1]]
        left, right = _extent(glyphs, first, last, steps)
        word = bidi.logical(characters) if rtl else "".join(characters)
        result.append(Word(word, sum(scores) / len(scores), part(box, left, right)))
    return tuple(_in_order_of(text, result) if rtl else result)


def part(box: Floats, left: float, right: float) -> Floats:
    """The part of a quad between two shares, 0 to 1, of its length."""
    top, bottom = box[1] - box[0], box[2] - box[3]
    corners = (box[0] + left * top, box[0] + right * top)
    below = (box[3] + right * bottom, box[3] + left * bottom)
    return np.asarray([*corners, *below], np.float32)


def _glyphs(steps: Steps, recogniser: Recogniser) -> list[_Glyph]:
    """Characters from left to right, repeats and blanks taken out."""
    charset, offset = recogniser.charset, recogniser.offset
    glyphs = []
    classes = steps.path.classes.tolist()
    start = 0
    for end in range(1, len(classes) + 1):
        if end < len(classes) and classes[end] == classes[start]:
            continue
        index = classes[start] - offset
        if classes[start] != recogniser.blank % (len(charset) + 1) and 0 <= index < len(charset):
            probability = float(steps.path.probabilities[start])
            glyphs.append(_Glyph(charset[index], (start + end) / 2 - _LAG, probability))
        start = end
    return [glyph for glyph in glyphs if glyph.text]


def _spans(glyphs: Sequence[_Glyph]) -> list[tuple[int, int]]:
    """First and last glyph of each word."""
    spans: list[tuple[int, int]] = []
    joins = False
    for index, glyph in enumerate(glyphs):
        if not glyph.space:
            if joins and not glyph.wide:
                spans[-1] = spans[-1][0], index
            else:
                spans.append((index, index))
        joins = not glyph.space and not glyph.wide
    return spans


def _extent(glyphs: Sequence[_Glyph], first: int, last: int, steps: Steps) -> tuple[float, float]:
    """Where a word begins and ends, as shares of the line."""
    half = _OUTER * _half_width(glyphs, first, last, steps)
    left, right = glyphs[first].centre - half, glyphs[last].centre + half
    if first > 0:
        left = max(left, _border(glyphs[first - 1], glyphs[first]))
    if last + 1 < len(glyphs):
        right = min(right, _border(glyphs[last + 1], glyphs[last]))
    return max(0.0, left / steps.length), min(1.0, right / steps.length)


def _border(neighbour: _Glyph, end: _Glyph) -> float:
    """How far a word that ends with a glyph may reach beside another."""
    return neighbour.centre if neighbour.space else (neighbour.centre + end.centre) / 2


def _half_width(glyphs: Sequence[_Glyph], first: int, last: int, steps: Steps) -> float:
    """Half the distance of a word's characters, or of others of their kind; in steps."""
    wide = glyphs[first].wide
    for inside in (glyphs[first : last + 1], glyphs):
        distances = [
            right.centre - left.centre
            for left, right in zip(inside, inside[1:])
            if not (left.space or right.space) and left.wide == right.wide == wide
        ]
        if distances:
            return median(distances) / 2
    return steps.height * (_HALF_WIDE if wide else _HALF_NARROW)


def _in_order_of(text: str, words: Sequence[Word]) -> list[Word]:
    """Words in the order in which a text has them; from right to left if it has others."""
    left = list(words)
    ordered = []
    for name in text.split():
        match = next((word for word in left if word.text == name), None)
        if match is None:
            return list(reversed(words))
        left.remove(match)
        ordered.append(match)
    return ordered if not left else list(reversed(words))
