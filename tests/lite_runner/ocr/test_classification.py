"""Text direction: input of the classifier, and what its probabilities mean."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lite_runner.arrays import Floats, Image
from lite_runner.ocr import classification
from lite_runner.pack import Network
from lite_runner.pictures.image import normalise, resize


def preprocess(crops: list[Image], network: Network) -> Floats:
    batch: Floats = np.full(classification.input_shape(crops, network), np.nan, np.float32)
    classification.preprocess(crops, network, batch)
    return batch


def line(height: int, width: int) -> Image:
    return np.random.default_rng(width).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("height", "width", "scaled"),
    [
        (48, 100, 100),
        (24, 50, 100),
        (96, 50, 25),
        (48, 191, 191),
        (48, 192, 192),
        (48, 193, 192),
        (20, 2000, 192),
        (7, 10, 69),
        (500, 1, 1),
    ],
)
@pytest.mark.parametrize("order", ["BGR", "RGB"])
def test_a_line_is_scaled_to_the_height_and_padded_with_zeros(
    height: int, width: int, scaled: int, order: str, network: Network
) -> None:
    network = dataclasses.replace(network, order=order)
    crop = line(height, width)
    batch = preprocess([crop], network)
    assert batch.shape == (1, 3, 48, 192)
    assert batch.dtype == np.float32
    expected = normalise(resize(crop, scaled, 48), network.mean, network.std, order)
    assert (batch[0, :, :, :scaled] == expected).all()
    assert (batch[0, :, :, scaled:] == 0).all()


def test_lines_of_a_batch_do_not_touch_each_other(network: Network) -> None:
    crops = [line(48, 100), line(20, 300), line(60, 9)]
    alone = [preprocess([crop], network) for crop in crops]
    assert (preprocess(crops, network) == np.concatenate(alone)).all()


@pytest.mark.parametrize(
    ("height", "width", "starts"),
    [
        (48, 1, [0]),
        (48, 192, [0]),
        (48, 193, [0, 1]),
        (48, 384, [0, 192]),
        (48, 385, [0, 96, 193]),
        (24, 2000, [0, 952, 1904]),
    ],
)
def test_a_long_line_is_cut_into_windows_of_the_networks_proportions(
    height: int, width: int, starts: list[int], network: Network
) -> None:
    crop = line(height, width)
    windows = classification.windows(crop, network)
    expected = [crop[:, start : start + 4 * height] for start in starts]
    assert len(windows) == len(expected)
    for window, part in zip(windows, expected):
        assert (window == part).all()


def test_a_lines_windows_count_alike() -> None:
    probabilities = classification.upside_down([0.9, 0.1, 0.5, 1.0, 0.0], [1, 3, 1])
    assert probabilities == pytest.approx([0.9, 1.6 / 3, 0.0])
