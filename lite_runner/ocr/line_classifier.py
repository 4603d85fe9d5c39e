"""Tells of lines how likely they are upside down."""

from __future__ import annotations

from typing import Callable, Sequence

from lite_runner.ocr import classification
from lite_runner.ocr.line_crop import LineCrop
from lite_runner.ocr.recogniser import network_outputs
from lite_runner.pack import Network
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.predictor.worker_pool import WorkerPool


class LineClassifier:
    """A classifier with its models.

    Args:
        network: of the classifier.
        models: of its network.
        batch: how many of so many windows are given to the network at once.
    """

    def __init__(self, network: Network, models: WorkerPool, batch: Callable[[int], int]) -> None:
        self._network = network
        self._models = models
        self._batch = batch

    def classify(self, crops: Sequence[LineCrop]) -> None:
        """Set the probability of each line that it is upside down.

        Raises:
            EngineError: the library failed.
        """
        network = self._network
        cut = [classification.windows(crop.pixels, network) for crop in crops]
        windows = [window for line in cut for window in line]
        probabilities = [0.0] * len(windows)

        def classify(models: ShapeCache, chunk: range) -> None:
            pixels = [windows[index] for index in chunk]
            shape = classification.input_shape(pixels, network)
            outputs = models.run(
                shape, lambda batch: classification.preprocess(pixels, network, batch)
            )
            for index, row in zip(chunk, network_outputs.floats(outputs).data):
                probabilities[index] = float(row[1])

        size = self._batch(len(windows))
        starts = range(0, len(windows), size)
        self._models.map(classify, [range(len(windows))[start : start + size] for start in starts])
        of_lines = classification.upside_down(probabilities, [len(line) for line in cut])
        for crop, probability in zip(crops, of_lines):
            crop.upside_down = probability
