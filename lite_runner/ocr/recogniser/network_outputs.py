"""Outputs of classifiers and recognisers, whose order and layout differ between exports."""

from __future__ import annotations

from typing import Sequence

from lite_runner.arrays import AnyArray
from lite_runner.ocr.recogniser import recognition
from lite_runner.ocr.recogniser.best_path import BestPath
from lite_runner.pack import Recogniser
from lite_runner.predictor.protocol import Output


def decode(
    outputs: Sequence[Output], count: int, recogniser: Recogniser
) -> list[tuple[str, float]]:
    """Text and score of each line of a recogniser's batch, from all its outputs."""
    if recogniser.outputs == "softmax":
        return [recognition.decode_softmax(line, recogniser) for line in outputs[0].data]
    # V1.x exports name their outputs in either order.
    probabilities = floats(outputs)
    (ids,) = (output for output in outputs if output is not probabilities)
    return [
        recognition.decode_ids(_sequence(ids, n), _sequence(probabilities, n), recogniser)
        for n in range(count)
    ]


def best_path(outputs: Sequence[Output], row: int, recogniser: Recogniser, width: int) -> BestPath:
    """Most probable classes of one line, or part of one, of a recogniser's batch.

    Args:
        width: of the batch, in pixels.
    """
    if recogniser.outputs == "softmax":
        return BestPath.of(outputs[0].data[row], width)
    return BestPath.of(_sequence(floats(outputs), row), width)


def floats(outputs: Sequence[Output]) -> Output:
    """The first output that holds probabilities: V1.x networks put out classes or ids, too."""
    return next(output for output in outputs if output.data.dtype.kind == "f")


def _sequence(output: Output, index: int) -> AnyArray:
    """Rows of one line in an output whose level-of-detail offsets mark where each line starts."""
    if not output.lod:
        return output.data
    offsets = output.lod[0]
    return output.data[offsets[index] : offsets[index + 1]]
