"""Folders as users have them: exported models under all their names, and what else they give."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Callable, ContextManager

import pytest
from google.protobuf import text_format

from opt_models.errors import OptError
from opt_models.formats import inference_model
from opt_models.formats.inference_model import ModelFiles, OnnxFile, PirFiles
from opt_models.formats.program_schema import ProgramDesc, TensorDesc

Refuses = Callable[..., ContextManager[None]]
Fill = Callable[[dict[str, bytes]], Path]

FEED = 'ops { type: "feed" outputs { parameter: "Out" arguments: "x" } }'
FETCH = 'ops { type: "fetch" inputs { parameter: "X" arguments: "x" } }'


def write(*operators: str, weights: str = "w") -> bytes:
    """A program with weights of three numbers each, named by one letter."""
    tensor = "lod_tensor { tensor { data_type: 5 dims: 3 } }"
    rows = [
        f'vars {{ name: "{name}" type {{ type: 7 {tensor} }} persistable: true }}'
        for name in weights
    ]
    text = f"blocks {{ idx: 0 parent_idx: -1 {' '.join([*rows, *operators])} }}"
    data: bytes = text_format.Parse(text, ProgramDesc()).SerializeToString()
    return data


def record(length: int) -> bytes:
    described = TensorDesc(data_type=5, dims=[length]).SerializeToString()
    return bytes(16) + struct.pack("<i", len(described)) + described + bytes(4 * length)


PROGRAM = write(FEED, FETCH)
TRAINING = write('ops { type: "relu" }')
PARAMS = record(3)
NB = b"\2\0v2.9" + bytes(40)
PIR = b'{"base_code": {"magic": "pir", "trainable": false, "version": 1}, "program": {}}'


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Writes files into a folder."""

    def write_files(files: dict[str, bytes]) -> Path:
        folder = tmp_path / "given"
        folder.mkdir()
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder

    return write_files


@pytest.mark.parametrize(
    ("program", "params"),
    [
        ("model", "params"),
        ("inference.pdmodel", "inference.pdiparams"),
        ("__model__", "__params__"),
        ("__model__", "params"),
        ("rec.pdmodel", "rec.pdiparams"),
        ("my_network", "my_weights"),
        ("a.bin", "b.bin"),
        ("weights", "program"),
        ("ch_rec_infer/inference.pdmodel", "ch_rec_infer/inference.pdiparams"),
        ("ch_rec_infer/network", "ch_rec_infer/values"),
    ],
)
def test_names(fill: Fill, program: str, params: str) -> None:
    folder = fill(
        {
            program: PROGRAM,
            params: PARAMS,
            "inference.pdiparams.info": b"\x80\2}",
            "._" + Path(program).name: b"mac",
            "__MACOSX/model": PROGRAM,
            "__MACOSX/params": PARAMS,
            ".git/model": PROGRAM,
            "readme.txt": b"text",
        }
    )
    assert inference_model.find(folder) == ModelFiles(folder / program, folder / params)


def test_dots_that_macos_adds(fill: Fill) -> None:
    folder = fill({"m/model": PROGRAM, "m/params": PARAMS, "m/._model": b"", "._m": b""})
    assert inference_model.find(folder).program == folder / "m" / "model"


def test_inference_model_beside_the_checkpoint(fill: Fill) -> None:
    # What training with PaddleX leaves.
    folder = fill(
        {
            "best_accuracy.pdparams": b"\x80\4",
            "best_accuracy.pdopt": b"\x80\4",
            "inference/inference.pdmodel": PROGRAM,
            "inference/inference.pdiparams": PARAMS,
        }
    )
    assert inference_model.find(folder).params == folder / "inference" / "inference.pdiparams"


def test_weights_are_told_apart_by_the_program(fill: Fill) -> None:
    folder = fill({"a": record(7), "b": PROGRAM, "c": PARAMS})
    assert inference_model.find(folder) == ModelFiles(folder / "b", folder / "c")


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["Student/inference", "Teacher/inference"], "Student/inference.pdmodel, Teacher/"),
        (["det", "rec"], "det.pdmodel, rec.pdmodel"),
    ],
)
def test_several(fill: Fill, refuses: Refuses, files: list[str], names: str) -> None:
    folder = fill(
        {
            name + suffix: data
            for name in files
            for suffix, data in ((".pdmodel", PROGRAM), (".pdiparams", PARAMS))
        }
    )
    with refuses(OptError, folder, "holds 2 models", names):
        inference_model.find(folder)


