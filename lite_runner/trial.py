"""Trials of a pack's models on this board's library, in a process that may be killed by them.

Paddle-Lite ends the whole process on a model it does not understand (``Check failed``), and no
Python code can catch that. Worse, some of its releases go on with wrong numbers: after a change of
input shape, or with several lines at once. Which do, for which models, no list of versions tells;
each deploy tries it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from lite_runner import classification, detection, image, pack, pipeline, recognition
from lite_runner import predictor as predictors
from lite_runner.arrays import Floats, Image
from lite_runner.errors import EngineError, LiteError
from lite_runner.predictor import Engine, Freedom, Output, Predictor

#: Seconds. All models together take well under this, also on an emulated board.
_PATIENCE = 900
#: Sizes (width, height) a detector is tried with, besides its largest. On v2.9 V2.0's slim one is
#: wrong after any change, V1.1's writes out of bounds when the input grows.
_SIZES = ((320, 96), (480, 192))
#: How many times as wide as high a line is that a recogniser is tried with; few are longer.
_LONG = 25
#: What of memory is not set reads as garbage, and large pieces lie apart, so that writing out of
#: bounds ends the process instead of spoiling the next piece (mallopt(3)).
_ALERT = {
    "MALLOC_PERTURB_": "165",
    "MALLOC_MMAP_THRESHOLD_": "16384",
    "MALLOC_MMAP_MAX_": "1000000",
}
#: What two runs on one input may differ by; the fault's smallest error was 0.3.
_TOLERANCE = 1e-3

#: What a network says of each row of a batch, in a form that can be compared.
_Read = Callable[[Sequence[Output], int], "list[Any]"]


def run(engine: Engine, files: pack.Pack) -> dict[str, Freedom]:
    """Find out what each model of a pack stays right with.

    Args:
        engine: the board's.
        files: the pack.

    Returns:
        By file name; empty where the engine knows without trying.

    Raises:
        EngineError: a model cannot be loaded, or ends the process whatever it may be given; with
            the library's own words.
    """
    steps = [(stage, "loads") for stage in files.networks]
    if engine.untried:
        # Batches first: where they fail, only single lines need to change their shape.
        steps += [(stage, what) for stage in files.networks for what in ("batches", "reshapes")]
    answers: dict[tuple[str, str], bool] = {}
    while steps:
        told, why = _child(_request(engine, files, steps, answers), _ALERT)
        for step, yes in zip(steps, told):
            answers[step] = yes
        if len(told) < len(steps):
            stage, what = failed = steps[len(told)]
            if what == "loads":
                raise EngineError(
                    f"{files.networks[stage].path.name}: Paddle-Lite {engine.version} cannot load"
                    f" it: {why}; build the pack again with this release's opt"
                )
            answers[failed] = False
            if what == "reshapes":
                _check_runs(engine, files, stage)
        steps = [step for step in steps if step not in answers]
    return {
        network.path.name: Freedom(answers[stage, "reshapes"], answers[stage, "batches"])
        for stage, network in files.networks.items()
        if engine.untried
    }


def _request(
    engine: Engine,
    files: pack.Pack,
    steps: Sequence[tuple[str, str]],
    answers: Mapping[tuple[str, str], bool] = {},
) -> dict[str, Any]:
    """What a child is to do."""
    return {
        "engine": [type(engine).__module__, type(engine).__qualname__, dict(engine.arguments)],
        "pack": str(files.folder),
        "steps": steps,
        "known": [[stage, what, yes] for (stage, what), yes in answers.items()],
    }


def _check_runs(engine: Engine, files: pack.Pack, stage: str) -> None:
    """Refuse a model that ends the process when it is opened for each input, too."""
    told, why = _child(_request(engine, files, [(stage, "runs")]), {})
    if not told:
        raise EngineError(
            f"{files.networks[stage].path.name}: Paddle-Lite {engine.version} ends on inputs of"
            f" other sizes than it was exported with: {why}; make the pack again, or export the"
            " model with a free width, and a detector with a free height"
        )


def _child(given: dict[str, Any], alert: Mapping[str, str]) -> tuple[list[bool], str]:
    """Take steps in a process of their own; the answers it gave, and its last words."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from lite_runner import trial; trial.main()"
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-c", code],
            input=json.dumps(given).encode(),
            env={**os.environ, **alert},
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        stdout, stderr = child.stdout, child.stderr
        ended = f"ended by signal {-child.returncode}"
    except subprocess.TimeoutExpired as error:
        stdout, stderr = error.stdout or b"", error.stderr or b""
        ended = f"took over {_PATIENCE} s, the file or the board is broken"
    words = (stderr + stdout).decode("utf-8", "replace").split("\n")
    told = [line.strip() for line in words if "rror" in line or "failed" in line]
    # The library itself writes to standard output, too.
    answers = [word == "trial: yes" for word in words if word in ("trial: yes", "trial: no")]
    return answers, told[-1] if told else ended


