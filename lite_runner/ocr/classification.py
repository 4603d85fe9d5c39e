"""Text direction around the network: windows of a line to input, probabilities to one for a line.

The network was trained with lines of some four times their height. PaddleOCR squeezes longer ones
to its input (tools/infer/predict_cls.py, ``resize_norm_img``): of 160 drawn lines of 9 to 90 times
their height, 29 upright ones were then upside down to it, and 25 of those turned were upright. With
the mean of two or more windows of its own proportions there was none of either.
"""

from __future__ import annotations

import itertools
from typing import Sequence

from lite_runner.arrays import Floats, Image
from lite_runner.pack import Network
from lite_runner.pictures.image import normalise, resize

#: Windows given to the network at once, where the engine allows: they are small and of one size.
BATCH = 8
#: Windows of a line at most: a third costs little beside the recogniser, a fourth changed nothing.
MAX_WINDOWS = 3


def windows(crop: Image, network: Network) -> list[Image]:
    """Cut a line into windows no longer than the network's input is for its height.

    Returns:
        Views of the line, evenly spaced from its start to its end; of a short line the whole.
    """
    height, width = crop.shape[:2]
    span = max(1, height * network.shape[1] // network.shape[0])
    if width <= span:
        return [crop]
    count = min(MAX_WINDOWS, -(-width // span))
    starts = [index * (width - span) // (count - 1) for index in range(count)]
    return [crop[:, start : start + span] for start in starts]


def input_shape(windows: Sequence[Image], network: Network) -> tuple[int, int, int, int]:
    """NCHW of a batch of windows."""
    return (len(windows), 3, *network.shape)


def preprocess(windows: Sequence[Image], network: Network, batch: Floats) -> None:
    """Scale windows to the network's height, pad them to its width.

    Args:
        batch: float32 of :func:`input_shape`, written to; beyond a line's end it becomes zero, the
            grey the network was trained with.
    """
    height, width = network.shape
    for row, window in zip(batch, windows):
        scaled = min(width, max(1, -(-window.shape[1] * height // window.shape[0])))
        resized = resize(window, scaled, height)
        normalise(resized, network.mean, network.std, network.order, row[:, :, :scaled])
        row[:, :, scaled:] = 0


def upside_down(probabilities: Sequence[float], counts: Sequence[int]) -> list[float]:
    """Probability that a line is upside down, for each line: the mean over its windows.

    Args:
        probabilities: of each window, those of a line next to each other.
        counts: windows of each line.
    """
    rest = iter(probabilities)
    return [sum(itertools.islice(rest, count)) / count for count in counts]
