"""Folding that is always checked: what computes something else is not used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from lite_runner.arrays import Floats
from opt_models.errors import OptError
from opt_models.folding.fold import fold
from opt_models.formats.inference_model import ModelFiles
from opt_models.paddlelite import equality
from opt_models.paddlelite.equality import Limits

#: Of networks that put out probabilities.
_LIMITS = Limits()


@dataclass(frozen=True)
class Folded:
    """What to convert.

    Attributes:
        files: the folded model, or the one that was given.
        passes: how often each pass changed something; empty if nothing was folded.
        summary: of what was done, for people.
    """

    files: ModelFiles
    passes: Mapping[str, int]
    summary: str


def fold_verified(
    files: ModelFiles,
    inputs: Sequence[Floats],
    folder: Path,
    height: int = 0,
    arch: str = "arm",
    limits: Limits = _LIMITS,
) -> Folded:
    """Fold a model if that leaves what it computes as it is.

    The wheel's runtime on this host runs both, also where the pack is for ARM: the algebra is the
    same there, and the deploy's verification reads a picture on the board.

    Args:
        files: an inference model in fp32.
        inputs: to compare on.
        folder: for the folded files and others on the way.
        height: that all inputs will have, in pixels; 0 if they differ.
        arch: what the model is for.
        limits: how far the folded model may be off.

    Raises:
        FetchError: Paddle-Lite cannot be had.
    """
    target = ModelFiles(folder / "folded.pdmodel", folder / "folded.pdiparams")
    try:
        passes = fold(files, target, height, arch)
    except OptError as error:
        # opt reads what old releases of Paddle wrote, too, and tells what is wrong.
        return Folded(files, {}, f"not folded: {error}")
    if not passes:
        return Folded(files, {}, "nothing to fold")
    try:
        first, second = (equality.converted(model, folder) for model in (files, target))
        difference = equality.compare(first, second, inputs, folder, limits.threshold)
    except OptError as error:
        return Folded(files, {}, f"not folded: it cannot be compared on this host: {error}")
    if not difference.within(limits):
        return Folded(
            files,
            {},
            f"not folded: that would change its output by {difference}, at most"
            f" {limits.tolerance:g} is allowed; used as published",
        )
    count = sum(passes.values())
    return Folded(
        target, passes, f"folded, {count} changes; outputs differ by {difference} at most"
    )
