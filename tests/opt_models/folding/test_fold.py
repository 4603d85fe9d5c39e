"""All passes together: on random programs, on real models, and on files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, ContextManager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.folding import fold
from opt_models.folding.graph import Graph
from opt_models.formats import params, program
from opt_models.formats.inference_model import ModelFiles

Refuses = Callable[..., ContextManager[None]]

#: A field of OpDesc and of ProgramDesc that the schema does not know: number 900, a varint.
_UNKNOWN = b"\xa0\x38\x2a"
_MODELS = {
    "ch_PP-OCRv4_det": (312, 222),
    "ch_PP-OCRv4_rec": (323, 212),
    "ch_ppocr_mobile_v2.0_cls": (184, 194),
}


def _step(built: Any, x: str, what: int, flag: bool) -> str:
    """One more operator on a variable of 4 channels."""
    pads = {"paddings": [1, 1]} if flag else {"paddings": [0, 0]}
    one = built.weight(1)
    steps = [
        lambda: built.conv(x, (4, 4, 3, 3) if flag else (4, 4, 1, 1), **pads),
        lambda: built.conv(x, (4, 1, 3, 3), groups=4, paddings=[1, 1]),
        lambda: built.conv(x, (4, 2, 1, 1), groups=2),
        lambda: built.norm(x, 4),
        lambda: built.add("elementwise_mul", {"X": one, "Y": x}, axis=-1),
        lambda: built.add("elementwise_add", {"X": x, "Y": built.weight(4)}, axis=1),
        lambda: built.add("elementwise_sub", {"X": x, "Y": built.weight(1, 4, 1, 1)}, axis=-1),
        lambda: built.add("scale", {"X": x}, scale=0.9, bias=0.2, bias_after_scale=flag),
        lambda: built.add("hard_swish", {"X": x}),
        lambda: built.add("relu", {"X": x}),
        lambda: built.add("assign", {"X": x}),
        lambda: built.add("elementwise_add", {"X": x, "Y": built.add("relu", {"X": x})}, axis=-1),
    ]
    return str(steps[what]())


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 1 << 16),
    steps=st.lists(st.tuples(st.integers(0, 11), st.booleans()), min_size=1, max_size=12),
)
def test_random_programs_compute_the_same(tiny: Any, compute: Any, seed: int, steps: Any) -> None:
    built = tiny((1, 4, 8, 8), seed)
    names = ["x"]
    for what, flag in steps:
        names.append(_step(built, names[-1], what, flag))
    # One in the middle is an output, too: it must keep its value.
    graph = built.graph(names[-1], names[len(names) // 2])
    before = compute(graph, built.input)
    fold.run(graph)
    for one, other in zip(before, compute(graph, built.input)):
        scale = max(1.0, np.abs(one).max())
        np.testing.assert_allclose(other / scale, one / scale, atol=1e-9)
    again = [one.message.SerializeToString() for one in graph.operators]
    assert fold.run(graph) == {}
    assert [one.message.SerializeToString() for one in graph.operators] == again


def _window(built: Any, x: str, what: int, side: int) -> str:
    """One more operator with a window on a variable of 4 channels; it keeps the size."""
    same = {"padding_algorithm": "SAME"}
    pool = {"pooling_type": "max", "ksize": [2, 2], "strides": [1, 1], "paddings": [0, 0], **same}
    mean = {"pooling_type": "avg", "ksize": [1, 1], "adaptive": True}
    steps = [
        lambda: built.conv(x, (4, 4, side, side), **same),
        lambda: built.conv(built.conv(x, (12, 4, side, side), **same), (4, 12, 2, 2), **same),
        lambda: built.conv(x, (4, 1, side, side), groups=4, **same),
        lambda: built.conv(x, (4, 1, 1, side), groups=4, **same),
        lambda: built.add("pool2d", {"X": built.add("relu", {"X": x})}, **pool),
        lambda: built.add(
            "elementwise_mul", {"X": x, "Y": built.add("pool2d", {"X": x}, **mean)}, axis=-1
        ),
        lambda: built.add("elementwise_add", {"X": x, "Y": built.weight(4)}, axis=1),
        lambda: built.add("relu", {"X": x}),
    ]
    return str(steps[what]())


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 1 << 16),
    free=st.booleans(),
    passes=st.sampled_from([fold.OF_ARM, fold.OF_X86, {**fold.OF_X86_PICTURES, **fold.OF_X86}]),
    steps=st.lists(st.tuples(st.integers(0, 7), st.integers(2, 7)), min_size=1, max_size=6),
)
def test_random_windows_for_a_processor_compute_the_same(
    tiny: Any, compute: Any, seed: int, free: bool, passes: Any, steps: Any
) -> None:
    built = tiny((2, 4, 5, 9), seed, free)
    names = ["x"]
    for what, side in steps:
        names.append(_window(built, names[-1], what, side))
    graph = built.graph(names[-1], names[len(names) // 2])
    before = compute(graph, built.input)
    fold.run(graph, passes)
    for one, other in zip(before, compute(graph, built.input)):
        scale = max(1.0, np.abs(one).max())
        np.testing.assert_allclose(other / scale, one / scale, atol=1e-9)
    assert fold.run(graph, passes) == {}


@pytest.fixture(scope="module", params=sorted(_MODELS))
def model(request: pytest.FixtureRequest, downloads: Path) -> str:
    name: str = request.param
    return name


def files(name: str) -> ModelFiles:
    return fetch.exported(catalog.model(name))


def pair(folder: Path) -> ModelFiles:
    return ModelFiles(folder / "one.pdmodel", folder / "one.pdiparams")


def test_real_models(model: str, tmp_path: Path) -> None:
    before, after = _MODELS[model]
    assert len(fold.read(files(model)).operators) == before
    done = fold.fold(files(model), pair(tmp_path), 48)
    assert done["after convolutions"] > 30
    params.check(pair(tmp_path).program, pair(tmp_path).params)
    graph = fold.read(pair(tmp_path))
    assert len(graph.operators) <= after
    single = [
        one
        for one in graph.operators
        if one.type.startswith("elementwise")
        and 1 not in graph.shape(one.input("X"))[1:2]
        and graph.shape(one.input("Y")) == (1,)
    ]
    assert not single
    assert "batch_norm" not in {one.type for one in graph.operators}
    assert fold.fold(pair(tmp_path), pair(tmp_path / "none"), 48) == {}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["ch_ppocr_mobile_v2.0_cls", "ch_PP-OCRv4_rec"])
def test_without_one_height_rows_are_not_told_apart(
    downloads: Path, tmp_path: Path, name: str
) -> None:
    assert fold.OF_ROWS.keys() <= fold.fold(files(name), pair(tmp_path), 48).keys()
    assert not fold.OF_ROWS.keys() & fold.fold(files(name), pair(tmp_path)).keys()


def test_another_height_than_the_program_says(downloads: Path, tmp_path: Path) -> None:
    done = fold.fold(files("ch_PP-OCRv4_rec"), pair(tmp_path), 32)
    assert done
    assert not fold.OF_ROWS.keys() & done.keys()


def test_what_is_not_changed_is_written_as_it_was(model: str, tmp_path: Path) -> None:
    given = files(model)
    fold.read(given).write(*_paths(tmp_path))
    assert pair(tmp_path).params.read_bytes() == given.params.read_bytes()
    message, written = program.parse(given.program), program.parse(pair(tmp_path).program)
    assert list(message.blocks[0].ops) == list(written.blocks[0].ops)
    assert message.version == written.version


def _paths(folder: Path) -> tuple[Path, Path]:
    return pair(folder).program, pair(folder).params


def test_unknown_fields_survive(tiny: Any, tmp_path: Path) -> None:
    built = tiny()
    y = built.norm(built.conv("x", (4, 4, 1, 1)), 4)
    built.message.MergeFromString(_UNKNOWN)
    for one in built.block.ops:
        one.MergeFromString(_UNKNOWN)
    graph = built.graph(built.add("relu", {"X": y}))
    assert fold.run(graph)
    graph.write(*_paths(tmp_path))
    written = program.parse(pair(tmp_path).program)
    assert written.SerializeToString().endswith(_UNKNOWN)
    kept = {one.type: one.SerializeToString().endswith(_UNKNOWN) for one in written.blocks[0].ops}
    assert kept["feed"]
    assert kept["conv2d"]


def test_a_folded_program_is_read_back(tiny: Any, compute: Any, tmp_path: Path) -> None:
    built = tiny()
    y = built.norm(built.conv("x", (6, 4, 3, 3)), 6)
    graph = built.graph(built.add("hard_swish", {"X": y}))
    (before,) = compute(graph, built.input)
    fold.run(graph)
    graph.write(*_paths(tmp_path))
    (after,) = compute(fold.read(pair(tmp_path)), built.input)
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)  # stored as float32


def test_a_program_that_is_not_simple_is_left_alone(tiny: Any) -> None:
    built = tiny()
    y = built.norm(built.conv("x", (4, 4, 1, 1)), 4)
    graph = built.graph(y)
    graph.operators[2].set_output("Y", graph.operators[1].output("Output"))
    assert fold.run(graph) == {}
    other = tiny()
    y = other.norm(other.conv("x", (4, 4, 1, 1)), 4)
    other.message.blocks.add(idx=1, parent_idx=0)
    assert fold.run(other.graph(y)) == {}


def test_what_nobody_needs_is_dropped(tiny: Any) -> None:
    built = tiny()
    y = built.add("relu", {"X": "x"})
    built.add("hard_swish", {"X": built.add("hard_sigmoid", {"X": y})})
    graph: Graph = built.graph(y)
    assert graph.sweep() == 2
    assert [one.type for one in graph.operators] == ["feed", "relu", "fetch"]


def test_files_of_two_models(downloads: Path, tmp_path: Path, refuses: Refuses) -> None:
    mixed = ModelFiles(files("ch_PP-OCRv4_det").program, files("ch_PP-OCRv4_rec").params)
    with refuses(OptError, mixed.params, "copy both files again"):
        fold.fold(mixed, pair(tmp_path))


def test_weights_as_records() -> None:
    values = np.arange(6, dtype=np.float64).reshape(2, 3) / 7
    stored = params.array(params.record(values))
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(stored, values.astype(np.float32))


def test_what_stays_is_told_with_the_reason(tiny: Any, tmp_path: Path) -> None:
    built = tiny(free=True)
    y = built.conv("x", (4, 1, 7, 7), groups=4, paddings=[3, 3])
    y = built.conv(y, (4, 1, 7, 7), groups=4, paddings=[1, 1])
    built.graph(y).write(*_paths(tmp_path))
    for arch in ("arm", "x86"):
        (line,) = fold.obstacles(pair(tmp_path), arch=arch)
        assert line == f"depthwise_conv2d {y}: it does not keep the size"
