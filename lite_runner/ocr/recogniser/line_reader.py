"""Reads straightened lines: long ones in segments, narrow ones at the width of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence

from lite_runner.arrays import Image
from lite_runner.ocr.recogniser import long_lines, network_outputs, recognition
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Recogniser
from lite_runner.predictor.shape_cache import ShapeCache
from lite_runner.predictor.worker_pool import WorkerPool

#: A narrow line with a lower score is read at its own width, too. It is what a reader leaves out by
#: default. Of 192 single characters PP-OCRv4 reads 167 right when padded, and 148 otherwise, v6
#: small 182 and 177, v6 tiny 184 and 182; but one of the public pictures has a digit that only the
#: own width reads.
UNSURE = 0.5


@dataclass(frozen=True)
class Reading:
    """What a line says.

    Attributes:
        text: empty where nothing was read.
        score: mean probability of its characters.
        path: what the text was decoded from, where that was asked for.
    """

    text: str = ""
    score: float = 0.0
    path: BestPath | None = None


class LineReader:
    """A recogniser with its models.

    Args:
        recogniser: how it is fed and decoded.
        models: of its network.
        bucket: input widths are multiples of this.
        batch: how many of so many lines are given to the network at once.
        keep_paths: whether readings have their best path.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        models: WorkerPool,
        bucket: int,
        batch: Callable[[int], int],
        keep_paths: bool = False,
    ) -> None:
        self._recogniser = recogniser
        self._models = models
        self._bucket = bucket
        self._batch = batch
        self._keep_paths = keep_paths

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        """Read lines, uint8 hxwx3 each.

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
        readings = [Reading()] * len(lines)
        paths: dict[int, BestPath] = {}

        def recognise(models: ShapeCache, group: Sequence[int]) -> None:
            batch = [pixels[index] for index in group]
            shape = recognition.input_shape(batch, network, bucket, pad)
            outputs = models.run(shape, lambda input: recognition.preprocess(batch, network, input))
            read = network_outputs.decode(outputs, len(group), recogniser)
            for row, index in enumerate(group):
                segment = segments[index]
                if self._keep_paths or not segment.whole:
                    paths[index] = network_outputs.best_path(outputs, row, recogniser, shape[3])
                if segment.whole:
                    readings[segment.line] = Reading(*read[row], paths.get(index))

        groups = recognition.batches(pixels, network, self._batch(len(pixels)), bucket, pad)
        # The widest first: side by side, what takes longest must not begin last.
        self._models.map(recognise, groups[::-1])
        blank = recognition.blank_class(recogniser)
        for line, path in long_lines.joined(segments, paths, blank).items():
            kept = path if self._keep_paths else None
            readings[line] = Reading(*recognition.decode(path, recogniser), kept)
        return readings
