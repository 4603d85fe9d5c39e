"""Text direction: which straightened lines are upside down."""

from __future__ import annotations

from typing import Sequence

from lite_runner.arrays import Floats, Image
from lite_runner.pack import Classifier, Network
from lite_runner.pictures.image import normalise, resize

#: Lines given to the network at once, where the engine allows: they are small and of one size.
BATCH = 8


def input_shape(crops: Sequence[Image], network: Network) -> tuple[int, int, int, int]:
    """NCHW of a batch of lines."""
    return (len(crops), 3, *network.shape)


def preprocess(crops: Sequence[Image], network: Network, batch: Floats) -> None:
    """Scale lines to the network's height, squeeze or pad them to its width.

    Args:
        batch: float32 of :func:`input_shape`, written to; beyond a line's end it becomes zero, the
            grey the network was trained with.
    """
    height, width = network.shape
    for row, crop in zip(batch, crops):
        scaled = min(width, max(1, -(-crop.shape[1] * height // crop.shape[0])))
        resized = resize(crop, scaled, height)
        normalise(resized, network.mean, network.std, network.order, row[:, :, :scaled])
        row[:, :, scaled:] = 0


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
