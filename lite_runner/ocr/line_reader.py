"""Reads straightened lines: long ones in segments, narrow ones at the width of training."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from lite_runner.arrays import Image
from lite_runner.ocr import long_lines, network_outputs, recognition
from lite_runner.ocr.words import Steps
from lite_runner.pack import Recogniser
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.predictor.worker_pool import WorkerPool

#: A narrow line with a lower score is read at its own width, too. It is what a reader leaves out by
#: default. Of 192 single characters PP-OCRv4 reads 167 right when padded, and 148 otherwise, v6
#: small 182 and 177, v6 tiny 184 and 182; but one of the public pictures has a digit that only the
#: own width reads.
UNSURE = 0.5


class Reading(NamedTuple):
    """Text and score of a line; the steps it was read from, where words are wanted."""

    text: str
    score: float
    steps: Steps | None = None


class LineReader:
    """A recogniser with its models.

    Args:
        recogniser: how it is fed and decoded.
        models: of its network.
        bucket: input widths are multiples of this.
        batch: how many of so many lines are given to the network at once.
        words: whether to keep the steps that tell where words are.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        models: WorkerPool,
        bucket: int,
        batch: Callable[[int], int],
        words: bool = False,
    ) -> None:
        self._recogniser = recogniser
        self._models = models
        self._bucket = bucket
        self._batch = batch
        self._words = words

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        """Text of uint8 hxwx3 lines, and its score: the mean probability of the characters.

        Raises:
            EngineError: the library failed.
        """
        network = self._recogniser.network
        readings = self._read(lines, True)
        unsure = [
            index
            for index, reading in enumerate(readings)
            if reading.score < UNSURE and recognition.is_padded(lines[index], network)
        ]
        for index, reading in zip(unsure, self._read([lines[index] for index in unsure], False)):
            readings[index] = max(readings[index], reading, key=lambda reading: reading.score)
        return readings

    def _read(self, lines: Sequence[Image], pad: bool) -> list[Reading]:
        """Read lines once; narrow ones padded or at their own width."""
        recogniser, bucket = self._recogniser, self._bucket
        network = recogniser.network
        segments = long_lines.segments(lines, network)
        pixels = [segment.pixels for segment in segments]
        readings = [Reading("", 0.0)] * len(lines)
        paths: dict[int, long_lines.BestPath] = {}

        def recognise(models: ShapeCache, group: Sequence[int]) -> None:
            batch = [pixels[index] for index in group]
            shape = recognition.input_shape(batch, network, bucket, pad)
            outputs = models.run(shape, lambda input: recognition.preprocess(batch, network, input))
            read = network_outputs.decode(outputs, len(group), recogniser)
            for row, index in enumerate(group):
                segment = segments[index]
                if segment.whole and not self._words:
                    readings[segment.line] = Reading(*read[row])
                    continue
                probabilities = network_outputs.probabilities(outputs, row, recogniser)
                if segment.whole:
                    steps = Steps.of(probabilities, segment.pixels, network, shape[3])
                    readings[segment.line] = Reading(*read[row], steps)
                else:
                    paths[index] = long_lines.BestPath.of(probabilities, shape[3])

        groups = recognition.batches(pixels, network, self._batch(len(pixels)), bucket, pad)
        # The widest first: side by side, what takes longest must not begin last.
        self._models.map(recognise, groups[::-1])
        blank = recognition.blank_class(recogniser)
        for line, path in long_lines.joined(segments, paths, blank).items():
            steps = self._steps(path, lines[line]) if self._words else None
            readings[line] = Reading(*recognition.decode(path, recogniser), steps)
        return readings

    def _steps(self, path: long_lines.BestPath, line: Image) -> Steps:
        """Where a long line's words are told from."""
        network = self._recogniser.network
        length = long_lines.scaled_width(line, network) / path.columns
        return Steps(path.classes, path.probabilities, length, network.shape[0] / path.columns)
