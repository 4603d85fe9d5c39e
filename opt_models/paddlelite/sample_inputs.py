"""Inputs to compare models on: noise, and pictures of text as the reader feeds them."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.pack import Golden
from lite_runner.pictures import image
from opt_models.stage_settings import StageSettings

#: Batch, height and width of the noise for each stage; more than one size, since programs may
#: compute with sizes. A height of 0 is the one of the network's settings.
_NOISE = {
    "det": ((1, 160, 128), (1, 96, 224)),
    "cls": ((1, 0, 192), (2, 0, 192)),
    "rec": ((1, 0, 320), (2, 0, 168)),
}
#: A detector's picture is scaled to this height, in pixels.
_PICTURE = 320


def inputs(
    stage: str, settings: StageSettings, declared: Sequence[int], golden: Golden
) -> list[Floats]:
    """Batches for a network.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        settings: how it is fed, as ``pack.json`` holds it.
        declared: of its input by its program, NCHW with -1 for what is free.
        golden: a picture with the lines in it.
    """
    generator = np.random.default_rng(2026)
    batches: list[Floats] = []
    for batch, height, width in _NOISE[stage]:
        if stage == "cls":
            width = settings["shape"][1]
        size = _fitted((batch, 3, height or settings["shape"][0], width), declared)
        batches.append(generator.uniform(-1, 1, size).astype(np.float32))
    picture = image.load(golden.image)
    parts = [picture] if stage == "det" else _lines(picture, len(golden.lines))
    return batches + [_fed(stage, part, settings, declared) for part in parts]


def _lines(picture: Image, count: int) -> list[Image]:
    """A picture cut into strips, one for about each line."""
    edges = np.linspace(0, picture.shape[0], count + 1).round().astype(int)
    return [picture[top:bottom] for top, bottom in zip(edges, edges[1:])]


def _fed(stage: str, part: Image, settings: StageSettings, declared: Sequence[int]) -> Floats:
    height = _PICTURE if stage == "det" else settings["shape"][0]
    width = part.shape[1] * height / part.shape[0]
    # Detectors halve their input five times.
    width = settings["shape"][1] if stage == "cls" else max(32, round(width / 32) * 32)
    _, _, height, width = _fitted((1, 3, height, width), declared)
    pixels = image.resize(part, width, height)
    return image.normalise(pixels, settings["mean"], settings["std"], settings["order"])[None]


def _fitted(size: Sequence[int], declared: Sequence[int]) -> tuple[int, ...]:
    """A size with what a program fixes put in its place."""
    if len(declared) != len(size):
        return tuple(size)
    return tuple(fixed if fixed > 0 else side for side, fixed in zip(size, declared))
