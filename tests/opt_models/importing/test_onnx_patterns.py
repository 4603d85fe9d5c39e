"""Formulas that exporters write out are one operator again, and only these."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable

import numpy as np
import onnx
import onnx.parser
import pytest

from opt_models.formats import program
from opt_models.formats.inference_model import ModelFiles
from opt_models.importing.onnx_import import import_onnx
from tests.opt_models.importing.conftest import noise

Check = Callable[..., ModelFiles]

HEADER = '<ir_version: 8, opset_import: ["" : {opset}]>'
GELU = """
    a = Div(x, root) b = Erf(a) c = Add(b, one) d = Mul(x, c) y = Mul(d, half)
"""
NORM = """
    m = ReduceMean<axes: ints = [-1]>(x) d = Sub(x, m) s = Pow(d, two)
    v = ReduceMean<axes: ints = [-1]>(s) e = Add(v, small) r = Sqrt(e) q = Div(d, r)
    p = Mul(q, gain) y = Add(p, shift)
"""
WEIGHTS = """
    float root = {{{root}}}, float one = {{1}}, float half = {{0.5}}, float two = {{2}},
    float three = {{3}}, float six = {{6}}, float zero = {{0}}, float small = {{0.00001}},
    float[4] gain = {{1.5, 0.5, -1, 2}}, float[4] shift = {{0.1, 0.2, 0.3, -0.4}}
"""


def parsed(body: str, root: float = 1.4142135, opset: int = 13) -> onnx.ModelProto:
    text = f"""
        {HEADER.format(opset=opset)}
        test (float[n, 3, 5, 4] x) => (float[n, 3, 5, 4] y)
        <{WEIGHTS.format(root=root)}> {{ {body} }}
    """
    given: onnx.ModelProto = onnx.parser.parse_model(text)
    return given


def kinds(files: ModelFiles) -> Counter[str]:
    counts = Counter(program.summary(files.program).operators)
    return Counter({kind: n for kind, n in counts.items() if kind not in ("feed", "fetch")})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (GELU, "gelu"),
        (GELU.replace("Mul(x, c)", "Mul(c, x)").replace("Add(b, one)", "Add(one, b)"), "gelu"),
        (NORM, "layer_norm"),
        ("a = Sigmoid(x) y = Mul(x, a)", "swish"),
        ("a = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x) y = Mul(x, a)", "hard_swish"),
        ("a = Add(x, three) b = Clip(a, zero, six) c = Mul(x, b) y = Div(c, six)", "hard_swish"),
        ("a = Add(x, three) b = Clip(a, zero, six) c = Div(b, six) y = Mul(x, c)", "hard_swish"),
    ],
)
def test_recognised(check: Check, body: str, kind: str) -> None:
    files = check(parsed(body), 5 * noise(2, 3, 5, 4))
    assert kinds(files) == {kind: 1}


def test_a_half_that_comes_first_stays_a_factor(check: Check) -> None:
    body = "a = Mul(x, half) b = Div(x, root) e = Erf(b) c = Add(e, one) y = Mul(a, c)"
    files = check(parsed(body), 5 * noise(2, 3, 5, 4))
    assert kinds(files) == {"gelu": 1, "elementwise_mul": 1}


@pytest.mark.parametrize(
    ("body", "root", "kind"),
    [
        (GELU, 1.5, "gelu"),
        (GELU.replace("Mul(d, half)", "Mul(d, two)"), 1.4142135, "gelu"),
        (NORM.replace("Sub(x, m)", "Sub(m, x)"), 1, "layer_norm"),
        ("a = Sigmoid(x) b = Mul(x, half) y = Mul(b, a)", 1, "swish"),
        ("a = HardSigmoid<alpha = 0.2, beta = 0.5>(x) y = Mul(x, a)", 1, "hard_swish"),
        ("a = Add(x, two) b = Clip(a, zero, six) c = Mul(x, b) y = Div(c, six)", 1, "hard_swish"),
    ],
)
def test_what_is_nearly_one_is_none(check: Check, body: str, root: float, kind: str) -> None:
    files = check(parsed(body, root), 5 * noise(2, 3, 5, 4), tolerance=1e-4)
    assert kind not in kinds(files)


def test_a_formula_whose_middle_is_used_elsewhere(check: Check) -> None:
    given = parsed("a = Sigmoid(x) b = Mul(x, a) y = Add(a, b)")
    check(given, noise(2, 3, 5, 4))


@pytest.mark.parametrize("opset", [11, 13, 17])
def test_flatten_written_with_shapes(check: Check, opset: int) -> None:
    text = f"""
        {HEADER.format(opset=opset)}
        test (float[n, 3, h, w] x) => (float[n, 3, p] y)
        <int64[1] start = {{0}}, int64[1] end = {{2}}, int64[1] rest = {{-1}}> {{
            s = Shape(x) k = Slice(s, start, end) t = Concat<axis = 0>(k, rest) y = Reshape(x, t)
        }}
    """
    files = check(onnx.parser.parse_model(text), noise(1, 3, 6, 8), noise(2, 3, 4, 9))
    assert kinds(files) == {"reshape2": 1}


def test_free_sizes_stay_free(check: Check) -> None:
    text = f"""
        {HEADER.format(opset=13)}
        test (float[n, 3, h, w] x) => (float[n, c, h, w] y)
        <float[3, 3, 1, 1] k = {{1, 2, 3, 4, 5, 6, 7, 8, 9}}, float bias = {{1}}> {{
            a = Conv(x, k) i = Identity(a) b = Cast<to = 1>(i) d = Dropout(b) y = Add(d, bias)
        }}
    """
    files = check(onnx.parser.parse_model(text), noise(1, 3, 6, 8), noise(1, 3, 6, 8, seed=2))
    summary = program.summary(files.program)
    assert [one.shape for one in summary.outputs] == [(-1, 3, -1, -1)]
    assert kinds(files) == {"conv2d": 1, "elementwise_add": 1}


def test_axes_as_inputs(check: Check) -> None:
    """From opset 13 on squeezing, and from 18 on reducing, takes axes as an input."""
    body = "u = Unsqueeze(x, axes) s = Squeeze(u, axes) y = Relu(s)"
    text = f"""
        {HEADER.format(opset=13)}
        test (float[n, 3, 5, 4] x) => (float[n, 3, 5, 4] y) <int64[1] axes = {{2}}> {{ {body} }}
    """
    check(onnx.parser.parse_model(text), noise(2, 3, 5, 4))


def test_three_dimensional_batch_norm(check: Check, tmp_path: Any) -> None:
    body = """
        a = Squeeze(x, axes) b = BatchNormalization(a, g, o, m, v) y = Unsqueeze(b, axes)
    """
    weights = ", ".join(
        f"float[3] {name} = {{{', '.join(map(str, np.abs(noise(3, seed=n)).tolist()))}}}"
        for n, name in enumerate("gomv")
    )
    text = f"""
        {HEADER.format(opset=13)}
        test (float[n, 3, 1, w] x) => (float[n, 3, 1, w] y) <int64[1] axes = {{2}}, {weights}>
        {{ {body} }}
    """
    check(onnx.parser.parse_model(text), noise(2, 3, 1, 9))


def test_nothing_is_written_where_a_node_cannot_be(tmp_path: Any) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(parsed("a = Relu(x) y = Sin(a)"), str(path))
    with pytest.raises(Exception, match="Sin"):
        import_onnx(path, ModelFiles(tmp_path / "a", tmp_path / "b"))
    assert not (tmp_path / "a").exists()
