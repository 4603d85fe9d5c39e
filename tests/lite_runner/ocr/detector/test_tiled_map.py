"""Tiles: they cover a picture, overlap, and give one map."""

from __future__ import annotations

import dataclasses
from typing import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lite_runner.arrays import Floats
from lite_runner.ocr.detector.tiled_map import OVERLAP, TiledMap, starts
from lite_runner.pack import Network


@given(length=st.integers(1, 50000), span=st.integers(10, 1000))
def test_tiles_cover_a_length_and_overlap(length: int, span: int) -> None:
    begins = starts(length, span)
    assert begins[0] == 0
    assert begins[-1] == max(0, length - span)
    overlaps = [before + span - after for before, after in zip(begins, begins[1:])]
    assert all(overlap >= span // OVERLAP - 1 for overlap in overlaps)
    assert len(begins) <= 1 + max(0, length - span) / (0.8 * span) + 1


class Recorder:
    """A network that gives a picture's grey, and what it sees beyond a tile's cuts as text."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch: Floats = np.full(shape, np.nan, np.float32)
        fill(batch)
        self.shapes.append(shape)
        output: Floats = (batch[:, :1] + 1) / 2
        output[..., :3], output[..., -3:] = 1, 1
        return output


@pytest.mark.parametrize(("width", "height", "count"), [(300, 200, 9), (96, 500, 7), (96, 80, 1)])
@pytest.mark.parametrize("fixed", [True, False])
def test_the_map_is_that_of_the_whole_picture(
    width: int, height: int, count: int, fixed: bool, network: Network
) -> None:
    network = dataclasses.replace(network, shape=(96, 128), fixed_size=fixed)
    pixels = np.random.default_rng(3).integers(0, 200, (height, width, 3)).astype(np.uint8)
    run = Recorder()
    tiled = TiledMap(pixels, network, (128, 96), run)
    assert len(tiled.tiles) == count
    for tile in tiled.tiles:
        tiled.look(tile)
    assert len(set(run.shapes)) == 1, "one model serves all tiles"
    inner = slice(3, width - 3)
    np.testing.assert_allclose(
        tiled.map[:, inner], pixels[:, inner, 0] / 255, atol=1e-4, err_msg="cuts show"
    )


def test_what_no_tile_has_shown_is_no_text(network: Network) -> None:
    pixels = np.full((300, 300, 3), 255, np.uint8)
    tiled = TiledMap(pixels, network, (96, 96), Recorder())
    tile = tiled.tiles[5]
    output = tiled.look(tile)
    assert output.shape == (96, 96)
    assert tiled.map[tile.y + 48, tile.x + 48] == 1
    assert tiled.map[: tile.y].max() == tiled.map[:, : tile.x].max() == 0
