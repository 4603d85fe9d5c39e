"""What a camera does to a scene: perspective, shadows, uneven light, blur and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter
from sheet import SCALE, Box, Sheet
from surface import Floats, Rng

Quad = Sequence[tuple[float, float]]


def tilted(x: float, y: float, width: float, height: float, degrees: float) -> Quad:
    """Corners of a box around x, y turned clockwise, from its own top left on."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    halves = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    offsets = [(across * width / 2, down * height / 2) for across, down in halves]
    return [(x + dx * cos - dy * sin, y + dx * sin + dy * cos) for dx, dy in offsets]


def warp(image: Image.Image, quad: Quad, size: tuple[int, int]) -> Image.Image:
    """The image with its corners moved to `quad`, in picture pixels, on an empty RGBA canvas."""
    # Pillow wants the way back: for each pixel of the result, where it comes from.
    back = _perspective([(x * SCALE, y * SCALE) for x, y in quad], _corners(*image.size))
    return image.convert("RGBA").transform(
        size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC
    )


def seen(sheet: Sheet, quad: Quad) -> list[Box]:
    """Where a sheet's boxes are in the picture once the sheet is laid at `quad`."""
    wide, high = sheet.image.size
    a, b, c, d, e, f, g, h = _perspective(_corners(wide / SCALE, high / SCALE), quad)

    def move(x: float, y: float) -> tuple[float, float]:
        depth = g * x + h * y + 1
        return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth

    return [[move(x, y) for x, y in box] for box in sheet.boxes]


def _corners(wide: float, high: float) -> Quad:
    return [(0, 0), (wide, 0), (wide, high), (0, high)]


def _perspective(start: Quad, target: Quad) -> list[float]:
    """Coefficients a to h of the map that brings four points to four others."""
    rows, targets = [], []
    for (x, y), (u, v) in zip(start, target):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        targets += [u, v]
    found: list[float] = np.linalg.solve(
        np.asarray(rows, np.float64), np.asarray(targets, np.float64)
    ).tolist()
    return found


def lay(
    scene: Image.Image,
    image: Image.Image,
    quad: Quad,
    drop: tuple[float, float] = (4, 6),
    soft: float = 8,
    dark: float = 0.5,
) -> None:
    """Put an image into the scene at `quad`, with the shadow it throws."""
    placed = warp(image, quad, scene.size)
    alpha = placed.getchannel("A")
    shadow = Image.new("L", scene.size)
    shadow.paste(alpha, (round(drop[0] * SCALE), round(drop[1] * SCALE)))
    shadow = shadow.filter(ImageFilter.GaussianBlur(soft * SCALE)).point(lambda v: v * dark)
    scene.paste(Image.new("RGB", scene.size), mask=shadow)
    scene.paste(placed.convert("RGB"), mask=alpha)


def lamp(size: tuple[int, int], centre: tuple[float, float], reach: float, floor: float) -> Floats:
    """Light that falls off around a spot; `centre` and `reach` as shares of the width."""
    wide, high = size
    across = np.arange(wide)[None, :] / wide - centre[0]
    down = np.arange(high)[:, None] / wide - centre[1]
    light = floor + (1 - floor) * np.exp(-(across**2 + down**2) / reach**2)
    return light.astype(np.float32)


def develop(scene: Image.Image, blur: float = 0.0) -> Image.Image:
    """The scene at picture size, out of focus by `blur` pixels."""
    picture = scene.convert("RGB").reduce(SCALE)
    return picture.filter(ImageFilter.GaussianBlur(blur)) if blur else picture


def expose(picture: Image.Image, rng: Rng, light: Floats, shot: float, read: float) -> Image.Image:
    """Light the picture, height x width, and add shot and read noise in grey levels at white."""
    value = np.asarray(picture, np.float32) * light[..., None]
    # Normal, not Poisson, draws: those use up the generator by value, so one level of difference
    # between two versions of Pillow would change all the noise after it.
    grain = rng.standard_normal(value.shape, np.float32)
    value += grain * np.sqrt(shot**2 * np.maximum(value, 0) / 255 + read**2)
    return Image.fromarray(np.clip(value + 0.5, 0, 255).astype(np.uint8))
