"""Small ONNX models, and imports of them run by Paddle-Lite."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import helper, numpy_helper

from lite_runner.arrays import Floats
from opt_models.formats.inference_model import ModelFiles
from opt_models.importing import onnx_run
from opt_models.importing.onnx_import import import_onnx
from opt_models.paddlelite import equality, opt

Weights = Mapping[str, Any]


def model(
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[str],
    weights: Weights | None = None,
    shape: Sequence[int | str] = ("n", 3, "h", "w"),
    opset: int = 13,
) -> onnx.ModelProto:
    """A model with one input ``x``."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, list(shape))],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in (weights or {}).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


@pytest.fixture
def check(downloads: Path, tmp_path: Path) -> Callable[..., ModelFiles]:
    """Imports a model and compares all it puts out with ONNX's own reference evaluator."""

    def run(given: onnx.ModelProto, *batches: Floats, tolerance: float = 2e-5) -> ModelFiles:
        path = tmp_path / "model.onnx"
        onnx.save(given, str(path))
        files = ModelFiles(tmp_path / "model.pdmodel", tmp_path / "model.pdiparams")
        import_onnx(path, files)
        target = tmp_path / "model.nb"
        opt.optimise(files.program, files.params, target, "x86")
        evaluator = onnx_run.evaluator(given)
        names = [entry.name for entry in given.graph.output]
        for batch, outputs in zip(batches, equality.run(target, batches, tmp_path)):
            expected = evaluator.run(None, {"x": batch})
            assert len(outputs) == len(expected) == len(names)
            for name, right, left in zip(names, expected, outputs):
                assert left.shape == right.shape, name
                assert equality.largest(right.astype(np.float32), left) < tolerance, name
        return files

    return run


def noise(*shape: int, seed: int = 1) -> Floats:
    """Numbers from -1 to 1."""
    values: Floats = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
    return values
