"""Lines written from right to left: from the order characters stand in to the order of reading.

A CTC recogniser gives characters as they stand, from left to right. Text is kept in the order in
which it is read; renderers put it in place by the Unicode Bidirectional Algorithm (UAX #9,
https://www.unicode.org/reports/tr9). This is its inverse for a paragraph from right to left. Where
several texts look alike, Latin words and the numbers beside them are taken for one phrase.

PaddleOCR went from a list of Latin characters (ppocr/postprocess/rec_postprocess.py,
``pred_reverse``) to running the algorithm itself over the line as it stands, which mirrors brackets
as this does.
"""

from __future__ import annotations

import unicodedata
from typing import Iterable, Iterator, Sequence, Tuple

#: Letters of scripts from right to left: Hebrew and its kin, Arabic and its kin.
_RIGHT_TO_LEFT = ("R", "AL")
_NUMBERS = ("EN", "AN")
_OPENING, _CLOSING = "([{（［｛「『【《〈〔", ")]}）］｝」』】》〉〕"
#: Brackets that belong together (BidiBrackets.txt), as far as recognisers' dictionaries have them.
_CLOSING_OF = dict(zip(_OPENING, _CLOSING))
#: What is drawn mirrored from right to left (BidiMirroring.txt), as far as dictionaries have it.
_MIRRORED = str.maketrans(f"{_OPENING}{_CLOSING}<>≤≥«»‹›＜＞", f"{_CLOSING}{_OPENING}><≥≤»«›‹＞＜")

#: Indices of the first character of a stretch and of the one after its last.
_Span = Tuple[int, int]


def logical(characters: Sequence[str]) -> str:
    """Text of a line in the order of reading.

    Args:
        characters: as they stand, from left to right. One may be of several code points: these keep
            their order.

    Returns:
        All of them. A line without any letter from right to left is left alone. Others are read
        from their right end on, but Latin words and numbers from left to right.
    """
    # Dictionaries may hold empty lines.
    classes = [unicodedata.bidirectional(text[0]) if text else "" for text in characters]
    if not any(name in _RIGHT_TO_LEFT for name in classes):
        return "".join(characters)
    parts: list[str] = []
    end = len(characters)
    for start, stop in reversed(_joined(_left_to_right(characters, classes))):
        parts += _turned(characters[stop:end])
        parts += characters[start:stop]
        end = start
    return "".join(parts + _turned(characters[:end]))


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """In order, and those that touch as one."""
    joined: list[_Span] = []
    for start, stop in sorted(spans):
        if joined and joined[-1][1] == start:
            start = joined.pop()[0]
        joined.append((start, stop))
    return joined


def _turned(characters: Sequence[str]) -> list[str]:
    return [character.translate(_MIRRORED) for character in reversed(characters)]


def _left_to_right(characters: Sequence[str], classes: Sequence[str]) -> Iterator[_Span]:
    """What is read from left to right: phrases, and numbers between words from right to left."""
    pairs = list(_brackets(characters))
    # Brackets around a letter from right to left stand with it (rule N0).
    borders = {side for pair in pairs if _has(classes, pair, _RIGHT_TO_LEFT) for side in pair}
    borders |= {index for index, name in enumerate(classes) if name in _RIGHT_TO_LEFT}
    start = 0
    for stop in (*sorted(borders), len(classes)):
        # The letter that is read before.
        before = next((name for name in classes[stop:] if name in _RIGHT_TO_LEFT), "")
        yield from _within((start, stop), classes, pairs, before == "AL")
        start = stop + 1


def _brackets(characters: Sequence[str]) -> Iterator[_Span]:
    """Indices of brackets that belong together (definition BD16)."""
    expected: list[tuple[str, int]] = []
    for index, character in enumerate(characters):
        if character in _CLOSING_OF:
            expected.append((_CLOSING_OF[character], index))
        elif any(closing == character for closing, _ in expected):
            closing, opened = expected.pop()
            while closing != character:
                closing, opened = expected.pop()
            yield opened, index


def _within(
    span: _Span, classes: Sequence[str], pairs: Sequence[_Span], arabic: bool
) -> Iterator[_Span]:
    """What is read from left to right of a stretch without letters from right to left.

    Args:
        arabic: it is read after an Arabic letter.
    """
    start, stop = span
    numbers = list(_numbers(span, classes, arabic))
    if not _has(classes, span, ("L",)):
        yield from numbers
        return
    for number in numbers:
        # Arabic digits are no part of a phrase (rule W7 is about European ones).
        if _has(classes, number, ("AN",)):
            yield number
            yield from _within((start, number[0]), classes, pairs, arabic)
            yield from _within((number[1], stop), classes, pairs, arabic)
            return
    first, last = _words(span, classes)
    for opened, closed in pairs:
        if start <= opened < first <= closed <= last:
            if not _has(classes, (closed, stop), ("L",)):
                # Words in brackets that are read after a number.
                yield from _within((opened + 1, closed), classes, pairs, arabic)
                yield from _within((closed + 1, stop), classes, pairs, arabic)
                return
            first = opened
        elif first <= opened <= last < closed < stop:
            last = closed
    yield first, last + 1


def _words(span: _Span, classes: Sequence[str]) -> _Span:
    """Indices of the first and last character of a phrase, without brackets around its ends."""
    start, stop = span
    inside = [index for index in range(start, stop) if classes[index] in ("L", "EN")]
    first, last = inside[0], inside[-1]
    # Signs such as % belong to the number they touch (rule W5), accents to their letter (W1).
    while first > start and classes[first - 1] == "ET" and classes[first] != "L":
        first -= 1
    while last + 1 < stop and (
        classes[last + 1] == "NSM" or (classes[last + 1] == "ET" and classes[last] != "L")
    ):
        last += 1
    return first, last


def _numbers(span: _Span, classes: Sequence[str], arabic: bool) -> Iterator[_Span]:
    """Each number of a stretch without words, with its own separators and signs."""
    start, stop = span
    # European digits after Arabic letters do as Arabic ones (rule W2).
    names = ["AN" if arabic and name == "EN" else name for name in classes[start:stop]]
    _join_separators(names)
    _join_signs(names)
    _join_signs(names, backwards=True)
    first = None
    for index, name in enumerate((*names, "")):
        if name in _NUMBERS and first is None:
            first = index
        elif name not in _NUMBERS and first is not None:
            yield start + first, start + index
            first = None


def _join_separators(names: list[str]) -> None:
    """Make a single separator between two numbers a part of them (rule W4)."""
    for index in range(1, len(names) - 1):
        before, name, after = names[index - 1 : index + 2]
        if before == after and (name, before) in (("CS", "EN"), ("CS", "AN"), ("ES", "EN")):
            names[index] = before


def _join_signs(names: list[str], backwards: bool = False) -> None:
    """Make signs that follow a European number a part of it (rule W5)."""
    places = range(len(names))
    for near, index in zip(places[::-1], places[-2::-1]) if backwards else zip(places, places[1:]):
        if names[index] == "ET" and names[near] == "EN":
            names[index] = "EN"


def _has(classes: Sequence[str], span: _Span, names: Sequence[str]) -> bool:
    return any(name in names for name in classes[span[0] : span[1]])
