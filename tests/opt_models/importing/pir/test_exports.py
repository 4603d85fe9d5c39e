"""Networks that paddlepaddle exported, imported and run by Paddle-Lite: all compute the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import pytest

from opt_models.folding.fold import fold
from opt_models.formats import program
from opt_models.formats.inference_model import ModelFiles
from opt_models.importing.pir_import import import_pir
from opt_models.paddlelite import opt

Run = Callable[[ModelFiles, Sequence[Any]], Sequence[Any]]

#: Relative to the largest value, or absolute where that is below 1: float32, other orders of sums.
TOLERANCE = 1e-5
FAMILIES = (
    *("activations", "arithmetic", "convolutions", "pools", "interpolations", "shapes", "linears"),
)
NETWORKS = ("detector", "recogniser", "classifier")


def imported(folder: Path, target: Path) -> ModelFiles:
    files = ModelFiles(target / "inference.pdmodel", target / "inference.pdiparams")
    import_pir(folder / "inference.json", folder / "inference.pdiparams", files)
    return files


def check(files: ModelFiles, expected: Mapping[str, Any], run: Run) -> None:
    inputs = [expected[key] for key in expected if key.endswith(".x")]
    given = run(files, inputs)
    actual = {f"{i}.{j}": values for i, row in enumerate(given) for j, values in enumerate(row)}
    assert actual.keys() == {key for key in expected if not key.endswith(".x")}
    for key, values in actual.items():
        scale = max(1.0, float(np.abs(expected[key]).max()))
        np.testing.assert_allclose(values, expected[key], 0, TOLERANCE * scale, err_msg=key)


@pytest.mark.parametrize("name", [*FAMILIES, *NETWORKS])
def test_same_as_paddle(exports: Path, tmp_path: Path, run: Run, name: str) -> None:
    folder = exports / name
    files = imported(folder, tmp_path)
    opt.optimise(files.program, files.params, tmp_path / "arm.nb", "arm")
    with np.load(folder / "expected.npz") as expected:
        check(files, dict(expected), run)


@pytest.mark.parametrize("name", NETWORKS)
def test_folds(exports: Path, tmp_path: Path, run: Run, name: str) -> None:
    """What importing writes is what folding looks for."""
    files = imported(exports / name, tmp_path)
    target = ModelFiles(tmp_path / "folded.pdmodel", tmp_path / "folded.pdiparams")
    height = 48 if name == "recogniser" else 0
    passes = fold(files, target, height)
    before, after = (program.summary(one.program).operators for one in (files, target))
    # Batch norms, and scales with their shifts, become part of convolutions.
    assert passes["after convolutions"] >= before["batch_norm"] > after.get("batch_norm", 0)
    assert after["elementwise_mul"] < before["elementwise_mul"]
    with np.load(exports / name / "expected.npz") as expected:
        check(target, dict(expected), run)


def test_input_stays_free(exports: Path, tmp_path: Path) -> None:
    summary = program.summary(imported(exports / "recogniser", tmp_path).program)
    assert summary.inputs[0].shape == (-1, 3, 48, -1)
    assert summary.outputs[0].shape[:2] == (-1, -1)
