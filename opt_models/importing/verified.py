"""Imports that are always checked: what computes something else than its original is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from lite_runner.arrays import Floats
from opt_models.errors import OptError
from opt_models.formats.inference_model import ModelFiles
from opt_models.importing import onnx_file, onnx_run, tapped
from opt_models.paddlelite import equality
from opt_models.paddlelite.equality import Difference, Outputs

#: What an inner tensor may be off, as a part of its largest value, before it is named.
_INNER_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Comparison:
    """Of an import with its original.

    Attributes:
        difference: the largest ones.
        engine: what ran the original.
        inputs: on how many inputs.
    """

    difference: Difference
    engine: str
    inputs: int

    def __str__(self) -> str:
        return f"{self.difference} at most from {self.engine} on {self.inputs} inputs"


def check(
    original: Path,
    imported: ModelFiles,
    stage: str,
    inputs: Sequence[Floats],
    threshold: float,
    folder: Path,
) -> Comparison:
    """Compare an import with its original.

    Args:
        original: the ONNX file.
        imported: what was made of it, or of the same network in another format.
        stage: ``det``, ``cls`` or ``rec``.
        inputs: each a batch in NCHW.
        threshold: of a detector's mask.
        folder: for files on the way.

    Raises:
        OptError: they differ; names the first tensor that does. Or one of them cannot be run.
        FetchError: Paddle-Lite cannot be had.
    """
    expected = onnx_run.run(original, inputs)
    actual = _run(imported, inputs, folder)
    allowed = equality.limits(stage, threshold)
    difference = equality.difference(expected, actual, allowed.threshold)
    if not difference.within(allowed):
        where = _first_different(original, imported, inputs, folder)
        raise OptError(
            f"{original}: the import computes something else than {onnx_run.engine()} makes of"
            f" this file: {difference} apart, at most {allowed.tolerance:g} is allowed{where};"
            " please report it with the file, and take another export of the network meanwhile"
        )
    return Comparison(difference, onnx_run.engine(), len(inputs))


def _run(files: ModelFiles, inputs: Sequence[Floats], folder: Path) -> list[Outputs]:
    return equality.run(equality.converted(files, folder), inputs, folder)


def _first_different(
    original: Path, imported: ModelFiles, inputs: Sequence[Floats], folder: Path
) -> str:
    """Words that name the first tensor that differs on any input; none if it cannot be found."""
    names = tapped.common(original, imported)
    if not names:  # imported from a file of another format
        return ""
    taps = ModelFiles(folder / "tapped.pdmodel", folder / "tapped.pdiparams")
    tapped.write(imported, names, taps)
    try:
        for batch in inputs:
            (expected,) = onnx_run.run(original, [batch], names)
            (actual,) = _run(taps, [batch], folder)
            for name, left, right in zip(names, expected, actual):
                if equality.largest(left.astype("float32"), right) > _INNER_TOLERANCE:
                    return f"; the first tensor that differs is {name!r}, {_maker(original, name)}"
    except OptError:
        pass  # what is said without it is enough to go on with
    return ""


def _maker(original: Path, name: str) -> str:
    for node in onnx_file.parse(original).graph.node:
        if name in node.output:
            return f"of node {node.name or name!r} ({node.op_type})"
    return "an input"
