"""Annotated pictures: the lines outlined, and their text at the same positions beside them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.detector import geometry
from lite_runner.ocr.page import Page

#: Outline colours, BGR, taken in turn so that neighbours differ.
_COLOURS = ((60, 60, 220), (40, 150, 40), (210, 110, 30), (160, 40, 160), (20, 130, 200))
#: Limits of an annotated picture's longer side, per half: small ones are enlarged so that the
#: outlines do not hide the text, and a poster needs no 100-megapixel proof.
_SHORTEST, _LONGEST = 900, 1600


def annotate(image: Image, page: Page) -> Image:
    """Draw a page's lines over its picture, with the text on white to the right.

    Args:
        image: uint8 HxWx3 BGR, the picture that was read.
        page: what was read.

    Returns:
        uint8 hx2wx3 BGR (hxw where nothing was recognised), each half scaled so that its longer
        side has 900 to 1600 pixels. A dot marks each line's first corner.
    """
    longest = max(image.shape[:2])
    scale = min(_LONGEST, max(_SHORTEST, longest)) / longest
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    left = np.array(cv2.resize(image, size, interpolation=method), np.uint8)
    right: Image = np.full_like(left, 255)
    recognised = any(line.text is not None for line in page.lines)
    for number, line in enumerate(page.lines):
        colour = _COLOURS[number % len(_COLOURS)]
        shape = line.box if line.polygon is None else line.polygon
        outline = np.asarray(shape * scale, np.float32)
        for canvas in (left, right):
            points, thickness = [np.rint(outline).astype(np.int32)], 2 if canvas is left else 1
            cv2.polylines(canvas, points, True, colour, thickness, cv2.LINE_AA)
        corner = (round(float(outline[0, 0])), round(float(outline[0, 1])))
        cv2.circle(left, corner, 4, colour, -1, cv2.LINE_AA)
        if line.text is not None:
            _write(right, line.text, outline)
    return np.hstack([left, right]) if recognised or not page.lines else left


def _write(canvas: Image, text: str, outline: Floats) -> None:
    """Write text into a line's box or polygon, turned, slanted and bent as that is.

    Args:
        outline: float32 2Nx2: N points along the tops of the text, and as many back below it.
    """
    upper, lower = np.split(outline, 2)
    lower = lower[::-1]
    quads = [
        np.array([upper[n], upper[n + 1], lower[n + 1], lower[n]]) for n in range(len(upper) - 1)
    ]
    sizes = [geometry.size(quad) for quad in quads]
    width = max(8, round(sum(wide for wide, _ in sizes)))
    patch = _text_patch(text, width, max(8, round(max(high for _, high in sizes))))
    ends = np.rint(np.linspace(0, width, len(quads) + 1)).astype(int)
    for quad, start, end in zip(quads, ends, ends[1:]):
        if end > start:
            _paste(canvas, patch[:, start:end], quad)


def _paste(canvas: Image, patch: Image, box: Floats) -> None:
    """Darken a canvas by a patch that is laid into a quad."""
    height, width = patch.shape[:2]
    limit = np.array([canvas.shape[1], canvas.shape[0]], np.float32)
    low = np.clip(np.floor(box.min(axis=0)), 0, limit - 1).astype(int)
    high_corner = np.clip(np.ceil(box.max(axis=0)), low + 1, limit).astype(int)
    part = canvas[low[1] : high_corner[1], low[0] : high_corner[0]]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, box - low.astype(np.float32))
    size = (part.shape[1], part.shape[0])
    warped = cv2.warpPerspective(
        patch, matrix, size, flags=cv2.INTER_AREA, borderValue=(255, 255, 255)
    )
    np.minimum(part, np.asarray(warped, np.uint8), out=part)


def _text_patch(text: str, width: int, height: int) -> Image:
    """Black text on white, filling the patch as far as its own proportions allow."""
    patch: Image = np.full((height, width, 3), 255, np.uint8)
    if hasattr(cv2, "FontFace"):
        # OpenCV 5 draws any script with fonts it brings along.
        face: Any = cv2.FontFace("sans")
        points = max(6, round(height * 0.72))
        drawn = _text_width(text, face, points)
        if drawn > width * 0.96:
            points = max(6, int(points * width * 0.96 / drawn))
        origin = (round(width * 0.02), round(height * 0.5 + points * 0.36))
        cv2.putText(patch, text, origin, (0, 0, 0), face, points)
        return patch
    # OpenCV 4 has ASCII strokes only; what it cannot write is shown as an ellipsis.
    shown = text if text.isascii() else "..."
    (drawn, _), _ = cv2.getTextSize(shown, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)
    size = min(width * 0.96 / max(1, drawn), height * 0.6 / 22)
    origin = (round(width * 0.02), round(height * 0.72))
    cv2.putText(patch, shown, origin, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA)
    return patch


def _text_width(text: str, face: Any, points: int) -> int:
    _, _, width, _ = cv2.getTextSize((1, 1), text, (0, 0), face, points)
    return int(width)
