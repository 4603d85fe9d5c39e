"""Text direction: which straightened lines stand on their heads."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.image import normalise, resize
from lite_runner.pack import Classifier, Network


def preprocess(crops: Sequence[Image], network: Network) -> Floats:
    """Scale lines to the network's height, squeeze or pad them to its width.

    Returns:
        float32 Nx3xHxW; beyond a line's end it is zero, the grey the network was trained with.
    """
    height, width = network.shape
    batch = np.zeros((len(crops), 3, height, width), np.float32)
    for row, crop in zip(batch, crops):
        scaled = min(width, max(1, -(-crop.shape[1] * height // crop.shape[0])))
        resized = resize(crop, scaled, height)
        normalise(resized, network.mean, network.std, network.order, row[:, :, :scaled])
    return batch


def postprocess(probabilities: Floats, classifier: Classifier) -> list[tuple[int, float]]:
    """Angle in degrees (0 or 180) and its probability for each line.

    Args:
        probabilities: float32 Nx2: upright, upside down.
    """
    result = []
    for upright, turned in probabilities:
        over = turned > upright and turned >= classifier.threshold
        result.append((180, float(turned)) if over else (0, float(upright)))
    return result
