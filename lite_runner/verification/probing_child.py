"""The child's side of probing: models are opened and run here, where they may end the process."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Callable, List, Protocol, Sequence, Tuple, Union

import numpy as np

from lite_runner import pack
from lite_runner.arrays import AnyArray, Floats, Image
from lite_runner.capabilities import limits
from lite_runner.capabilities.limits import Limit
from lite_runner.capabilities.probing import Request, Step
from lite_runner.errors import EngineError, LiteError
from lite_runner.ocr import classification
from lite_runner.ocr.detector import detection, tiled_map
from lite_runner.ocr.recogniser import network_outputs, recognition
from lite_runner.pictures import image
from lite_runner.predictor import protocol
from lite_runner.predictor.protocol import Engine, Output, Predictor

#: Sizes (width, height) a detector is tried with, besides its largest. On v2.9 V2.0's slim one is
#: wrong after any change, V1.1's writes out of bounds when the input grows.
_SIZES = ((320, 96), (480, 192))
#: How many times as wide as high a line is that a recogniser is tried with; few are longer.
_LONG = 25
#: What two runs on one input may differ by; the fault's smallest error was 0.3.
_TOLERANCE = 1e-3


class _LineStage(Protocol):
    """A module that makes the inputs of a network for lines."""

    def input_shape(self, crops: Sequence[Image], network: pack.Network) -> tuple[int, ...]: ...

    def preprocess(self, crops: Sequence[Image], network: pack.Network, batch: Floats) -> None: ...


#: What a network says of a row: numbers, or text and its score.
_Answer = Union[AnyArray, Tuple[str, float]]
#: Gives the answers of so many rows of a batch.
_Read = Callable[[Sequence[Output], int], List[_Answer]]


def main() -> None:
    """Answer each step of the request on standard input by a line."""
    limits.begin()
    request: Request = json.load(sys.stdin)
    module, name, arguments = request["engine"]
    try:
        engine: Engine = getattr(importlib.import_module(module), name)(**arguments)
        files = pack.load(request["pack"])
        known = {(stage, what): yes for stage, what, yes in request["known"]}
        for stage, what in request["steps"]:
            known[stage, what] = _step(engine, files, stage, what, known)
            print("trial: yes" if known[stage, what] else "trial: no", flush=True)
    except LiteError as error:
        sys.exit(f"error: {error}")
    except MemoryError:
        sys.exit("error: it takes more memory than models of its size do")


def _step(engine: Engine, files: pack.Pack, stage: str, what: str, known: dict[Step, bool]) -> bool:
    network = files.networks[stage]
    size = network.path.stat().st_size
    if what == "loads":
        with limits.memory(limits.loading(size)):
            _open(engine, network).close()
        return True
    inputs, read = _inputs(files, stage)
    limit = _limit(network, stage, inputs)
    with limits.memory(limit):
        if what == "runs":
            for single in inputs:
                _run_alone(engine, network, single, read, limit)
            return True
        if what == "batches":
            # A detector is never given several pictures.
            if stage == "det" or network.fixed_batch:
                return False
            return _agrees(engine, network, [_two_rows(inputs[0])], read, limit)
        batches = [*inputs, inputs[0]]
        if known[stage, "batches"]:
            batches.append(_two_rows(inputs[-1]))
        return _agrees(engine, network, batches, read, limit)


def _limit(network: pack.Network, stage: str, inputs: Sequence[Floats]) -> Limit:
    """For the largest input, or for two lines of it."""
    elements = max(single.size for single in inputs) * (1 if stage == "det" else 2)
    return limits.running(network.path.stat().st_size, network.precision, stage, elements)


def _agrees(
    engine: Engine, network: pack.Network, batches: Sequence[Floats], read: _Read, limit: Limit
) -> bool:
    """Whether one open model gives the same answers as models that are opened for each row."""
    predictor = _open(engine, network)
    try:
        for batch in batches:
            together = read(_run(predictor, batch, limit), len(batch))
            for row, answer in zip(batch, together):
                if not _equal(answer, _run_alone(engine, network, row[None], read, limit)):
                    return False
    except EngineError:
        return False
    finally:
        predictor.close()
    return True


def _run_alone(
    engine: Engine, network: pack.Network, row: Floats, read: _Read, limit: Limit
) -> _Answer:
    predictor = _open(engine, network)
    try:
        return read(_run(predictor, row, limit), 1)[0]
    finally:
        predictor.close()


def _open(engine: Engine, network: pack.Network) -> Predictor:
    with limits.time(limits.loading(network.path.stat().st_size)):
        return engine.open(network.path)


def _run(predictor: Predictor, batch: Floats, limit: Limit) -> Sequence[Output]:
    with limits.time(limit):
        return protocol.run(predictor, batch)


def _equal(answer: _Answer, other: _Answer) -> bool:
    if isinstance(answer, tuple) or isinstance(other, tuple):
        (text, score), (other_text, other_score) = answer, other
        return bool(text == other_text and abs(score - other_score) < _TOLERANCE)
    same_shape = answer.shape == other.shape
    return bool(same_shape and np.allclose(answer, other, rtol=0, atol=_TOLERANCE))


def _two_rows(batch: Floats) -> Floats:
    """A batch of two different rows: the second one's content is turned around."""
    return np.ascontiguousarray(np.concatenate([batch, batch[..., ::-1]]))


def _inputs(files: pack.Pack, stage: str) -> tuple[list[Floats], _Read]:
    """Inputs of one row each, of several shapes where the stage has them, and how to read."""
    picture = image.load(files.golden.image)
    if stage == "det":
        return _pages(picture, files.detector), lambda outputs, count: list(outputs[0].data)
    upper, lower = np.array_split(picture, 2)
    long = np.tile(upper, (1, -(-_LONG * upper.shape[0] // upper.shape[1]), 1))
    half = lower[:, : lower.shape[1] // 2]
    lines: list[Image] = [np.ascontiguousarray(part) for part in (half, long, lower)]
    if stage == "cls" and files.classifier is not None:
        network = files.classifier.network
        return (
            [_batch(classification, line, network) for line in lines],
            lambda outputs, count: list(network_outputs.floats(outputs).data),
        )
    recogniser = files.recogniser
    return (
        [_batch(recognition, line, recogniser.network) for line in lines],
        lambda outputs, count: list(network_outputs.decode(outputs, count, recogniser)),
    )


def _pages(picture: Image, detector: pack.Detector) -> list[Floats]:
    """Inputs of a detector, of every size it is tried with."""
    network = detector.network
    largest = detection.input_size(10_000, 10_000, detector)
    sizes = [largest] if network.fixed_size else [_SIZES[0], largest, _SIZES[1]]
    pages: list[Floats] = []
    for size in sizes:
        pixels = image.resize(picture, *size)
        pages.append(np.empty(tiled_map.input_shape(pixels, network), np.float32))
        tiled_map.preprocess(pixels, network, pages[-1])
    return pages


def _batch(stage: _LineStage, line: Image, network: pack.Network) -> Floats:
    """Input for one line."""
    batch: Floats = np.empty(stage.input_shape([line], network), np.float32)
    stage.preprocess([line], network, batch)
    return batch
