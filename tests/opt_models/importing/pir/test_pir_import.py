"""Import of Paddle 3's exports: what single operators become, published models, and bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, ContextManager, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import params, program
from opt_models.formats.inference_model import ModelFiles
from opt_models.formats.topology import Operator, Topology
from opt_models.importing import onnx_run
from opt_models.importing.pir_import import import_pir
from tests.opt_models.pir_document import Document, convolution, record

Refuses = Callable[..., ContextManager[None]]
Disk = Callable[[str], Path]
Run = Callable[[ModelFiles, Sequence[Any]], Sequence[Any]]

PICTURE = (-1, 4, -1, -1)


def imported(document: Document, folder: Path) -> tuple[Topology, dict[str, Any]]:
    """The operators that a program becomes, and the values of its weights."""
    target = ModelFiles(folder / "imported.pdmodel", folder / "imported.pdiparams")
    import_pir(*document.save(folder), target)
    params.check(target.program, target.params)
    topology = program.topology(program.parse(target.program))
    stored = params.load(target.params, topology.weights)
    return topology, {name: params.array(data) for name, data in stored.items()}


def attributes(folder: Path, name: str, *names: str) -> list[Any]:
    """Attributes of an operator; topologies of programs leave lists out."""
    message = program.parse(folder / "imported.pdmodel")
    (operator,) = [one for one in message.blocks[0].ops if one.type == name]
    found = {one.name: one for one in operator.attrs}
    return [list(found[one].ints) for one in names]


def of(topology: Topology, kind: str) -> Operator:
    (operator,) = [one for one in topology.operators if one.type == kind]
    return operator


def test_convolution_with_bias(tmp_path: Path) -> None:
    document = convolution()
    topology, weights = imported(document, tmp_path)
    kinds = [one.type for one in topology.operators]
    assert kinds == ["feed", "conv2d", "elementwise_add", "relu", "fetch"]
    conv, add = topology.operators[1:3]
    assert conv.inputs == {"Input": ("x",), "Filter": ("conv.w",)}
    # The bias lies along the channels, so that opt makes it the convolution's.
    assert add.inputs == {"X": ("conv2d_4",), "Y": ("conv.b",)}
    assert add.attributes["axis"] == 1
    assert weights["conv.b"].shape == (4,)
    assert topology.variables["conv2d_4"].shape == PICTURE
    for name, values in document.weights.items():
        np.testing.assert_array_equal(weights[name], values)


@pytest.mark.parametrize("version", range(5))
def test_versions_give_the_same(tmp_path: Path, version: int) -> None:
    files = []
    for wide in (False, True):
        folder = tmp_path / str(wide)
        folder.mkdir()
        imported(convolution(wide, version), folder)
        files.append(
            [(folder / f"imported.{end}").read_bytes() for end in ("pdmodel", "pdiparams")]
        )
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("shape", "stored", "axis"),
    [
        ((1,), (1,), -1),
        ((), (1,), -1),
        ((1, 1, 1, 1), (1,), -1),
        ((4, 1, 1), (4,), 1),
        ((9,), (9,), 3),
        ((1, 4, 5, 1), (4, 5), 1),
        ((4, 1, 9), (4, 1, 9), 1),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_weight_along_axes(
    tmp_path: Path, shape: tuple[int, ...], stored: Any, axis: int, first: bool
) -> None:
    document = Document()
    weight = document.parameter("w", np.random.default_rng(1).normal(size=shape))
    x = document.data((-1, 4, 5, 9))
    pair = [weight, x] if first else [x, weight]
    document.fetch(document.add("multiply", pair, (-1, 4, 5, 9)), (-1, 4, 5, 9))
    topology, weights = imported(document, tmp_path)
    product = of(topology, "elementwise_mul")
    assert product.inputs == {"X": ("x",), "Y": ("w",)}
    assert (weights["w"].shape, product.attributes["axis"]) == (stored, axis)


def test_sizes_taken_from_tensors(tmp_path: Path) -> None:
    """``x.reshape([0, 1, width, 6])`` as exporters write it: the width is what is left."""
    document = Document()
    one = document.parameter("w", [2.0])
    x = document.add("multiply", [document.data((-1, 6, 2, -1)), one], (-1, 6, 2, -1))
    sizes = document.add("shape64", [x], (4,), kind="i64")
    picks = {}
    for axis in (0, 3):
        window = [document.ints(axis), document.ints(axis + 1)]
        more = {"axes": (0,), "infer_flags": (1,), "decrease_axis": (0,)}
        picks[axis] = document.add("slice", [sizes, *window], (), kind="i64", **more)
    twice = document.add(
        "scale", [picks[3], document.full(2.0)], (), kind="i64", bias=0.0, bias_after_scale=True
    )
    flat = document.add("flatten", [x], (-1, 6, -1), start_axis=2, stop_axis=3)
    turned = document.add("transpose", [flat], (-1, -1, 6), perm=(0, 2, 1))
    for value, shape, target in (
        (turned, (-1, 1, -1, 6), [document.full(0, (), "i64"), document.full(1, (), "i64"), twice]),
        (x, (-1, 12, -1), [picks[0], document.full(12, (), "i64"), picks[3]]),
        (x, (-1, 4, 3, -1), [picks[0], document.full(4, (), "i64"), document.full(3, (), "i64")]),
    ):
        last = document.full(6, (), "i64") if value == turned else picks[3]
        rows = [*target, last] if len(shape) == 4 else target
        combined = document.combine(rows, *[()] * len(shape), kind="i64")
        stacked = document.add("stack", [combined], (len(shape),), kind="i64", axis=0)
        document.fetch(document.add("reshape", [value, stacked], shape), shape)
    imported(document, tmp_path)
    message = program.parse(tmp_path / "imported.pdmodel")
    shapes = [
        next(list(one.ints) for one in row.attrs if one.name == "shape")
        for row in message.blocks[0].ops
        if row.type == "reshape2"
    ]
    assert shapes == [[0, 1, -1, 6], [0, 12, -1], [0, 4, 3, 0]]
    assert not {"shape", "slice", "stack"} & {row.type for row in message.blocks[0].ops}


def test_linear_layer(tmp_path: Path) -> None:
    document = Document()
    bias = document.parameter("fc.b", np.arange(5))
    matrix = document.parameter("fc.w", np.ones((6, 5)))
    x = document.data((-1, -1, 6))
    y = document.add("matmul", [x, matrix], (-1, -1, 5), transpose_x=False, transpose_y=False)
    document.fetch(document.add("add", [y, bias], (-1, -1, 5)), (-1, -1, 5))
    topology, weights = imported(document, tmp_path)
    assert of(topology, "matmul_v2").inputs == {"X": ("x",), "Y": ("fc.w",)}
    add = of(topology, "elementwise_add")
    assert (add.inputs["Y"], add.attributes["axis"]) == (("fc.b",), 2)
    assert weights["fc.b"].shape == (5,)


def test_identities_are_left_out(tmp_path: Path) -> None:
    document = Document()
    weight = document.parameter("w", [3.0])
    x = document.add("multiply", [document.data(PICTURE), weight], PICTURE)
    dropped = document.add(
        "dropout",
        [x, 0, document.full(0.1)],
        PICTURE,
        PICTURE,
        is_test=True,
        mode="upscale_in_train",
    )
    copied = document.add("assign", [dropped], PICTURE)
    scaled = document.add("scale", [copied, document.full(1.0)], PICTURE, bias=0.0)
    document.fetch(document.add("cast", [scaled], PICTURE, dtype="float32"), PICTURE)
    topology, _ = imported(document, tmp_path)
    assert [one.type for one in topology.operators] == ["feed", "elementwise_mul", "fetch"]


@pytest.mark.parametrize(("after", "bias"), [(True, 0.5), (False, 2.0)])
def test_scale_with_bias(tmp_path: Path, after: bool, bias: float) -> None:
    document = Document()
    weight = document.parameter("w", [1.5])
    x = document.add("multiply", [document.data(PICTURE), weight], PICTURE)
    factor = document.full(4.0)
    y = document.add("scale", [x, factor], PICTURE, bias=0.5, bias_after_scale=after)
    document.fetch(y, PICTURE)
    topology, weights = imported(document, tmp_path)
    (name,) = of(topology, "elementwise_add").inputs["Y"]
    assert weights[name].tolist() == [bias]


def test_layer_norm_without_weights(tmp_path: Path) -> None:
    """Which the x86 kernel cannot do without."""
    document = Document()
    weight = document.parameter("w", [1.5])
    x = document.add("multiply", [document.data((-1, -1, 6)), weight], (-1, -1, 6))
    shapes = ((-1, -1, 6), (-1, -1), (-1, -1))
    y = document.add("layer_norm", [x, 0, 0], *shapes, epsilon=1e-5, begin_norm_axis=2)
    document.fetch(y, shapes[0])
    topology, weights = imported(document, tmp_path)
    norm = of(topology, "layer_norm")
    assert weights[norm.inputs["Scale"][0]].tolist() == [1.0] * 6
    assert weights[norm.inputs["Bias"][0]].tolist() == [0.0] * 6


def test_attributes_that_were_operands(tmp_path: Path) -> None:
    document = Document()
    filters = document.parameter("up.w", np.ones((4, 2, 2, 2)))
    x = document.data(PICTURE)
    pool = {"strides": (2, 1), "paddings": (1, 0), "pooling_type": "max", "data_format": "NCHW"}
    y = document.add("pool2d", [x, document.ints(3, 2)], PICTURE, **pool)
    geometry = {"strides": (2, 2), "paddings": (0, 0), "dilations": (1, 1), "output_padding": ()}
    shape = (-1, 2, -1, -1)
    y = document.add("conv2d_transpose", [y, filters, document.ints()], shape, **geometry, groups=1)
    document.fetch(y, shape)
    imported(document, tmp_path)
    assert attributes(tmp_path, "pool2d", "ksize", "strides", "paddings") == [
        [3, 2],
        [2, 1],
        [1, 0],
    ]
    assert attributes(tmp_path, "conv2d_transpose", "strides") == [[2, 2]]


def test_outputs_in_their_order(tmp_path: Path) -> None:
    document = Document()
    weight = document.parameter("w", [1.5])
    x = document.add("multiply", [document.data(PICTURE), weight], PICTURE)
    document.fetch(document.add("relu", [x], PICTURE), PICTURE, col=1)
    document.fetch(document.add("exp", [x], PICTURE), PICTURE, col=0)
    imported(document, tmp_path)
    summary = program.summary(tmp_path / "imported.pdmodel")
    assert [one.name.partition("_")[0] for one in summary.outputs] == ["exp", "relu"]


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("PP-OCRv5_mobile_det", [(1, 3, 64, 96), (2, 3, 96, 64)]),
        ("PP-OCRv5_mobile_rec", [(1, 3, 48, 96), (2, 3, 48, 64)]),
    ],
)
def test_published(tmp_path: Path, run: Run, name: str, sizes: Any) -> None:
    """PaddleOCR's own exports of one network, to PIR and to ONNX, compute the same."""
    model = catalog.models()[name]
    onnx = next(one for one in model.wheels if one.files[0].endswith(".onnx"))
    folder = fetch.network(model)
    files = ModelFiles(tmp_path / "model", tmp_path / "params")
    import_pir(folder / "inference.json", folder / "inference.pdiparams", files)
    generator = np.random.default_rng(5)
    inputs = [generator.uniform(-1, 1, size).astype(np.float32) for size in sizes]
    original = onnx_run.run(fetch.network(model, onnx), inputs)
    for (expected,), (actual,) in zip(original, run(files, inputs)):
        np.testing.assert_allclose(actual, expected, atol=2e-5)


