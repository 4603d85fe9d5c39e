"""Whether two models compute the same: both run by Paddle-Lite on the same inputs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Sequence

import numpy as np

from lite_runner.arrays import AnyArray, Floats
from lite_runner.program_output import ended, last_line
from opt_models.errors import OptError
from opt_models.formats.inference_model import ModelFiles
from opt_models.paddlelite import env as paddlelite
from opt_models.paddlelite import opt
from opt_models.store import process
from opt_models.store.content_key import content_key

_PROGRAM = "opt_models.paddlelite.run_model"
_PACKAGES = Path(__file__).parents[2]

#: What a model puts out for one input, in its order.
Outputs = Sequence[AnyArray]


#: Of recognisers and classifiers, in probability: kernels that add up in another order are up to
#: 5e-5 apart on noise, and Paddle-Lite's means on x86, which add pixels one by one, 1e-4.
_TOLERANCE = 2e-4
#: Of detectors' maps: sigmoids are steep at the edges of text. ONNX Runtime with and without its
#: optimisations is 2e-4 to 4e-4 apart on real pages, and no pixel of the mask changes.
_MAP_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Limits:
    """How far two models may be apart and still count as equal.

    Attributes:
        tolerance: of any output's value. Networks for text put out probabilities, for which this is
            absolute; larger values of others may be off by as much of the largest one.
        threshold: above which a detector's map is text, and its mask set; None for other networks.
        flipped: share of the masks' pixels that may differ, but always one pixel: masks of small
            pictures have less than one in this share.
    """

    tolerance: float = _TOLERANCE
    threshold: float | None = None
    flipped: float = 1e-5


def limits(stage: str, threshold: float) -> Limits:
    """How far an imported or folded network may be off.

    Args:
        stage: ``det``, ``cls`` or ``rec``.
        threshold: of a detector's mask.
    """
    return Limits(_MAP_TOLERANCE, threshold) if stage == "det" else Limits()


@dataclass(frozen=True)
class Difference:
    """Of two models.

    Attributes:
        largest: difference of any value of each output, in its own units or, where the output's
            largest value is above 1, as part of that; infinite where shapes, whole numbers or NaNs
            differ.
        flipped: pixels in which masks at the threshold differ; 0 without a threshold.
        pixels: of all masks.
    """

    largest: tuple[float, ...]
    flipped: int = 0
    pixels: int = 0

    def within(self, limits: Limits) -> bool:
        """Whether all outputs are equal as far as limits say."""
        allowed = ceil(self.pixels * limits.flipped)
        return self.flipped <= allowed and all(
            largest <= limits.tolerance for largest in self.largest
        )

    def __str__(self) -> str:
        masks = f" and {self.flipped} of {self.pixels} mask pixels" if self.flipped else ""
        return f"{max(self.largest):.1g}{masks}"


def compare(
    first: Path,
    second: Path,
    inputs: Sequence[Floats],
    folder: Path,
    threshold: float | None = None,
) -> Difference:
    """Run two models for x86 and compare all they put out.

    Args:
        first, second: ``.nb`` files.
        inputs: each a batch in NCHW.
        folder: for files on the way.
        threshold: of masks, as in :class:`Limits`.

    Raises:
        OptError: Paddle-Lite could not run one; names it.
        FetchError: Paddle-Lite itself cannot be had.
    """
    left, right = (run(model, inputs, folder) for model in (first, second))
    return difference(left, right, threshold)


def converted(files: ModelFiles, folder: Path) -> Path:
    """A model's ``.nb`` for this computer, made once in a folder for each program.

    Args:
        files: an inference model.
        folder: of the work on one network.

    Raises:
        OptError: opt cannot convert it.
        FetchError: opt cannot be had.
    """
    # By its whole path: a user's own program may be called as one that is made here.
    digest = content_key(str(files.program.absolute()))
    target = folder / f"x86-{digest}.nb"
    if not target.is_file():
        opt.optimise(files.program, files.params, target, "x86")
    return target


def run(model: Path, inputs: Sequence[Floats], folder: Path) -> list[Outputs]:
    """Run a model for x86.

    Args:
        model: a ``.nb`` file.
        inputs: each a batch in NCHW.
        folder: for files on the way.

    Returns:
        for each input, the model's outputs.

    Raises:
        OptError: Paddle-Lite could not run it; names it.
        FetchError: Paddle-Lite itself cannot be had.
    """
    names = []
    for index, batch in enumerate(inputs):
        names.append(folder / f"input-{index}.npy")
        np.save(names[-1], batch)
    stored = _run(model, names, folder / f"{model.stem}.npz")
    results: list[list[AnyArray]] = [[] for _ in inputs]
    for key in sorted(stored, key=lambda key: tuple(map(int, key.split(".")))):
        results[int(key.partition(".")[0])].append(stored[key])
    return list(results)


def difference(
    left: Sequence[Outputs], right: Sequence[Outputs], threshold: float | None = None
) -> Difference:
    """The largest differences over all inputs.

    Args:
        left, right: for each input, the outputs of a model.
        threshold: of masks, as in :class:`Limits`.
    """
    if [len(outputs) for outputs in left] != [len(outputs) for outputs in right]:
        return Difference((float("inf"),))
    pairs = [list(zip(*outputs)) for outputs in zip(left, right)]
    worst = tuple(max(largest(*pair) for pair in column) for column in zip(*pairs))
    if threshold is None or float("inf") in worst:
        return Difference(worst)
    masks = [(output > threshold) != (other > threshold) for row in pairs for output, other in row]
    flipped = sum(int(mask.sum()) for mask in masks)
    return Difference(worst, flipped, sum(mask.size for mask in masks))


def largest(left: AnyArray, right: AnyArray) -> float:
    """The largest difference of two outputs, as in :class:`Difference`."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return float("inf")
    if left.dtype.kind != "f":
        return 0.0 if np.array_equal(left, right) else float("inf")
    if not left.size:
        return 0.0
    first, other = left.astype(np.float64), right.astype(np.float64)
    if not (np.isfinite(first) == np.isfinite(other)).all():
        return float("inf")
    same = np.isfinite(first)
    scale = max(1.0, float(np.abs(first[same]).max(initial=0.0)))
    return float(np.abs(first[same] - other[same]).max(initial=0.0)) / scale


def _run(model: Path, inputs: Sequence[Path], target: Path) -> dict[str, AnyArray]:
    env = paddlelite.find()
    paths = [str(_PACKAGES), str(env.site), str(paddlelite.numpy_for(env))]
    command = [str(env.python), "-s", "-m", _PROGRAM, str(target), str(model), *map(str, inputs)]
    variables = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    outcome = process.run(command, env=variables)
    if outcome.code != 0 or not target.is_file():
        reason = last_line(outcome.stderr) or ended(outcome.code)
        raise OptError(f"{model.name}: Paddle-Lite could not run it: {reason}")
    with np.load(target) as stored:
        return dict(stored)
