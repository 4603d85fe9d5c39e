"""Sizes that networks take: declared, proved by running them, or refused."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Callable, ContextManager, Sequence

import onnx
import pytest
from onnx import helper

from opt_models.errors import OptError
from opt_models.formats import program
from opt_models.formats.inference_model import ModelFiles
from opt_models.formats.summary import Summary
from opt_models.importing.onnx_import import import_onnx
from opt_models.packs import convert, input_size
from tests.opt_models.importing.conftest import model, noise

Refuses = Callable[..., ContextManager[None]]
Shape = Sequence["int | str"]
FREE = ("n", 3, "h", "w")


class Network:
    """A small network: a convolution and, on request, a reshape that works at one size only."""

    def __init__(self, folder: Path, declared: Shape, size: tuple[int, int] | None = None) -> None:
        nodes = [helper.make_node("Conv", ["x", "w"], ["a"], strides=[8, 8])]
        weights = {"w": noise(8, 3, 8, 8)}
        if size:
            nodes.append(helper.make_node("Reshape", ["a", "shape"], ["y"]))
            weights["shape"] = [0, 4, size[0] // 4, size[1] // 8]
        path = folder / "net.onnx"
        onnx.save(model(nodes, ["y" if size else "a"], weights, declared), str(path))
        files = ModelFiles(folder / "net.pdmodel", folder / "net.pdiparams")
        import_onnx(path, files)
        self.summary: Summary = program.summary(files.program)
        self.runs = partial(convert.runs, files, folder)


@pytest.mark.parametrize(
    ("stage", "declared", "size", "expected"),
    [
        ("rec", FREE, None, {"shape": [48, 320]}),
        ("rec", ("n", 3, 32, "w"), None, {"shape": [32, 320]}),
        ("rec", ("n", 3, 32, 160), None, {"shape": [32, 320]}),
        ("rec", ("n", 3, 48, 160), (48, 160), {"shape": [48, 160], "fixed_width": True}),
        ("cls", ("n", 3, 80, 160), (80, 160), {"shape": [80, 160]}),
        ("det", ("n", 3, 96, 96), None, {"shape": [48, 320]}),
        ("det", ("n", 3, 96, 96), (96, 96), {"shape": [96, 96], "fixed_size": True}),
    ],
)
def test_what_is_declared_is_believed_once_it_was_tried(
    downloads: Path,
    tmp_path: Path,
    stage: str,
    declared: Shape,
    size: tuple[int, int] | None,
    expected: dict[str, object],
) -> None:
    network = Network(tmp_path, declared, size)
    assert input_size.settings(stage, network.summary, (48, 320), None, network.runs) == expected


def test_a_width_is_fixed_where_twice_as_much_makes_two_lines(
    downloads: Path, tmp_path: Path
) -> None:
    """As in a program of Paddle's with a reshape to [-1, 40, channels]."""
    network = Network(tmp_path, ("n", 3, 48, 320))

    def runs(shape: tuple[int, int, int, int]) -> bool:
        return shape[0] * shape[3] // 8 % 40 == 0

    settings = input_size.settings("rec", network.summary, (48, 320), None, runs)
    assert settings == {"shape": [48, 320], "fixed_width": True}


@pytest.mark.parametrize("stage", ["det", "rec"])
def test_a_size_that_only_its_program_fixes_is_refused(
    downloads: Path, tmp_path: Path, refuses: Refuses, stage: str
) -> None:
    network = Network(tmp_path, FREE, (48, 320) if stage == "rec" else (160, 128))
    settings = input_size.settings(stage, network.summary, (48, 320), None, network.runs)
    sizes = input_size.usual(stage, settings)
    with refuses(OptError, f"--{stage}: my.onnx declares a free input size", "dynamic_axes"):
        input_size.check_free(stage, "my.onnx", sizes, network.runs)


def test_a_free_network_is_free(downloads: Path, tmp_path: Path) -> None:
    network = Network(tmp_path, FREE)
    for stage in ("det", "cls", "rec"):
        settings = input_size.settings(stage, network.summary, (48, 320), None, network.runs)
        input_size.check_free(stage, "my.onnx", input_size.usual(stage, settings), network.runs)


def test_networks_of_one_size_are_not_tried_at_others() -> None:
    assert input_size.usual("rec", {"shape": [32, 100], "fixed_width": True}) == []
    assert input_size.usual("det", {"shape": [96, 96], "fixed_size": True}) == []
    assert input_size.usual("cls", {"shape": [48, 192]}) == []
    assert {width for *_, width in input_size.usual("rec", {"shape": [48, 320]})} == {160, 320, 640}
