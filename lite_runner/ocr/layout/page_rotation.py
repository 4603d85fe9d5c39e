"""Pages that lie on their side: turned upright before their lines are looked for again.

Lines on their side are detected in pieces where words stand apart, and a page of them has its own
order. A page upside down needs no second look: its lines are as well detected.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.detector import geometry

#: Fewer lines on their side are labels or a spine, not a page.
MIN_LINES = 3
#: These are at least so many times as long as high: a lone 3, 4 or 7 is up to 1.9.
MIN_RATIO = 2.0
#: Share of a page's lines, by length, that must lie on their side.
SIDEWAYS = 0.8
#: Share of a page's lines, by length, that must be upside down for the page to be. A card lying
#: upside down on a desk among others is less, and the picture keeps its own order.
UPSIDE_DOWN = 0.85


def is_sideways(quads: Sequence[Floats]) -> bool:
    """Whether most lines of a picture run downwards or upwards.

    Args:
        quads: 4x2 each, from where the text starts (see :func:`geometry.text_first`).
    """
    total = standing = 0.0
    count = 0
    for quad in quads:
        width, height = geometry.size(quad)
        if width < geometry.TALL * height:
            continue  # a character, or on a page on its side a part of a word, has no direction
        total += width
        if runs_down(quad):
            standing += width
            count += width >= MIN_RATIO * height
    return count >= MIN_LINES and standing >= SIDEWAYS * total


def runs_down(quad: Floats) -> bool:
    """Whether a quad's first side runs rather downwards or upwards than to a side."""
    across, down = np.abs(quad[1] - quad[0]).tolist()
    return bool(down > across)


def quarter_turn(image: Image) -> Image:
    """A picture turned counter-clockwise: lines that ran downwards run to the right.

    Args:
        image: uint8 HxWx3.

    Returns:
        uint8 WxHx3.
    """
    return np.ascontiguousarray(np.rot90(image))


def turned_back(points: Floats, width: int) -> Floats:
    """Points of the picture that :func:`quarter_turn` gave, in the picture it was given.

    Args:
        points: float32 Nx2.
        width: the given picture's, in pixels.
    """
    return np.stack([width - points[:, 1], points[:, 0]], axis=1).astype(np.float32)


def angle(quad: Floats) -> int:
    """180 where the text runs to the left or upwards, else 0.

    Args:
        quad: 4x2, from the text's own top left.
    """
    across, down = (quad[1] - quad[0]).tolist()
    return 180 if (down if runs_down(quad) else across) < 0 else 0