# Bad input.


def changed(change: Callable[[Document], object]) -> Document:
    document = convolution()
    change(document)
    return document


def operator(document: Document, name: str) -> Any:
    return next(row for row in document.rows if row["#"].endswith(name))


def attribute(document: Document, name: str, key: str, value: Any) -> None:
    rows = operator(document, name)["A"]
    (row,) = [row for row in rows if row["N"] == key]
    row["AT"] = document._attribute(value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda d: (operator(d, "relu").update({"#": "1.mystery"}), d.add("flip", [5], PICTURE)),
            "has operators that are not known here: pd_op.mystery (1), pd_op.flip (1); take the"
            " ONNX export of the model, or export it without them",
        ),
        (lambda d: d.rows.pop(), "has no pd_op.fetch, so no output"),
        (
            lambda d: attribute(d, "conv2d", "data_format", "NHWC"),
            "operator 3 (pd_op.conv2d of /Stem/Conv2D/) is of layout NHWC, expected NCHW",
        ),
        (
            lambda d: attribute(d, "conv2d", "strides", 1),
            "has no attribute 'strides' of type tuple",
        ),
        (lambda d: attribute(d, "conv2d", "groups", True), "no attribute 'groups' of type int"),
        (lambda d: attribute(d, "conv2d", "strides", ("a",)), "something else than whole numbers"),
        (lambda d: operator(d, "relu").update(I=[]), "(pd_op.relu) has no operand 0"),
        (lambda d: operator(d, "fetch").update(I=[{"%": 1}]), "gives a tensor that no input has"),
        (
            lambda d: operator(d, "reshape").update(I=[{"%": 4}, {"%": 3}]),
            "(pd_op.reshape) computes its shape when the network runs, expected a fixed one",
        ),
        (
            lambda d: attribute(d, "full_int_array", "value", (1, -1, 3, 1)),
            "operator 5 (pd_op.reshape) cannot be translated: cannot reshape array of size 4",
        ),
        (
            lambda d: operator(d, "conv2d")["O"][0]["TT"]["D"].__setitem__(0, {"#": "0.t_c64"}),
            "gives unknown, which Paddle-Lite has not",
        ),
        (
            lambda d: operator(d, "p")["O"]["TT"]["D"].__setitem__(0, {"#": "0.t_f16"}),
            "the weight 'conv.b' is of float16, expected float32",
        ),
        (lambda d: operator(d, "p").update(A=[0, 1, 1, "conv.w"]), "two parameters have one name"),
        (lambda d: d.weights.pop("conv.b"), "holds 1 weights, expected the 2 of inference.json"),
        (
            lambda d: d.weights.update({"conv.b": np.zeros(5, np.float32)}),
            "'conv.b' has shape [5], expected [4] as in inference.json",
        ),
    ],
)
def test_refused(tmp_path: Path, refuses: Refuses, change: Any, words: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with refuses(OptError, tmp_path / "inference.", words):
        import_pir(*changed(change).save(tmp_path), ModelFiles(target / "a", target / "b"))
    assert not list(target.iterdir())


@pytest.mark.parametrize(
    ("operator_name", "inputs", "more", "words"),
    [
        ("batch_norm_", 5, {"epsilon": 1e-5, "is_test": False}, "as it trains; call eval()"),
        ("dropout", 3, {"is_test": False}, "as it trains; call eval() on the network"),
        (
            "max_pool2d_with_index",
            1,
            {"kernel_size": (2, 2), "strides": (1, 1), "paddings": (0, 0), "adaptive": True},
            "makes adaptive maxima of [2, 2]",
        ),
        ("clip", 3, {}, "computes its minimum when the network runs"),
        ("scale", 2, {}, "computes its factor when the network runs"),
        ("nearest_interp", 4, {"scale": (2.0, 2.0)}, "computes its size when the network runs"),
        ("split", 3, {}, "computes its axis when the network runs"),
        ("layer_norm", 3, {"begin_norm_axis": 2, "epsilon": 1e-5}, "over a size that depends"),
        ("matmul", 1, {}, "has no operand 1"),
    ],
)
def test_operators_refused(
    tmp_path: Path, refuses: Refuses, operator_name: str, inputs: int, more: Any, words: str
) -> None:
    document = Document()
    weight = document.parameter("w", np.ones(1))
    x = document.add("multiply", [document.data(PICTURE), weight], PICTURE)
    y = document.add(operator_name, [x] * inputs, PICTURE, **more)
    document.fetch(y, PICTURE)
    target = ModelFiles(tmp_path / "a", tmp_path / "b")
    with refuses(OptError, f"operator 3 (pd_op.{operator_name})", words):
        import_pir(*document.save(tmp_path), target)
    assert not target.program.exists()


def test_places_of_maxima(tmp_path: Path, refuses: Refuses) -> None:
    document = Document()
    weight = document.parameter("w", np.ones(1))
    x = document.add("multiply", [document.data(PICTURE), weight], PICTURE)
    window = {"kernel_size": (1, 1), "strides": (1, 1), "paddings": (0, 0), "adaptive": True}
    y = document.add("max_pool2d_with_index", [x], PICTURE, PICTURE, **window)
    document.fetch(document.add("relu", [y + 1], PICTURE), PICTURE)
    with refuses(
        OptError, "(pd_op.relu) cannot be translated: it takes the value 5, which nothing"
    ):
        import_pir(*document.save(tmp_path), ModelFiles(tmp_path / "a", tmp_path / "b"))


def test_weights_of_another_precision(tmp_path: Path, refuses: Refuses) -> None:
    document = convolution()
    files = document.save(tmp_path)
    rows = [document.weights[name] for name in sorted(document.weights)]
    halves = [record(values.astype(np.float16), "f16") for values in rows]
    files[1].write_bytes(b"".join(halves))
    with refuses(OptError, files[1], "holds 'conv.b' as float16, expected float32 as in"):
        import_pir(*files, ModelFiles(tmp_path / "a", tmp_path / "b"))


def test_weights_cut_off_anywhere(tmp_path: Path, refuses: Refuses) -> None:
    files = convolution().save(tmp_path)
    whole = files[1].read_bytes()
    for length in range(0, len(whole), 29):
        files[1].write_bytes(whole[:length])
        with refuses(OptError, files[1]):
            import_pir(*files, ModelFiles(tmp_path / "a", tmp_path / "b"))
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in files}