def test_several_by_content(fill: Fill, refuses: Refuses) -> None:
    folder = fill({"a": PROGRAM, "b": PROGRAM, "c": PARAMS})
    with refuses(OptError, folder, "holds 2 models: a, b"):
        inference_model.find(folder)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ["is empty; expected inference.json or inference.pdmodel with inference.pdiparams"]),
        ({".DS_Store": b"", "._model": b""}, ["is empty"]),
        (
            {"inference.json": PIR, "inference.yml": b""},
            ["has the program inference.json but not its weights, inference.pdiparams"],
        ),
        (
            {"best_accuracy.pdparams": b"", "latest.pdparams": b"", "best_accuracy.pdopt": b""},
            ["is a checkpoint", "tools/export_model.py", "Global.pretrained_model=", "best_acc"],
        ),
        (
            {"best_accuracy.pdparams": b"", "best_accuracy.pdmodel": TRAINING},
            ["is a checkpoint", "Global.checkpoints=", "Global.save_inference_dir="],
        ),
        ({"rec/best_accuracy.pdparams": b""}, ["rec/best_accuracy Global.save_inference_dir"]),
        ({"det.onnx": b"\x08\7", "rec.onnx": b"\x08\7"}, ["holds 2 models: det.onnx, rec.onnx"]),
        ({"rec_opt.nb": NB}, ["rec_opt.nb is optimised for Paddle-Lite already", "inspect"]),
        ({"rec_infer.tar": b""}, ["rec_infer.tar is an archive; unpack it"]),
        (
            {"__model__": write(FEED, FETCH, weights="abc"), "a": PARAMS, "b": PARAMS, "c": PARAMS},
            ["has 3 weights in files of their own", "params_filename='params'"],
        ),
        ({"model": PROGRAM}, ["has the program model but not its weights"]),
        ({"inference.pdmodel": PROGRAM[:9]}, ["has the program inference.pdmodel but not"]),
        ({"inference.pdiparams": PARAMS}, ["has the weights inference.pdiparams but not"]),
        ({"odd": PARAMS}, ["has the weights odd but not their program"]),
        ({"a.txt": b"", "b/c.jpg": b""}, ["holds no network, only a.txt, c.jpg;"]),
        ({f"{n}.txt": b"" for n in range(9)}, ["4.txt and 4 more; expected"]),
        ({"model": TRAINING, "params": PARAMS}, ["model: is a program without inputs"]),
        ({"model": PROGRAM[:9], "params": PARAMS}, ["model: is not a Paddle inference program"]),
        ({"model": PROGRAM, "params": PARAMS[:-1]}, ["params: is cut off or damaged"]),
        ({"model": PROGRAM, "params": record(4)}, ["params: holds weights of another model"]),
    ],
)
def test_no_model(fill: Fill, refuses: Refuses, files: dict[str, bytes], words: list[str]) -> None:
    folder = fill(files)
    with refuses(OptError, folder, *words):
        inference_model.find(folder)


@pytest.mark.parametrize("inner", ["", "rec_infer/"])
def test_paddle_3(fill: Fill, inner: str) -> None:
    files = {"inference.json": PIR, "inference.pdiparams": PARAMS, "inference.yml": b""}
    folder = fill({inner + name: data for name, data in files.items()})
    paths = [folder / inner / name for name in files]
    assert inference_model.find(folder) == PirFiles(*paths)
    paths[2].unlink()
    assert inference_model.find(folder) == PirFiles(*paths[:2])


def test_onnx(fill: Fill) -> None:
    folder = fill({"rec.onnx": b"\x08\7", "readme.txt": b""})
    file = folder / "rec.onnx"
    assert inference_model.find(folder) == inference_model.find(file) == OnnxFile(file)
    config = folder / "inference.yml"
    config.touch()
    assert inference_model.find(folder) == inference_model.find(file) == OnnxFile(file, config)


def test_no_folder(tmp_path: Path, refuses: Refuses) -> None:
    with refuses(OptError, tmp_path / "none", "there is no such file or folder"):
        inference_model.find(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("rec.nb", NB, "is optimised for Paddle-Lite already"),
        ("rec.tar", b"", "is an archive"),
        ("inference.json", PIR, "is half of an inference model; give its folder"),
        ("other.json", b"{}", "is no model"),
        ("best_accuracy.pdparams", b"", "Global.pretrained_model="),
        ("inference.pdmodel", PROGRAM, "give its folder"),
        ("params", PARAMS, "give its folder"),
        ("photo.jpg", b"\xff\xd8", "is no model; expected an .nb or .onnx file, or a folder"),
    ],
)
def test_file(tmp_path: Path, refuses: Refuses, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with refuses(OptError, path, words):
        inference_model.find(path)


def test_file_of_a_static_checkpoint(fill: Fill, refuses: Refuses) -> None:
    folder = fill({"best.pdparams": b"", "best.pdmodel": TRAINING})
    with refuses(OptError, "Global.checkpoints=", str(folder / "best ")):
        inference_model.find(folder / "best.pdparams")


def test_published(downloads: Path) -> None:
    found = sorted(downloads.glob("models/*/*/models/*_infer"))
    assert found
    for folder in found:
        files = inference_model.find(folder)
        assert (files.program.name, files.params.name) == (
            "inference.pdmodel",
            "inference.pdiparams",
        )


def test_published_files_are_left_to_opt(fill: Fill, refuses: Refuses) -> None:
    """What old releases of Paddle wrote may differ from what is expected of it today."""
    folder = fill({"model": PROGRAM, "params": record(5)})
    with refuses(OptError, "weights of another model"):
        inference_model.find(folder)
    assert inference_model.find(folder, compare=False) == ModelFiles(
        folder / "model", folder / "params"
    )
