"""Detection at further scales, where a picture that was shrunk has text too small for the first.

The first look is at the whole picture. Where it shows strokes finer than those of text that is
found (:mod:`lite_runner.ocr.detector.fine_strokes`), tiles of the picture are looked at three times
as large, and so on up to the picture's own size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from lite_runner.arrays import Doubles, Floats, Image, Ints
from lite_runner.ocr.detector import detection, fine_strokes, geometry
from lite_runner.ocr.detector.detection import Region
from lite_runner.ocr.detector.tiled_map import Run, Tile, TiledMap
from lite_runner.pack import Detector
from lite_runner.pictures.image import resize

#: A picture that was shrunk to less than this has a closer look if need be.
SHRUNK = 2 / 3
#: By how much each look is closer than the one before: text of :data:`fine_strokes.READABLE` pixels
#: then has as many as are found best, 24.
CLOSER = 3
#: A closer look of less than so many times the scale finds nothing new.
_WORTHWHILE = 1.25
#: Largest map, in pixels: 67 MB.
MAX_PIXELS = 1 << 24
#: Tiles with fewer fine cells are passed over: a word of five letters has more.
MIN_CELLS = 8
#: Where none of so many tiles, those with the most fine cells, has small text, it is a texture.
TRIES = 3
#: A region lower than this, in pixels of the map, gives way to what a closer look finds there.
SMALL = 2 * fine_strokes.READABLE
#: A higher one gives way to lines of less than this share of its height: it is a block of them.
_OF_BLOCK = 0.6
#: What is so many times longer than high, and as low as that, is a line within another region, such
#: as one around all of a page; what is shorter is a part of a large letter.
_LINE = 4
#: Share of a region's area that must be found again.
_COVERED = 0.5


@dataclass(frozen=True)
class Detections:
    """What was detected in a picture.

    Attributes:
        regions: in no order.
        smallest_text: height in pixels of the picture below which text was missed if it is text;
            None where nothing hints at such.
    """

    regions: list[Region]
    smallest_text: int | None


class CloserLook:
    """Looks at a picture again, where the first look leaves small text.

    Args:
        detector: settings.
        most: largest side of the network's input.
        run: the network.
        allowed: whether to look again; otherwise it is only reported what can be missing.
    """

    def __init__(self, detector: Detector, most: int, run: Run, allowed: bool = True) -> None:
        self._detector = detector
        self._span = detection.tile_span(detector, most)
        self._run = run
        self._allowed = allowed

    def find(self, image: Image, regions: list[Region], scale: float) -> Detections:
        """Text of all sizes.

        Args:
            image: uint8 HxWx3 BGR.
            regions: of the first look.
            scale: of the first look's map to the picture.
        """
        height, width = image.shape[:2]
        limit = min(1.0, math.sqrt(MAX_PIXELS / (width * height)))
        while scale < SHRUNK:
            cells = fine_strokes.fine_cells(image, scale)
            if cells.sum() < MIN_CELLS:
                break
            if not self._allowed or limit < scale * _WORTHWHILE:
                return Detections(regions, math.ceil(fine_strokes.READABLE / scale))
            small = SMALL / scale
            scale = min(limit, CLOSER * scale)
            regions = merge(regions, self._look(image, scale, cells), small)
        return Detections(regions, None)

    def _look(self, image: Image, scale: float, cells: Ints) -> list[Region]:
        """Regions in those tiles of a picture, scaled, that have fine cells."""
        height, width = image.shape[:2]
        size = detection.multiple(width * scale), detection.multiple(height * scale)
        tiled = TiledMap(resize(image, *size), self._detector.network, self._span, self._run)
        counts = {tile: _cells_in(cells, tile, size) for tile in tiled.tiles}
        tiles = [tile for tile in tiled.tiles if counts[tile] >= MIN_CELLS]
        has_text = False
        for number, tile in enumerate(sorted(tiles, key=lambda tile: -counts[tile])):
            if number >= TRIES and not has_text:
                return []
            output = tiled.look(tile)
            has_text = has_text or self._has_small_text(output)
        return detection.postprocess(tiled.map, width, height, self._detector) if tiles else []

    def _has_small_text(self, probability: Floats) -> bool:
        """Whether a tile has text of a height that the look before could not find."""
        rows, columns = probability.shape
        regions = detection.postprocess(probability, columns, rows, self._detector)
        return any(min(geometry.size(quad)) < 2 * SMALL for quad, _ in regions)


def _cells_in(cells: Ints, tile: Tile, size: Sequence[int]) -> int:
    """Number of fine cells in a tile of a picture of a size."""
    rows, columns = cells.shape
    left, right = tile.x * columns // size[0], -(-(tile.x + tile.width) * columns // size[0])
    top, bottom = tile.y * rows // size[1], -(-(tile.y + tile.height) * rows // size[1])
    return int(cells[top:bottom, left:right].sum())


def merge(coarse: Sequence[Region], fine: Sequence[Region], small: float) -> list[Region]:
    """Regions of two looks, each text once.

    Args:
        coarse: of the look at the smaller scale.
        fine: of the closer one.
        small: height in pixels of the picture below which the closer look knows better. Above it
            does where it has lines in what was one block, and nowhere else: large text falls apart.
    """
    if not coarse or not fine:
        return [*coarse, *fine]
    fine_quads, coarse_quads = (np.stack([quad for quad, _ in part]) for part in (fine, coarse))
    inside = _contains(coarse_quads, fine_quads.mean(axis=1))
    covers = np.any(_contains(fine_quads, coarse_quads.mean(axis=1)), axis=0).tolist()
    heights = np.array([min(geometry.size(quad)) for quad in fine_quads])
    areas = np.array([math.prod(geometry.size(quad)) for quad in fine_quads])
    kept = [
        index
        for index, quad in enumerate(coarse_quads)
        if not _is_better_known(
            quad, covers[index], heights[inside[index]], areas[inside[index]], small
        )
    ]
    widths = areas / np.maximum(heights, 1e-6)
    lines = widths >= _LINE * heights
    taken = np.zeros(len(fine), bool)
    for index in kept:
        low = heights < _OF_BLOCK * min(geometry.size(coarse_quads[index]))
        taken |= inside[index] & ~(low & lines)
    return [
        *(coarse[index] for index in kept),
        *(region for region, known in zip(fine, taken.tolist()) if not known),
    ]


def _is_better_known(
    quad: Floats, covered: bool, heights: Doubles, areas: Doubles, small: float
) -> bool:
    """Whether a closer look has found a region's text, and better.

    Args:
        quad: the region.
        covered: whether its centre lies in one region of the closer look.
        heights, areas: of those regions of the closer look whose centres lie in it.
        small: as of :func:`merge`.
    """
    width, height = geometry.size(quad)
    if not covered and areas.sum() < _COVERED * width * height:
        return False
    is_block = len(heights) > 0 and float(np.median(heights)) < _OF_BLOCK * min(width, height)
    return min(width, height) < small or is_block


def _contains(quads: Floats, points: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """NxM: whether point M lies in quad N; quads are Nx4x2, clockwise, points Mx2."""
    inside = np.ones((len(quads), len(points)), bool)
    for corner in range(4):
        start, end = quads[:, corner, None], quads[:, (corner + 1) % 4, None]
        along, away = end - start, points[None] - start
        inside &= along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0] >= 0
    return inside