def test_full_disk(tmp_path: Path, disk: Disk) -> None:
    document = Document()
    weight = document.parameter("w", np.ones((512, 256)))
    x = document.data((-1, 512, 256))
    document.fetch(document.add("add", [x, weight], (-1, 512, 256)), (-1, 512, 256))
    files = document.save(tmp_path)
    small = disk("256k")
    with pytest.raises(OSError, match="No space left"):
        import_pir(*files, ModelFiles(small / "a", small / "b"))
    assert not list(small.iterdir())


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_numbers_changed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever stands in a program that can be read, it is imported or refused in one line."""
    document = convolution()
    numbers = st.integers(-3, 9) | st.integers()
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.sampled_from(document.rows))
        part = data.draw(st.sampled_from(["I", "O", "A", "#"]))
        if part == "I" and row.get("I"):
            data.draw(st.sampled_from(row["I"]))["%"] = data.draw(st.integers(0, 9))
        elif part == "O" and isinstance(row["O"], list):
            data.draw(st.sampled_from(row["O"]))["TT"]["D"][1] = data.draw(
                st.lists(numbers, max_size=5)
            )
        elif part == "A" and row["#"] != "p" and row["A"]:
            value = numbers | st.lists(numbers, max_size=4) | st.booleans() | st.floats()
            chosen = data.draw(st.sampled_from(row["A"]))
            chosen["AT"] = document._attribute(data.draw(value))
        elif part == "#" and row["#"] not in ("p", "1.data", "1.fetch"):
            names = (
                "concat",
                "squeeze",
                "slice",
                "pool2d",
                "mean",
                "scale",
                "expand",
                "full",
                "stack",
            )
            row["#"] = f"1.{data.draw(st.sampled_from(names))}"
    folder = tmp_path_factory.mktemp("changed")
    target = ModelFiles(folder / "a", folder / "b")
    try:
        import_pir(*document.save(folder), target)
    except OptError as error:
        assert len(str(error).splitlines()) == 1
        assert not target.program.exists()
