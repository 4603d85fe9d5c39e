"""Tiny programs, and what they compute by numpy: written without the code that rewrites them."""

from __future__ import annotations

import math
from typing import Any, Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from opt_models.folding.graph import Graph
from opt_models.formats import params
from opt_models.formats.operator import Operator
from opt_models.formats.program_schema import ProgramDesc

Array = npt.NDArray[np.float64]
_TENSOR, _FEED, _FETCH = 7, 9, 10
_FLOAT = 5
#: Shapes of what operators give that differ from their first input's are computed with this size.
_SIZE = 12


class Tiny:
    """Builds a program of one input ``x`` [N, C, 12, 12], operator by operator.

    Args:
        shape: of the input.
        seed: of all weights.
        free: whether heights and widths are declared free, as those of pictures are.
    """

    def __init__(
        self, shape: Sequence[int] = (2, 4, _SIZE, _SIZE), seed: int = 0, free: bool = False
    ) -> None:
        self._free = free
        self.random = np.random.default_rng(seed)
        self.input = self.random.normal(size=shape)
        self.message = ProgramDesc()
        self.block = self.message.blocks.add(idx=0, parent_idx=-1)
        self.records: dict[str, bytes] = {}
        self.block.vars.add(name="feed", persistable=True).type.type = _FEED
        self.block.vars.add(name="fetch", persistable=True).type.type = _FETCH
        self._variable("x", self._declared(shape))
        self._values = {"x": self.input}
        self._add(Operator.new("feed", {"X": "feed"}, {"Out": "x"}, col=0))

    def weight(self, *shape: int, values: Any = None) -> str:
        """A weight of random values, or of given ones."""
        if values is None:
            values = self.random.uniform(0.5, 1.5, shape) * self.random.choice([-1, 1], shape)
        array = np.asarray(values, np.float32)
        name = f"w{len(self.records)}"
        self._variable(name, array.shape, persistable=True)
        self.records[name] = params.record(array)
        return name

    def add(self, kind: str, inputs: dict[str, Any], out: str = "Out", **attributes: Any) -> str:
        """An operator with one output; returns that."""
        operator = Operator.new(kind, {}, {}, **attributes)
        for side, names in inputs.items():
            operator.take(side, [names] if isinstance(names, str) else names)
        name = f"v{len(self.block.vars)}"
        operator.set_output(out, name)
        self._add(operator)
        given = {**self._values, **{n: params.array(r) for n, r in self.records.items()}}
        self._values[name] = _OPERATORS[kind](operator, given)
        shape = self._values[name].shape
        self._variable(name, self._declared(shape))
        return name

    def conv(self, x: str, filters: Sequence[int], **attributes: Any) -> str:
        """A convolution with a random filter; its kind follows from shape and groups."""
        groups = attributes.setdefault("groups", 1)
        kind = "depthwise_conv2d" if groups == filters[0] and filters[1] == 1 else "conv2d"
        return self.convolve(kind, x, self.weight(*filters), **attributes)

    def convolve(self, kind: str, x: str, filters: str, **attributes: Any) -> str:
        """A convolution of a kind with a filter."""
        settings = {"strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1}
        given = {"Input": x, "Filter": filters}
        return self.add(kind, given, "Output", **{**settings, **attributes})

    def norm(self, x: str, channels: int, **attributes: Any) -> str:
        """A batch norm at inference."""
        sides = {side: self.weight(channels) for side in ("Scale", "Bias", "Mean")}
        variance = self.weight(values=self.random.uniform(0.5, 2, channels))
        settings = {"epsilon": 1e-5, "is_test": True, "data_layout": "NCHW", **attributes}
        return self.add("batch_norm", {"X": x, **sides, "Variance": variance}, "Y", **settings)

    def graph(self, *outputs: str) -> Graph:
        """The program with outputs, as a graph."""
        for column, name in enumerate(outputs):
            self._add(Operator.new("fetch", {"X": name}, {"Out": "fetch"}, col=column))
        return Graph(self.message, self.records)

    def _add(self, operator: Operator) -> None:
        self.block.ops.add().CopyFrom(operator.message)

    def _declared(self, shape: Sequence[int]) -> tuple[int, ...]:
        sides = (side if side == 1 or not self._free else -1 for side in shape[2:])
        return (-1, *shape[1:2], *sides)

    def _variable(self, name: str, shape: Sequence[int], persistable: bool = False) -> None:
        variable = self.block.vars.add(name=name, persistable=persistable)
        variable.type.type = _TENSOR
        variable.type.lod_tensor.tensor.data_type = _FLOAT
        variable.type.lod_tensor.tensor.dims[:] = shape


def _compute(graph: Graph, x: Array) -> list[Array]:
    """All outputs of a graph on an input."""
    values: dict[str, Any] = {"x": x}
    found = []
    for operator in graph.operators:
        for name in operator.inputs:
            if graph.is_weight(name):
                values[name] = graph.weight(name)
        if operator.type == "fetch":
            found.append(values[operator.input("X")])
        elif operator.type == "split":
            names = [n for row in operator.message.outputs for n in row.arguments]
            parts = np.split(values[operator.input("X")], len(names), operator.get("axis", 0))
            values.update(zip(names, parts))
        elif operator.type != "feed":
            side = next(row for row in operator.message.outputs if row.arguments)
            values[side.arguments[0]] = _OPERATORS[operator.type](operator, values)
    return found


def _convolution(o: Operator, values: Any) -> Array:
    x, w = values[o.input("Input")], values[o.input("Filter")]
    groups, (sh, sw) = o.get("groups", 1), o.get("strides", [1, 1])
    dh, dw = o.get("dilations", [1, 1])
    out, inner, kh, kw = w.shape
    x = np.pad(x, [(0, 0), (0, 0), *_around(o, (kh, kw))])
    height = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1
    width = (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    result = np.zeros((x.shape[0], out, height, width))
    for i in range(out):
        first = i // (out // groups) * inner
        for a in range(kh):
            for b in range(kw):
                rows = slice(a * dh, a * dh + sh * (height - 1) + 1, sh)
                columns = slice(b * dw, b * dw + sw * (width - 1) + 1, sw)
                part = x[:, first : first + inner, rows, columns]
                result[:, i] += np.einsum("nchw,c->nhw", part, w[i, :, a, b])
    bias = o.input("Bias")
    return result + values[bias].reshape(1, -1, 1, 1) if bias else result


def _around(o: Operator, window: Sequence[int]) -> list[tuple[int, int]]:
    """Zeros before and after rows and columns; ``SAME`` only with stride 1."""
    if o.get("padding_algorithm", "EXPLICIT") == "SAME":
        return [((side - 1) // 2, side // 2) for side in window]
    paddings = o.get("paddings", [0, 0])
    top, bottom, left, right = paddings if len(paddings) == 4 else np.repeat(paddings, 2)
    return [(top, bottom), (left, right)]


def _transposed(o: Operator, values: Any) -> Array:
    x, w = values[o.input("Input")], values[o.input("Filter")]
    groups, (sh, sw), (ph, pw) = o.get("groups", 1), o.get("strides", [1, 1]), o.get("paddings", [])
    n, channels, height, width = x.shape
    _, outer, kh, kw = w.shape
    full = np.zeros((n, outer * groups, (height - 1) * sh + kh, (width - 1) * sw + kw))
    for c in range(channels):
        first = c // (channels // groups) * outer
        for i in range(height):
            for j in range(width):
                part = np.einsum("n,okl->nokl", x[:, c, i, j], w[c])
                place = full[:, first : first + outer, i * sh : i * sh + kh, j * sw : j * sw + kw]
                place += part
    return full[:, :, ph : full.shape[2] - ph, pw : full.shape[3] - pw]


def _norm(o: Operator, values: Any) -> Array:
    gamma, beta, mean, variance = (
        values[o.input(side)].reshape(1, -1, 1, 1) for side in ("Scale", "Bias", "Mean", "Variance")
    )
    root = np.sqrt(variance + o.get("epsilon", 1e-5))
    result: Array = (values[o.input("X")] - mean) / root * gamma + beta
    return result


def _elementwise(combine: Callable[[Any, Any], Any]) -> Callable[[Operator, Any], Any]:
    def run(o: Operator, values: Any) -> Any:
        x, y = values[o.input("X")], values[o.input("Y")]
        axis = o.get("axis", -1)
        if axis >= 0 and y.ndim < x.ndim and y.size > 1:
            y = y.reshape(y.shape + (1,) * (x.ndim - axis - y.ndim))
        return combine(x, y)

    return run


def _scale(o: Operator, values: Any) -> Any:
    x, scale, bias = values[o.input("X")], o.get("scale", 1.0), o.get("bias", 0.0)
    return x * scale + bias if o.get("bias_after_scale", True) else (x + bias) * scale


def _dropout(o: Operator, values: Any) -> Any:
    kept = o.get("dropout_implementation", "downgrade_in_infer") == "upscale_in_train"
    return values[o.input("X")] * (1 if kept else 1 - o.get("dropout_prob", 0.5))


def _pool(o: Operator, values: Any) -> Array:
    x = values[o.input("X")]
    best = np.max if o.get("pooling_type", "max") == "max" else np.mean
    if o.get("adaptive", False) or o.get("global_pooling", False):
        return np.asarray(best(x, axis=(2, 3), keepdims=True))
    (kh, kw), (sh, sw) = (o.get(n, []) for n in ("ksize", "strides"))
    (ph, below), (pw, behind) = _around(o, (kh, kw))
    height = (x.shape[2] + ph + below - kh) // sh + 1
    width = (x.shape[3] + pw + behind - kw) // sw + 1
    result = np.zeros((*x.shape[:2], height, width))
    for i in range(height):
        for j in range(width):
            top, left = i * sh - ph, j * sw - pw
            part = x[:, :, max(0, top) : top + kh, max(0, left) : left + kw]
            whole = kh * kw if not o.get("exclusive", True) else part[0, 0].size
            if o.get("pooling_type", "max") == "max":
                result[:, :, i, j] = part.max(axis=(2, 3))
            else:
                result[:, :, i, j] = part.sum(axis=(2, 3)) / whole
    return result


def _concat(o: Operator, values: Any) -> Array:
    return np.concatenate([values[name] for name in o.many("X")], o.get("axis", 0))


def _reshape(o: Operator, values: Any) -> Any:
    x = values[o.input("X")]
    sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(o.get("shape", []))]
    return x.reshape(sizes)


def _product(o: Operator, values: Any) -> Any:
    x, y = values[o.input("X")], values[o.input("Y")]
    x = x.swapaxes(-1, -2) if o.get("trans_x", o.get("transpose_X", False)) else x
    y = y.swapaxes(-1, -2) if o.get("trans_y", o.get("transpose_Y", False)) else y
    return x @ y * o.get("alpha", 1.0)


def _slice(o: Operator, values: Any) -> Any:
    x = values[o.input("Input")]
    places = [slice(None)] * x.ndim
    for axis, start, end in zip(*(o.get(name, []) for name in ("axes", "starts", "ends"))):
        places[axis] = slice(start, end)
    return x[tuple(places)]


def _softmax(o: Operator, values: Any) -> Any:
    x = values[o.input("X")]
    shares = np.exp(x - x.max(o.get("axis", -1), keepdims=True))
    return shares / shares.sum(o.get("axis", -1), keepdims=True)


def _enlarged(o: Operator, values: Any) -> Any:
    rows, columns = map(int, o.get("scale", [2.0, 2.0]))
    return values[o.input("X")].repeat(rows, 2).repeat(columns, 3)


def _unary(function: Callable[[Any], Any]) -> Callable[[Operator, Any], Any]:
    return lambda o, values: function(values[o.input("X")])


_OPERATORS: dict[str, Callable[[Operator, Any], Any]] = {
    "conv2d": _convolution,
    "depthwise_conv2d": _convolution,
    "conv2d_transpose": _transposed,
    "batch_norm": _norm,
    "elementwise_add": _elementwise(np.add),
    "elementwise_sub": _elementwise(np.subtract),
    "elementwise_mul": _elementwise(np.multiply),
    "elementwise_div": _elementwise(np.divide),
    "elementwise_max": _elementwise(np.maximum),
    "scale": _scale,
    "dropout": _dropout,
    "assign": _unary(lambda x: x),
    "relu": _unary(lambda x: np.maximum(x, 0)),
    "leaky_relu": _unary(lambda x: np.where(x > 0, x, 0.02 * x)),
    "sigmoid": _unary(lambda x: 1 / (1 + np.exp(-x))),
    "swish": lambda o, values: (x := values[o.input("X")]) / (1 + np.exp(-o.get("beta", 1.0) * x)),
    "hard_swish": _unary(lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "hard_sigmoid": _unary(lambda x: np.clip(x * 0.2 + 0.5, 0, 1)),
    "pool2d": _pool,
    "concat": _concat,
    "nearest_interp_v2": _enlarged,
    "slice": _slice,
    "softmax": _softmax,
    "gelu": _unary(lambda x: 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))),
    "reshape": _reshape,
    "reshape2": _reshape,
    "matmul": _product,
    "matmul_v2": _product,
    "mul": _product,
}


@pytest.fixture(scope="session")
def tiny() -> type[Tiny]:
    """Builds tiny programs."""
    return Tiny


@pytest.fixture(scope="session")
def compute() -> Callable[[Graph, Array], list[Array]]:
    """All outputs of a graph on an input, by numpy."""
    return _compute


@pytest.fixture(scope="session")
def folds() -> Callable[..., Graph]:
    """Applies a pass, and makes sure that all outputs stay what they were."""

    def check(built: Any, outputs: Sequence[str], fold: Callable[[Graph], int]) -> Graph:
        graph: Graph = built.graph(*outputs)
        before = _compute(graph, built.input)
        while fold(graph):
            pass
        after = _compute(graph, built.input)
        assert len(before) == len(after)
        for one, other in zip(before, after):
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9)
        return graph

    return check