def main() -> None:
    """The child's side: an answer, one a line, to each step of the JSON on standard input."""
    given = json.load(sys.stdin)
    module, name, arguments = given["engine"]
    try:
        engine: Engine = getattr(importlib.import_module(module), name)(**arguments)
        files = pack.load(given["pack"])
        known = {(stage, what): yes for stage, what, yes in given["known"]}
        for stage, what in given["steps"]:
            known[stage, what] = _step(engine, files, stage, what, known)
            print("trial: yes" if known[stage, what] else "trial: no", flush=True)
    except LiteError as error:
        sys.exit(f"error: {error}")


def _step(
    engine: Engine, files: pack.Pack, stage: str, what: str, known: dict[tuple[str, str], bool]
) -> bool:
    network = files.networks[stage]
    if what == "loads":
        engine.open(network.path).close()
        return True
    singles, read = _inputs(files, stage)
    if what == "runs":
        for single in singles:
            _alone(engine, network, single, read)
        return True
    if what == "batches":
        # A detector is never given several pictures.
        if stage == "det" or network.fixed_batch:
            return False
        return _stays(engine, network, [_together(singles[0])], read)
    batches = [*singles, singles[0]]
    if known[stage, "batches"]:
        batches.append(_together(singles[-1]))
    return _stays(engine, network, batches, read)


def _stays(engine: Engine, network: pack.Network, batches: Sequence[Floats], read: _Read) -> bool:
    """Whether one open model reads batches as models do that are opened for each row."""
    predictor = engine.open(network.path)
    try:
        for batch in batches:
            together = read(predictors.run(predictor, batch), len(batch))
            for row, found in zip(batch, together):
                if not _equal(found, _alone(engine, network, row[None], read)):
                    return False
    except EngineError:
        return False
    finally:
        predictor.close()
    return True


def _alone(engine: Engine, network: pack.Network, row: Floats, read: _Read) -> Any:
    predictor: Predictor = engine.open(network.path)
    try:
        return read(predictors.run(predictor, row), 1)[0]
    finally:
        predictor.close()


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):  # text and score
        return bool(one[0] == other[0] and abs(one[1] - other[1]) < _TOLERANCE)
    return bool(one.shape == other.shape and np.allclose(one, other, rtol=0, atol=_TOLERANCE))


def _together(batch: Floats) -> Floats:
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
            lambda outputs, count: list(pipeline.floats(outputs).data),
        )
    recogniser = files.recogniser
    return (
        [_batch(recognition, line, recogniser.network) for line in lines],
        lambda outputs, count: list(pipeline.decode(outputs, count, recogniser)),
    )


def _pages(picture: Image, detector: pack.Detector) -> list[Floats]:
    """Inputs of a detector, of every size it is tried with."""
    network = detector.network
    largest = detection.input_size(10_000, 10_000, detector)
    sizes = [largest] if network.fixed_size else [_SIZES[0], largest, _SIZES[1]]
    pages: list[Floats] = []
    for size in sizes:
        pixels = image.resize(picture, *size)
        pages.append(np.empty(detection.input_shape(pixels, network), np.float32))
        detection.preprocess(pixels, network, pages[-1])
    return pages


def _batch(stage: Any, line: Image, network: pack.Network) -> Floats:
    """One line as a stage's module makes it."""
    batch: Floats = np.empty(stage.input_shape([line], network), np.float32)
    stage.preprocess([line], network, batch)
    return batch
