"""The measure of fine strokes, on text that Pillow draws."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from lite_runner.arrays import Image
from lite_runner.ocr.detector import fine_strokes

WORDS = "boards read the printed text of pages in plain words "


def sheet(height: int, dark: bool = False, turned: bool = False) -> Image:
    """A page of 1200x900 with lines of letters of a height in pixels."""
    picture = Picture.new("RGB", (1200, 900), (20, 20, 20) if dark else (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(height)
    for top in range(40, 840, round(height * 1.7)):
        draw.text((40, top), WORDS * 2, font=font, fill=(230, 230, 230) if dark else (30, 30, 30))
    pixels = np.array(picture)
    return np.ascontiguousarray(pixels.transpose(1, 0, 2) if turned else pixels)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("height", "scale"), [(14, 0.25), (18, 0.25), (20, 0.1), (12, 0.4)])
def test_text_too_small_for_a_scale_shows(
    height: int, scale: float, dark: bool, turned: bool
) -> None:
    assert fine_strokes.fine_cells(sheet(height, dark, turned), scale).mean() > 0.05


@pytest.mark.parametrize(("height", "scale"), [(60, 0.25), (90, 0.25), (40, 0.4), (24, 0.66)])
def test_larger_text_does_not(height: int, scale: float) -> None:
    assert fine_strokes.fine_cells(sheet(height), scale).sum() < 8


def test_only_where_it_stands() -> None:
    page = sheet(16)
    page[:, :600] = 255
    cells = fine_strokes.fine_cells(page, 0.25)
    assert cells[:, : cells.shape[1] // 2 - fine_strokes.NEIGHBOURS].sum() == 0
    assert cells[:, cells.shape[1] // 2 :].sum() > 100


@pytest.mark.parametrize("shape", [(900, 1200), (1, 3000), (3000, 1), (3, 3), (2, 4)])
def test_noise_and_plain_paper_have_none(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(2).normal(128, 8, (*shape, 3))
    for page in (noise, np.full((*shape, 3), 255)):
        assert fine_strokes.fine_cells(page.clip(0, 255).astype(np.uint8), 0.25).sum() == 0
