"""Probability maps of pictures larger than a detector's input: looked at in overlapping tiles."""

from __future__ import annotations

from typing import Callable, NamedTuple, Tuple

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.pack import Network
from lite_runner.pictures.image import normalise

#: Runs a network: given the input's shape and what fills it, float32 1x3xhxw to 1x1xhxw.
Run = Callable[[Tuple[int, ...], Callable[[Floats], None]], Floats]
#: Tiles overlap by at least this share of their length. What lies within a quarter of that from a
#: cut is left to the other tile: there the network sees only half of what is there.
OVERLAP = 5


class Tile(NamedTuple):
    """A part of a picture, in pixels."""

    x: int
    y: int
    width: int
    height: int


class TiledMap:
    """A map that is zero where no tile has been looked at.

    Args:
        pixels: uint8 HxWx3 BGR at the map's size.
        network: the detector's; one of fixed size gets inputs of that, padded.
        span: (width, height) of a tile, of which the map may have less.
        run: the network.
    """

    def __init__(self, pixels: Image, network: Network, span: tuple[int, int], run: Run) -> None:
        self._pixels = pixels
        self._network = network
        self._run = run
        height, width = pixels.shape[:2]
        across, down = min(width, span[0]), min(height, span[1])
        self.tiles = [
            Tile(x, y, across, down) for y in starts(height, down) for x in starts(width, across)
        ]
        self.map: Floats = np.zeros((height, width) if len(self.tiles) > 1 else (0, 0), np.float32)

    def look(self, tile: Tile) -> Floats:
        """Run the network on a tile, and take its output over into the map.

        Returns:
            float32 hxw: the output for the tile, which may be the network's own memory.
        """
        pixels = self._pixels[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]

        def fill(batch: Floats) -> None:
            preprocess(pixels, self._network, batch)

        output: Floats = self._run(input_shape(pixels, self._network), fill)[0, 0]
        output = output[: tile.height, : tile.width]
        if len(self.tiles) == 1:
            self.map = output
        else:
            height, width = self.map.shape
            top, bottom = _inner(tile.y, tile.height, height)
            left, right = _inner(tile.x, tile.width, width)
            part = self.map[tile.y + top : tile.y + bottom, tile.x + left : tile.x + right]
            np.maximum(part, output[top:bottom, left:right], out=part)
        return output


def starts(length: int, span: int) -> list[int]:
    """Where overlapping tiles of one span begin that cover a length, evenly."""
    if length <= span:
        return [0]
    count = 1 + -(-(length - span) // (span - span // OVERLAP))
    return [round(index * (length - span) / (count - 1)) for index in range(count)]


def _inner(start: int, span: int, length: int) -> tuple[int, int]:
    """From where to where a tile's output is taken, counted from its start: away from cuts."""
    margin = span // OVERLAP // 4
    return (margin if start > 0 else 0), (span - margin if start + span < length else span)


def input_shape(pixels: Image, network: Network) -> tuple[int, int, int, int]:
    """NCHW of a picture, or a tile of one, that was resized."""
    return (1, 3, *(network.shape if network.fixed_size else pixels.shape[:2]))


def preprocess(pixels: Image, network: Network, batch: Floats) -> None:
    """Normalise a resized picture, and pad it on the right and below to the network's size.

    Args:
        batch: float32 of :func:`input_shape`, written to; the padding becomes zero, which is the
            mean of the pictures the network was trained with.
    """
    height, width = pixels.shape[:2]
    normalise(pixels, network.mean, network.std, network.order, batch[0, :, :height, :width])
    batch[0, :, height:] = 0
    batch[0, :, :height, width:] = 0
