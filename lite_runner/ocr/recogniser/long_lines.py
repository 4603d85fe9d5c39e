"""Long lines: cut into overlapping segments for the recogniser, their outputs joined again.

A segment's output near a cut comes of half a glyph. Segments overlap by several glyphs, so that
both outputs have some in common, and the joined one changes over between two of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

import numpy as np

from lite_runner.arrays import Image, Ints
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Network
from lite_runner.pictures.image import resize

#: Longer lines, in multiples of the height, are cut: attention takes memory that grows with the
#: width squared.
MAX_RATIO = 50
#: What is longer still is squeezed to this: no printed line is, but edges of pictures may be.
SQUEEZED_RATIO = 1000
#: Length of a segment, and by how much it overlaps the next, in multiples of the height. Four are
#: some eight Latin letters or four Chinese ones.
SEGMENT_RATIO, OVERLAP_RATIO = 25, 4
#: Segments start at multiples of this, in columns of the input, and so at whole steps of the
#: output: one is 4 or 8 columns wide.
GRID = 32
#: What it costs to change over where the outputs disagree on the character before or behind; each
#: of the four steps at the cut that is no blank costs 1.
_DISAGREE = 4


@dataclass(frozen=True)
class Segment:
    """A line, or a part of a long one.

    Attributes:
        line: index of the line.
        start: first column, at the network's height; 0 of a whole line.
        pixels: uint8 hxwx3; of a part, at the network's height.
        whole: whether it is the whole line.
    """

    line: int
    start: int
    pixels: Image
    whole: bool


def segments(lines: Sequence[Image], network: Network) -> list[Segment]:
    """Cut what is longer than a network reads at once; other lines stay whole.

    Args:
        lines: uint8 hxwx3 each.
        network: the recogniser; one of fixed width reads no more than that.

    Returns:
        In the order of the lines, those of one line from left to right.
    """
    return [segment for index, line in enumerate(lines) for segment in _cut(index, line, network)]


def _cut(index: int, line: Image, network: Network) -> list[Segment]:
    height, width = network.shape
    longest = width if network.fixed_width else MAX_RATIO * height
    scaled = min(-(-line.shape[1] * height // line.shape[0]), SQUEEZED_RATIO * height)
    if scaled <= longest:
        return [Segment(index, 0, line, True)]
    span = width if network.fixed_width else _on_grid(SEGMENT_RATIO * height)
    resized = resize(line, scaled, height)
    return [
        Segment(index, start, resized[:, start : start + span], False)
        for start in starts(scaled, span, min(OVERLAP_RATIO * height, span // 3))
    ]


def starts(length: int, span: int, overlap: int) -> list[int]:
    """Where overlapping spans begin that cover a length, evenly, on the grid of :data:`GRID`."""
    step = _on_grid(span - overlap)
    count = 1 + -(-(length - span) // step)
    last = -(-(length - span) // GRID) * GRID
    return [_on_grid(last * index / (count - 1)) for index in range(count)] if count > 1 else [0]


def _on_grid(length: float) -> int:
    return max(GRID, int(length // GRID) * GRID) if length else 0


def joined(
    segments: Sequence[Segment], paths: Mapping[int, BestPath], blank: int
) -> dict[int, BestPath]:
    """Outputs of the long lines, by the line's index.

    Args:
        segments: of all lines, those of one line from left to right.
        paths: outputs of the segments that are no whole lines, by the segment's index.
        blank: class of the CTC blank.
    """
    lines: dict[int, BestPath] = {}
    for index, segment in enumerate(segments):
        if segment.whole:
            continue
        path, line = paths[index], segment.line
        if segment.start == 0:
            lines[line] = path
        else:
            lines[line] = join(lines[line], path, round(segment.start / path.columns), blank)
    return lines


def join(left: BestPath, right: BestPath, start: int, blank: int) -> BestPath:
    """Join two outputs that overlap.

    Args:
        left: of what stands on the left.
        right: of what goes on from there.
        start: the left one's step that the right one begins with.
        blank: class of the CTC blank.
    """
    start = min(start, len(left.classes))
    shared = min(len(left.classes) - start, len(right.classes))
    cut = changeover(left.classes[start : start + shared], right.classes[:shared], blank)
    return BestPath(
        np.concatenate([left.classes[: start + cut], right.classes[cut:]]),
        np.concatenate([left.probabilities[: start + cut], right.probabilities[cut:]]),
        left.columns,
    )


def changeover(left: Ints, right: Ints, blank: int) -> int:
    """The step at which to go over from one output to the next, of the steps both have.

    In the middle half, away from what is cut: where both agree on the characters before and behind,
    between glyphs.
    """
    before = [_last_characters(classes, blank) for classes in (left, right)]
    behind = [_last_characters(classes[::-1], blank)[::-1] for classes in (left, right)]

    def cost(cut: int) -> tuple[int, int]:
        disagree = (before[0][cut] != before[1][cut]) + (behind[0][cut] != behind[1][cut])
        around = [*left[max(0, cut - 1) : cut + 1], *right[max(0, cut - 1) : cut + 1]]
        glyphs = sum(int(step) != blank for step in around)
        return _DISAGREE * disagree + glyphs, abs(2 * cut - len(left))

    margin = len(left) // 4
    return min(range(margin, len(left) - margin + 1), key=cost)


def _last_characters(classes: Ints, blank: int) -> list[int]:
    """The last class before each step, and behind the last, that is no blank; else the blank."""
    last = [blank]
    for step in classes.tolist():
        last.append(last[-1] if step == blank else step)
    return last
