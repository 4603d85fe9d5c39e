"""ONNX files that cannot be imported: one line says what is in the way, where, and what to do."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Callable, ContextManager

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from opt_models.errors import OptError
from opt_models.formats.inference_model import ModelFiles
from opt_models.importing import onnx_file
from opt_models.importing.onnx_import import characters, import_onnx
from tests.opt_models.importing.conftest import model, noise

Refuses = Callable[..., ContextManager[None]]

FILTER = {"w": noise(8, 3, 3, 3)}


def conv(**attributes: Any) -> onnx.NodeProto:
    return helper.make_node("Conv", ["x", "w"], ["y"], name="first", **attributes)


def branch() -> onnx.NodeProto:
    body = helper.make_graph([], "body", [], [])
    return helper.make_node("If", ["x"], ["y"], name="either", then_branch=body, else_branch=body)


def of_another_domain() -> onnx.ModelProto:
    fused = helper.make_node("FusedConv", ["x", "w"], ["y"], name="f", domain="com.microsoft")
    return model([fused], ["y"], FILTER)


def with_inputs(count: int) -> onnx.ModelProto:
    given = model([conv()], ["y"], FILTER)
    extra = helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [1])
    given.graph.input.extend([extra] * (count - 1))
    return given


def of_type(number: int) -> onnx.ModelProto:
    given = model([conv()], ["y"], FILTER)
    given.graph.input[0].type.tensor_type.elem_type = number
    return given


MODELS: dict[str, tuple[Callable[[], onnx.ModelProto], list[str]]] = {
    "branch": (lambda: model([branch()], ["y"]), ["'either' (If)", "loop or a branch"]),
    "quantised": (
        lambda: model([helper.make_node("QuantizeLinear", ["x", "s"], ["y"], name="q")], ["y"]),
        ["'q' (QuantizeLinear)", "quantised", "--precision int8"],
    ),
    "domain": (of_another_domain, ["'f' (FusedConv)", "domain 'com.microsoft'"]),
    "unknown operator": (
        lambda: model([helper.make_node("Det", ["x"], ["y"], name="d")], ["y"]),
        ["'d' (Det)", "no operator that can be imported"],
    ),
    "new opset": (lambda: model([conv()], ["y"], FILTER, opset=99), ["opset 99 is too new", "17"]),
    "old opset": (lambda: model([conv()], ["y"], FILTER, opset=7), ["opset 7 is too old"]),
    "two inputs": (lambda: with_inputs(2), ["has 2 inputs (x, z), expected one"]),
    "bytes": (lambda: of_type(onnx.TensorProto.UINT8), ["input 'x' is uint8", "expected float"]),
    "no type": (lambda: of_type(89), ["input 'x' is of type 89", "expected float"]),
    "one axis": (lambda: model([conv()], ["y"], FILTER, ["n"]), ["with 1 axes, expected float"]),
    "3-D convolution": (
        lambda: model([conv()], ["y"], {"w": noise(8, 3, 3, 3, 3)}),
        ["'first' (Conv)", "filters with 5 axes, expected 4"],
    ),
    "constant output": (
        lambda: model([helper.make_node("Add", ["w", "w"], ["y"])], ["y"], FILTER),
        ["damaged", "'y'"],
    ),
}


@pytest.mark.parametrize("kind", MODELS)
def test_model(tmp_path: Path, refuses: Refuses, kind: str) -> None:
    make, words = MODELS[kind]
    path = tmp_path / "net.onnx"
    path.write_bytes(make().SerializeToString())
    target = ModelFiles(tmp_path / "out.pdmodel", tmp_path / "out.pdiparams")
    with refuses(OptError, path, *words):
        import_onnx(path, target)
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (model([conv()], ["y"], FILTER).SerializeToString()[:-40], "cut off after"),
        (b"", "is no ONNX model"),
        (b"\x08\7", "it has no operators"),
        (pickle.dumps({"weights": [1.0]}), "a Python pickle"),
        (b"PK\x03\x04" + bytes(30), "a zip archive, as torch.save writes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>", "a web page"),
        (bytes(range(256)), "is no ONNX model"),
    ],
    ids=["cut off", "empty", "no graph", "pickle", "zip", "pointer", "page", "noise"],
)
def test_other_files(tmp_path: Path, refuses: Refuses, data: bytes, words: str) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(data)
    with refuses(OptError, path, words):
        onnx_file.load(path)


def test_a_file_over_the_format_s_limit(tmp_path: Path, refuses: Refuses) -> None:
    path = tmp_path / "net.onnx"
    with path.open("wb") as file:
        file.truncate(2**31)  # takes no space
    with refuses(OptError, path, "2147483648 bytes", "at most 2147483647"):
        onnx_file.load(path)


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """A model with its weights in a file of its own."""
    folder = tmp_path / "net"
    folder.mkdir()
    given = model([conv()], ["y"], FILTER)
    path = folder / "net.onnx"
    onnx.save(given, str(path), save_as_external_data=True, size_threshold=0, location="net.data")
    return path


def test_external_weights(external: Path, refuses: Refuses) -> None:
    (weight,) = onnx_file.load(external).graph.initializer
    assert np.array_equal(numpy_helper.to_array(weight), FILTER["w"])
    (external.parent / "net.data").unlink()
    with refuses(OptError, external, "weights lie in another file", "net.data"):
        onnx_file.load(external)


def test_external_weights_stay_in_the_folder(external: Path, refuses: Refuses) -> None:
    (external.parent / "net.data").rename(external.parent.parent / "net.data")
    given = onnx.load(str(external), load_external_data=False)
    for row in given.graph.initializer[0].external_data:
        if row.key == "location":
            row.value = "../net.data"
    external.write_bytes(given.SerializeToString())
    with refuses(OptError, external, "weights lie in another file"):
        onnx_file.load(external)


def test_characters(tmp_path: Path, refuses: Refuses) -> None:
    given = model([conv()], ["y"], FILTER)
    path = tmp_path / "rec.onnx"
    onnx.save(given, str(path))
    assert characters(path) is None
    # A line may be a space, be wide or have two code points.
    helper.set_model_props(given, {"character": "a\n \n\u3000\n\U0001f1e9\U0001f1ea"})
    onnx.save(given, str(path))
    assert characters(path) == ("a", " ", "\u3000", "\U0001f1e9\U0001f1ea")
