"""Surfaces things lie on or are made of: wood, brick, plaster, metal, cloth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw
from sheet import SCALE

Floats = npt.NDArray[np.float32]
Rng = np.random.Generator


def noise(rng: Rng, size: tuple[int, int], cell: tuple[float, float]) -> Floats:
    """Smooth noise of mean 0 and deviation 1; `size` and `cell` are width, height in pixels."""
    width, height = size
    grid = rng.standard_normal(
        (max(round(height / cell[1]), 2), max(round(width / cell[0]), 2))
    ).astype(np.float32)
    field = np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC), np.float32)
    normal: Floats = (field - field.mean()) / field.std()
    return normal


def tint(colour: str, shade: Floats) -> Image.Image:
    """A colour made lighter and darker by `shade`, height x width, 1.0 being the colour itself."""
    rgb = np.asarray(ImageColor.getrgb(colour)[:3], np.float32)
    return Image.fromarray(np.clip(shade[..., None] * rgb, 0, 255).astype(np.uint8))


def canvas(width: int, height: int) -> tuple[int, int]:
    """Size in sheet pixels of a surface given in picture pixels."""
    return width * SCALE, height * SCALE


def wood(rng: Rng, width: int, height: int, colour: str, plank: int = 260) -> Image.Image:
    """A table of planks that run left to right."""
    size = canvas(width, height)
    # Bent rows give the grain its waves.
    bend = noise(rng, size, (500 * SCALE, 60 * SCALE)) * 5 * SCALE
    fine, coarse = (90 * SCALE, 1.5 * SCALE), (600 * SCALE, 5 * SCALE)
    grain = noise(rng, size, fine) * 0.6 + noise(rng, size, coarse)
    rows = np.clip(np.arange(size[1])[:, None] + bend, 0, size[1] - 1).astype(np.intp)
    stains = noise(rng, size, (300 * SCALE, 40 * SCALE))
    shade: Floats = 1 + 0.055 * np.take_along_axis(grain, rows, axis=0) + 0.05 * stains
    for top in range(plank // 3 * SCALE, size[1], plank * SCALE):
        shade[top:] *= 1 + 0.05 * float(rng.standard_normal())
        shade[top : top + 2 * SCALE] *= 0.45
    return tint(colour, shade)


def plaster(rng: Rng, width: int, height: int, colour: str, rough: float = 0.05) -> Image.Image:
    """A rendered wall or cast concrete: blotches, stains and grit."""
    size = canvas(width, height)
    shade = np.ones((size[1], size[0]), np.float32)
    for cell, share in ((220, 1.0), (50, 0.6), (9, 0.4), (1.2, 0.5)):
        shade += rough * share * noise(rng, size, (cell * SCALE, cell * SCALE))
    return tint(colour, shade)


def brick(rng: Rng, width: int, height: int, colour: str, mortar: str) -> Image.Image:
    """A brick wall in running bond."""
    size = canvas(width, height)
    long, tall, joint = 92 * SCALE, 30 * SCALE, 4 * SCALE
    shade, stones = np.ones((size[1], size[0]), np.float32), Image.new("L", size)
    draw = ImageDraw.Draw(stones)
    for row, top in enumerate(range(0, size[1], tall)):
        for left in range(-(row % 2) * long // 2, size[0], long):
            box = (left + joint, top + joint, left + long - 1, top + tall - 1)
            draw.rounded_rectangle(box, 2 * SCALE, 255)
            area = (slice(top, top + tall), slice(max(left, 0), max(left + long, 0)))
            shade[area] += 0.12 * float(rng.standard_normal())
    grit = noise(rng, size, (2 * SCALE, 2 * SCALE)) * 0.06
    wall = tint(mortar, 1 + grit)
    wall.paste(tint(colour, shade + grit), mask=stones)
    return wall


def metal(rng: Rng, width: int, height: int, colour: str) -> Image.Image:
    """Brushed metal: streaks along the width under a broad reflection."""
    size = canvas(width, height)
    streaks = noise(rng, size, (400 * SCALE, 1)) * 0.03 + noise(rng, size, (60 * SCALE, 1)) * 0.02
    across = np.linspace(0, 1, size[0], dtype=np.float32)[None, :]
    down = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    glare: Floats = np.exp(-(((across + 0.35 * down - 0.62) / 0.28) ** 2))
    return tint(colour, 0.92 + streaks + 0.14 * glare)


def cloth(rng: Rng, width: int, height: int, colour: str) -> Image.Image:
    """A felt desk mat."""
    size = canvas(width, height)
    fibres = noise(rng, size, (3 * SCALE, 1)) + noise(rng, size, (1, 3 * SCALE))
    return tint(colour, 1 + 0.06 * fibres + 0.03 * noise(rng, size, (150, 150)))
