"""Text on transparency: light text on black, dark text on white, in every format with opacity."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from lite_runner.arrays import AnyArray, Image
from lite_runner.pictures import compositing, decoder, image
from lite_runner.pictures.formats import png_strips, tiff_bands

WIDTH, HEIGHT = 240, 60
#: Colours of text by what they must be laid on.
LIGHT = [(255, 255, 255), (250, 220, 60), (150, 200, 255)]
DARK = [(0, 0, 0), (60, 0, 120), (0, 90, 10)]


def drawing(colour: tuple[int, int, int], panel: tuple[int, int, int] | None = None) -> Any:
    """Text on nothing, and below it perhaps an opaque panel of another colour."""
    picture = Pillow.new("RGBA", (WIDTH, HEIGHT + (130 if panel else 0)))
    draw = ImageDraw.Draw(picture)
    draw.text((10, 10), "Gate 42 open", (*colour, 255), ImageFont.load_default(30))
    if panel:
        draw.rectangle((10, HEIGHT, WIDTH - 10, HEIGHT + 120), (*panel, 255))
    return picture


def encoded(picture: Any, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def deep(picture: Any, suffix: str) -> bytes:
    """16 bits a sample."""
    pixels = np.asarray(picture)[:, :, [2, 1, 0, 3]].astype(np.uint16) * 257
    return bytes(cv2.imencode(suffix, pixels)[1])


FORMATS = {
    "PNG, RGBA": lambda picture: encoded(picture, "PNG"),
    "PNG, grey with opacity": lambda picture: encoded(picture.convert("LA"), "PNG"),
    "PNG, palette": lambda picture: encoded(picture.quantize(64), "PNG"),
    "PNG, RGBA of 16 bits": lambda picture: deep(picture, ".png"),
    "WebP": lambda picture: encoded(picture, "WEBP", lossless=True, exact=False),
    "TIFF, RGBA": lambda picture: encoded(picture, "TIFF", compression="tiff_lzw"),
    "TIFF, RGBA of 16 bits": lambda picture: deep(picture, ".tiff"),
    "GIF": lambda picture: encoded(picture, "GIF"),
}


def backdrop(pixels: Image) -> int:
    """The grey that a picture's transparent corner became."""
    corner = set(pixels[0, 0].tolist())
    assert len(corner) == 1
    return int(corner.pop())


@pytest.mark.parametrize("strips", [False, True], ids=["whole", "in strips"])
@pytest.mark.parametrize("name", FORMATS)
def test_text_is_laid_on_what_it_can_be_seen_on(
    name: str, strips: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if strips:
        monkeypatch.setattr(decoder, "SMALL", 0)
        monkeypatch.setattr(png_strips, "STRIP_BYTES", 2000)
        monkeypatch.setattr(tiff_bands, "BAND_PIXELS", WIDTH * 7)
        monkeypatch.setattr(compositing, "STRIP", WIDTH * 3)
    for colours, expected in ((LIGHT, 0), (DARK, 255)):
        for colour in colours:
            pixels = image.decode(FORMATS[name](drawing(colour)))
            assert backdrop(pixels) == expected
            # The strokes have kept their colour; the palette's and the GIF's come near it.
            grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
            contrast = np.abs(grey.astype(int) - expected).max()
            assert contrast > 90


@pytest.mark.parametrize(("text", "panel", "expected"), [(DARK, LIGHT, 255), (LIGHT, DARK, 0)])
def test_a_large_opaque_area_does_not_outvote_text(text: Any, panel: Any, expected: int) -> None:
    assert backdrop(image.decode(encoded(drawing(text[0], panel[0]), "PNG"))) == expected


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
def test_arrays_are_laid_on_the_same(colour: tuple[int, int, int]) -> None:
    rgba: AnyArray = np.asarray(drawing(colour))
    for array in (rgba, rgba.astype(np.uint16) * 257, rgba / np.float32(255), rgba[:, :, 2:]):
        assert backdrop(image.load(array)) == 255 - colour[0]


def test_what_is_opaque_stays_as_it_is() -> None:
    rgba = np.random.default_rng(3).integers(0, 256, (40, 50, 4), np.uint8)
    rgba[:, :, 3] = 255
    assert np.array_equal(image.load(rgba), rgba[:, :, :3])


def test_even_opacity_is_laid_on_white() -> None:
    """Nothing tells text apart from what lies behind it."""
    assert np.array_equal(image.load(np.full((5, 9, 4), 128, np.uint8)), np.full((5, 9, 3), 191))
