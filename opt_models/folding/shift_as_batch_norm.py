"""Shifts of channels that no convolution before them takes in, for x86.

They are left behind activations, before padded convolutions (see :mod:`ahead`). Paddle-Lite for x86
adds them with calls of a function for every eight numbers (lite/backends/x86/math/elementwise.h,
``loadu_ps_inline``), while its batch norm is one loop.
"""

from __future__ import annotations

import numpy as np

from opt_models.folding import affine
from opt_models.folding.affine import Affine
from opt_models.folding.convolution import CHANNELS, is_convolution, is_shift
from opt_models.folding.graph import Graph
from opt_models.formats.operator import Operator

#: Of tensors in NCHW.
_RANK = 4


def as_norms(graph: Graph) -> int:
    """Write them as batch norms: ``x + t = (x - 0) / sqrt(1) * 1 + t``, the same to the last bit.

    Returns:
        how many shifts were rewritten.
    """
    done = 0
    for operator in list(graph.operators):
        step = affine.read(graph, operator, CHANNELS)
        if step and _is_left(graph, operator):
            _write(graph, operator, step)
            done += 1
    return done


def _is_left(graph: Graph, operator: Operator) -> bool:
    """Whether it is such a shift in NCHW that opt does not make the bias of a convolution."""
    x = operator.input("X")
    if not is_shift(graph, operator) or len(graph.shape(x)) != _RANK:
        return False
    maker = graph.maker(x)
    return maker is None or not is_convolution(graph, maker) or len(graph.users(x)) > 1


def _write(graph: Graph, shift: Operator, step: Affine) -> None:
    ones, zeros, like = np.ones_like(step.shift), np.zeros_like(step.shift), shift.input("Y")
    sides = {"Scale": ones, "Bias": step.shift, "Mean": zeros, "Variance": ones}
    weights = {side: graph.add_weight(values, like) for side, values in sides.items()}
    outputs = {
        "Y": step.y,
        # What only training gives must have names.
        "MeanOut": weights["Mean"],
        "VarianceOut": weights["Variance"],
        "SavedMean": graph.add_variable(step.y, step.shift.shape),
        "SavedVariance": graph.add_variable(step.y, step.shift.shape),
    }
    norm = Operator.new(
        "batch_norm",
        {"X": step.x, **weights},
        outputs,
        epsilon=0.0,
        momentum=0.9,
        is_test=True,
        use_global_stats=True,
        data_layout="NCHW",
    )
    graph.insert(norm, shift)
    graph.remove(shift)
