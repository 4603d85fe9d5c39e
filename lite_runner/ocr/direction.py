"""Which lines of a page are upside down: they vote, and doubtful ones are read both ways.

The classifier is least sure of short crops, and of what its training did not show, such as digits
of seven segments. The recogniser tells better, but costs more: of 295 drawn words, numbers and
single characters PP-OCRv4 mobile and PP-OCRv6 tiny were each surer of the wrong way by more than
:data:`SURER` for three, all of them single letters such as U and S.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Callable, Sequence

from lite_runner.ocr.line_crop import LineCrop

#: Crops shorter than this many times their height hold one or two characters.
SHORT = 2.0
#: Votes together, in heights of lines, from which on a page's direction is certain: some three
#: windows of the classifier. No line has more votes than this.
CERTAIN = 12.0
#: Share of a page's votes for one direction from which on it is certain.
CLEAR = 0.8
#: By how much the way that the page's other lines do not run must be surer to be taken; see _gain.
SURER = 0.05
#: The same where the classifier is sure that the line runs as the others do: with this, and without
#: counting characters of short crops, PP-OCRv4 mobile reads 184 of 192 single characters right
#: instead of 177: 2, not 乙, and 3, not CC upside down.
SURER_THAN_BOTH = 0.15
#: Lines that are read both ways before a page is taken for upside down.
WITNESSES = 3

Recognise = Callable[[Sequence[LineCrop]], None]


@dataclass(frozen=True)
class PageDirection:
    """What a page's lines say together.

    Attributes:
        upside_down: whether most of them are.
        share: of the votes, how many say so.
        certain: whether there are enough votes, and clear ones, to settle what short lines are.
    """

    upside_down: bool
    share: float
    certain: bool


def of_page(lines: Sequence[LineCrop]) -> PageDirection:
    """The direction of most lines, weighted by their length and the classifier's confidence."""
    weights = [min(line.length, CERTAIN) for line in lines]
    votes = [weight * line.upside_down for weight, line in zip(weights, lines)]
    share = sum(votes) / sum(weights) if weights else 0.0
    certain = sum(weights) >= CERTAIN and max(share, 1 - share) >= CLEAR
    return PageDirection(share > 0.5, share, certain)


def settle(
    lines: Sequence[LineCrop],
    threshold: float,
    recognise: Recognise | None,
    sideways: bool = False,
) -> tuple[list[LineCrop], float]:
    """Turn the lines that are upside down.

    Args:
        lines: as they were cut out, with the classifier's probabilities.
        threshold: probability from which on the classifier is sure.
        recognise: reads lines, and is given the doubtful ones both ways; None where nothing is
            recognised: then the classifier alone decides.
        sideways: the picture was turned by a quarter, so that either way up is as likely.

    Returns:
        The lines in the same order, those that were read for this with their text, and which share
        of the page, by length, was upside down.
    """
    page = of_page(lines)
    rotated: dict[int, LineCrop] = {}
    if recognise and (page.upside_down or sideways):
        rotated = _read_both_ways(lines, _witnesses(lines, page), recognise)
        gain = sum(_gain(lines[index], other) for index, other in rotated.items())
        least = 0.0 if sideways or page.share >= threshold else SURER
        page = _confirmed(page, gain, least)
    if recognise:
        unread = [index for index in _doubtful(lines, page, threshold) if index not in rotated]
        rotated.update(_read_both_ways(lines, unread, recognise))
    settled = [
        _settled(line, rotated.get(index), page, threshold) for index, line in enumerate(lines)
    ]
    return settled, _share(lines, settled)


def _witnesses(lines: Sequence[LineCrop], page: PageDirection) -> list[int]:
    """The longest of the lines that vote as the page does."""
    voters = [i for i, line in enumerate(lines) if (line.upside_down > 0.5) == page.upside_down]
    return sorted(voters, key=lambda index: -lines[index].length)[:WITNESSES]


def _confirmed(page: PageDirection, gain: float, least: float) -> PageDirection:
    """The page's direction, or the other one if its witnesses read better that way."""
    if (gain >= least) if page.upside_down else (gain <= least):
        return page
    return PageDirection(not page.upside_down, page.share, False)


def _doubtful(lines: Sequence[LineCrop], page: PageDirection, threshold: float) -> list[int]:
    """Lines that disagree with their page, and where it is not certain, short and unsure ones."""
    doubtful = []
    for index, line in enumerate(lines):
        disagrees = (line.upside_down > 0.5) != page.upside_down
        unsure = line.length < SHORT or not _is_sure(line, threshold)
        if disagrees or (unsure and not page.certain):
            doubtful.append(index)
    return doubtful


def _read_both_ways(
    lines: Sequence[LineCrop], indices: Sequence[int], recognise: Recognise
) -> dict[int, LineCrop]:
    """The lines turned, by index; read, as the lines themselves are."""
    rotated = {index: lines[index].rotated() for index in indices}
    if rotated:
        recognise([*(lines[index] for index in indices), *rotated.values()])
    return rotated


def _settled(
    line: LineCrop, rotated: LineCrop | None, page: PageDirection, threshold: float
) -> LineCrop:
    """The line, or the line turned."""
    if rotated is not None:
        usual, unusual = (rotated, line) if page.upside_down else (line, rotated)
        agrees = _is_sure(line, threshold) and (line.upside_down > 0.5) == page.upside_down
        least = SURER_THAN_BOTH if agrees else SURER
        return unusual if _gain(usual, unusual) > least else usual
    turn = line.upside_down > 0.5 if _is_sure(line, threshold) else page.upside_down
    return line.rotated() if turn else line


def _is_sure(line: LineCrop, threshold: float) -> bool:
    return max(line.upside_down, 1 - line.upside_down) >= threshold


def _gain(line: LineCrop, other: LineCrop) -> float:
    """By how much a line reads better the other way, at most 0.5.

    Characters count by what their probability exceeds one half: upside down a line may read as a
    single character of 0.97, where the other way it gives seven of 0.99. In a crop of one or two
    characters more of them tell nothing: a 3 upside down reads CC.
    """
    before, after = (max(0.0, read.score - 0.5) for read in (line, other))
    if line.length < SHORT:
        return after - before
    counts = [len(read.text or "") for read in (line, other)]
    return (counts[1] * after - counts[0] * before) / max(1, *counts)


def _share(lines: Sequence[LineCrop], settled: Sequence[LineCrop]) -> float:
    """Which share of the lines' length, in pixels, was turned."""
    widths = [line.pixels.shape[1] for line in lines]
    turned = (after.angle != line.angle for line, after in zip(lines, settled))
    return float(sum(itertools.compress(widths, turned)) / max(1, sum(widths)))
