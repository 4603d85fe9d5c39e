"""Whether two models compute the same: both run by Paddle-Lite on the same inputs."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from lite_runner.arrays import AnyArray, Floats
from opt_models import lite_env
from opt_models.errors import OptError

_PROGRAM = "opt_models.folding.run_model"
_PACKAGES = Path(__file__).parents[2]

#: How far an output may be off. Networks for text put out probabilities, for which this is
#: absolute; larger values of others may be off by as much of the largest one.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Difference:
    """Of two models.

    Attributes:
        largest: difference of any value of each output, in its own units or, where the output's
            largest value is above 1, as part of that; infinite where shapes, whole numbers or NaNs
            differ.
    """

    largest: tuple[float, ...]

    @property
    def is_small(self) -> bool:
        """Whether all outputs are equal within :data:`TOLERANCE`."""
        return all(one <= TOLERANCE for one in self.largest)

    def __str__(self) -> str:
        return f"{max(self.largest):.1g}"


def compare(first: Path, second: Path, inputs: Sequence[Floats], folder: Path) -> Difference:
    """Run two models for x86 and compare all they put out.

    Args:
        first, second: ``.nb`` files.
        inputs: each a batch in NCHW.
        folder: for files on the way.

    Raises:
        OptError: Paddle-Lite could not run one; names it.
        FetchError: Paddle-Lite itself cannot be had.
    """
    names = []
    for place, batch in enumerate(inputs):
        names.append(folder / f"input-{place}.npy")
        np.save(names[-1], batch)
    left, right = (_run(model, names, folder / f"{model.stem}.npz") for model in (first, second))
    if left.keys() != right.keys():
        return Difference((float("inf"),))
    pairs: dict[str, float] = {}
    for key in left:
        output = key.partition(".")[2]
        pairs[output] = max(pairs.get(output, 0.0), largest(left[key], right[key]))
    return Difference(tuple(pairs[key] for key in sorted(pairs)))


def largest(left: AnyArray, right: AnyArray) -> float:
    """The largest difference of two outputs, as in :class:`Difference`."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return float("inf")
    if left.dtype.kind != "f":
        return 0.0 if np.array_equal(left, right) else float("inf")
    if not left.size:
        return 0.0
    one, other = left.astype(np.float64), right.astype(np.float64)
    if not (np.isfinite(one) == np.isfinite(other)).all():
        return float("inf")
    same = np.isfinite(one)
    scale = max(1.0, float(np.abs(one[same]).max(initial=0.0)))
    return float(np.abs(one[same] - other[same]).max(initial=0.0)) / scale


def _run(model: Path, inputs: Sequence[Path], target: Path) -> dict[str, AnyArray]:
    env = lite_env.find()
    paths = [str(_PACKAGES), str(env.site), str(lite_env.numpy_for(env))]
    run = subprocess.run(
        [str(env.python), "-s", "-m", _PROGRAM, str(target), str(model), *map(str, inputs)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if run.returncode != 0 or not target.is_file():
        said = [line.strip() for line in run.stderr.splitlines() if line.strip()]
        reason = said[-1] if said else f"it ended with {run.returncode}"
        raise OptError(f"{model.name}: Paddle-Lite could not run it: {reason}")
    with np.load(target) as stored:
        return dict(stored)
