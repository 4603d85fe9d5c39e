"""Pictures made larger or smaller."""

from __future__ import annotations

from typing import Any

import numpy as np

from opt_models.importing.onnx_network import Array, Node
from opt_models.importing.onnx_translation import Tensor, Translation
from opt_models.importing.sizes import Shape, Size
from opt_models.importing.unsupported import UnsupportedError

#: Where a pixel of the output lies in the input, by Paddle-Lite's attributes
#: (lite/backends/arm/math/interpolate.cc).
_BILINEAR = {
    "half_pixel": {"align_corners": False, "align_mode": 0},
    "pytorch_half_pixel": {"align_corners": False, "align_mode": 0},
    "asymmetric": {"align_corners": False, "align_mode": 1},
    "align_corners": {"align_corners": True, "align_mode": 1},
}


def resize(translation: Translation, node: Node) -> None:
    """Height and width, by scales or to sizes."""
    x, name = translation.tensor(node, 0), node.outputs[0]
    upsample = node.operator == "Upsample"
    scales = translation.content(node, 1 if upsample else 2)
    sizes = None if upsample else translation.content(node, 3)
    method = node.attributes.get("mode", "nearest")
    if x.rank != 4:
        raise UnsupportedError(f"takes a tensor with {x.rank} axes, expected 4")
    mapping = (
        "asymmetric"
        if upsample
        else node.attributes.get("coordinate_transformation_mode", "half_pixel")
    )
    how = _method(node, method, mapping)
    target, factors = _target(x, scales, sizes)
    if method == "nearest":
        _check_nearest(node, mapping, factors)
    attributes: dict[str, Any] = {"scale": factors} if factors else {}
    height, width = (size if isinstance(size, int) else -1 for size in target[2:])
    result = translation.emit(
        f"{how['interp_method']}_interp_v2",
        {"X": x},
        name,
        target,
        out_h=height,
        out_w=width,
        data_layout="NCHW",
        **how,
        **attributes,
    )
    translation.bind(name, result)


def _target(x: Tensor, scales: Array | None, sizes: Array | None) -> tuple[Shape, list[float]]:
    """The shape to resize to, and the factors if they are numbers."""
    if scales is not None and scales.size:
        factors = [float(value) for value in scales]
        shape = tuple(_scaled(size, factor) for size, factor in zip(x.shape, factors))
    elif sizes is not None and sizes.size:
        shape = tuple(int(s) if isinstance(s, (int, np.integer)) else s for s in sizes.tolist())
        factors = _factors(x.shape, shape)
    else:
        raise UnsupportedError("computes its scales while it runs")
    if shape[:2] != x.shape[:2]:
        raise UnsupportedError("resizes batch or channels, expected height and width only")
    return shape, factors[2:]


def _factors(source: Shape, target: Shape) -> list[float]:
    """How often each size goes into another one."""
    factors: list[float] = []
    for size, other in zip(source, target):
        if isinstance(size, int) and isinstance(other, int):
            factors.append(other / size)
            continue
        for factor in range(1, 65):
            if size * factor == other:
                factors.append(float(factor))
                break
        else:
            raise UnsupportedError(
                "resizes to a size that is no multiple of its input's",
                "export the network with scales instead",
            )
    return factors


def _scaled(size: Size, factor: float) -> Size:
    if isinstance(size, int):
        return int(np.floor(size * factor))
    if factor == int(factor):
        return size * int(factor)
    if 1 / factor == int(1 / factor):
        return size // int(1 / factor)
    raise UnsupportedError(f"resizes by {factor:g}, expected a whole number or its inverse")


def _method(node: Node, method: str, mapping: str) -> dict[str, Any]:
    if method == "nearest":
        return {"interp_method": "nearest", "align_corners": False, "align_mode": 0}
    if method != "linear":
        raise UnsupportedError(f"interpolates by mode {method!r}, expected nearest or linear")
    if mapping not in _BILINEAR:
        raise UnsupportedError(f"maps coordinates by {mapping!r}")
    return {"interp_method": "bilinear", **_BILINEAR[mapping]}


def _check_nearest(node: Node, mapping: str, factors: list[float]) -> None:
    """Paddle takes ``floor(x / scale)``; for whole factors other roundings come to the same."""
    rounding = node.attributes.get("nearest_mode", "round_prefer_floor")
    whole = all(factor == int(factor) for factor in factors)
    plain = mapping == "asymmetric" and (rounding == "floor" or node.operator == "Upsample")
    halves = mapping in ("half_pixel", "pytorch_half_pixel") and rounding != "ceil"
    if not (plain or (whole and halves and rounding.startswith("round"))):
        raise UnsupportedError(f"takes the nearest pixel by {mapping!r} and {rounding!r}")


OPERATORS = {"Resize": resize, "Upsample": resize}
