"""ONNX models run as their authors meant: by onnxruntime, or by ONNX's own reference evaluator."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from onnx.reference.ops import op_resize

from lite_runner.arrays import AnyArray, Floats
from opt_models.errors import OptError
from opt_models.importing import onnx_file
from opt_models.paddlelite.equality import Outputs

#: Gives all outputs for one input.
Run = Callable[[Floats], Outputs]


def engine() -> str:
    """What models are run by: onnxruntime where it is installed, it is fifty times as fast."""
    return (
        "onnxruntime" if importlib.util.find_spec("onnxruntime") else "ONNX's reference evaluator"
    )


def run(path: Path, inputs: Sequence[Floats], outputs: Sequence[str] = ()) -> list[Outputs]:
    """Run a model.

    Args:
        path: of the model.
        inputs: each a batch in NCHW.
        outputs: names of the values to return; the model's own outputs if empty.

    Returns:
        for each input, the values.

    Raises:
        OptError: it cannot be run.
    """
    model = onnx_file.load(path)
    if outputs:
        del model.graph.output[:]
        model.graph.output.extend(map(onnx.helper.make_empty_tensor_value_info, outputs))
    try:
        session = _session(model)
        return [session(batch) for batch in inputs]
    except Exception as error:  # engines have exceptions of their own, without a common base
        reason = " ".join(str(error).split())[:200]
        raise OptError(
            f"{path}: {engine()} cannot run it: {reason}; check that the network itself works"
        ) from error


def _session(model: onnx.ModelProto) -> Run:
    (name,) = {entry.name for entry in model.graph.input} - {
        entry.name for entry in model.graph.initializer
    }
    if importlib.util.find_spec("onnxruntime"):
        return _onnxruntime(model, name)
    reference = evaluator(model)
    return lambda batch: list(reference.run(None, {name: batch}))


def evaluator(model: onnx.ModelProto) -> ReferenceEvaluator:
    """ONNX's reference evaluator of a model, corrected where releases compute something else.

    Up to onnx 1.19, the last one for Python 3.9, it pads where ``auto_pad`` is ``VALID``, which is
    no padding by the specification.
    """
    spelt = onnx.ModelProto()
    spelt.CopyFrom(model)
    for node in spelt.graph.node:
        for attribute in node.attribute:
            if attribute.name == "auto_pad" and attribute.s == b"VALID":
                attribute.s = b"NOTSET"
    return ReferenceEvaluator(spelt, new_ops=[BatchNormalization, Resize])


def _onnxruntime(model: onnx.ModelProto, name: str) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda batch: session.run(None, {name: batch})


class BatchNormalization(OpRun):
    """As at inference: below opset 14 the evaluator's own takes the batch's mean and variance."""

    op_domain = ""

    def _run(
        self,
        x: AnyArray,
        scale: AnyArray,
        bias: AnyArray,
        mean: AnyArray,
        variance: AnyArray,
        epsilon: float | None = None,
        momentum: float | None = None,
        spatial: int | None = None,
        training_mode: int | None = None,
    ) -> tuple[AnyArray, ...]:
        shape = (-1, *(1,) * (x.ndim - 2))
        factor = scale / np.sqrt(variance + (1e-5 if epsilon is None else epsilon))
        result = (x - mean.reshape(shape)) * factor.reshape(shape) + bias.reshape(shape)
        return (result.astype(x.dtype),)


class Resize(op_resize.Resize):
    """The evaluator's own, but for an empty ``roi`` and for the time it takes.

    Up to onnx 1.19 it stumbles over that input, which only ``tf_crop_and_resize`` looks at, and
    computes each element in a loop.
    """

    op_domain = ""

    def _run(  # type: ignore[override]
        self,
        x: AnyArray,
        roi: AnyArray | None = None,
        scales: AnyArray | None = None,
        sizes: AnyArray | None = None,
        **attributes: Any,
    ) -> tuple[AnyArray, ...]:
        if attributes.get("coordinate_transformation_mode") != "tf_crop_and_resize":
            roi = None
        if scales is None or len(scales) != x.ndim or not _repeats(scales, attributes):
            result: tuple[AnyArray, ...] = super()._run(x, roi, scales, sizes, **attributes)
            return result
        for axis, times in enumerate(scales):
            x = x.repeat(int(times), axis)
        return (x,)


def _repeats(scales: AnyArray, attributes: Mapping[str, Any]) -> bool:
    """Whether a Resize repeats each element: nearest neighbours, enlarged by whole numbers."""
    names = ("mode", "coordinate_transformation_mode", "nearest_mode")
    return bool((scales == np.round(scales)).all() and (scales >= 1).all()) and tuple(
        map(attributes.get, names)
    ) in {
        ("nearest", "asymmetric", "floor"),
        ("nearest", "half_pixel", "round_prefer_floor"),
    }
