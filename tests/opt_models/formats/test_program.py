"""Paddle's programs and their parameters: by hand and published, whole and damaged."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, Callable, ContextManager

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st

from opt_models.catalog import catalog, fetch
from opt_models.errors import OptError
from opt_models.formats import params, program
from opt_models.formats.program_schema import ProgramDesc, TensorDesc
from opt_models.formats.summary import Summary, Tensor

Refuses = Callable[..., ContextManager[None]]

FEED = """ops { type: "feed" inputs { parameter: "X" arguments: "feed" }
    outputs { parameter: "Out" arguments: "x" } attrs { name: "col" type: 0 i: 0 } }"""
FETCH = """ops { type: "fetch" inputs { parameter: "X" arguments: "y" }
    outputs { parameter: "Out" arguments: "fetch" } attrs { name: "col" type: 0 i: 0 } }"""
CONV = """ops { type: "conv2d" inputs { parameter: "Input" arguments: "x" }
    inputs { parameter: "Filter" arguments: "conv.w" }
    outputs { parameter: "Output" arguments: "y" }
    attrs { name: "strides" type: 3 ints: 2 ints: 2 } attrs { name: "alpha" type: 1 f: 0.5 }
    attrs { name: "use_cudnn" type: 6 b: true } attrs { name: "padding" type: 2 s: "SAME" } }"""
VARS = """
    vars { name: "feed" type { type: 9 } persistable: true }
    vars { name: "fetch" type { type: 10 } persistable: true }
    vars { name: "x" type { type: 7 lod_tensor { tensor {
        data_type: 5 dims: -1 dims: 3 dims: 48 dims: -1 } } } }
    vars { name: "y" type { type: 7 lod_tensor { tensor {
        data_type: 5 dims: -1 dims: 8 dims: 24 dims: -1 } lod_level: 1 } } }
    vars { name: "conv.w" type { type: 7 lod_tensor { tensor {
        data_type: 5 dims: 8 dims: 3 dims: 3 dims: 3 } } } persistable: true }
    vars { name: "a.b" type { type: 7 lod_tensor { tensor {
        data_type: 5 dims: 8 } } } persistable: true }"""
SHAPES = ((8,), (8, 3, 3, 3))  # in the order of the names
#: Fields 5 (op_version_map, which the project's schema leaves out) and 100 of a program.
UNKNOWN = b"\x2a\x03\x0a\x01x" + b"\xa0\x06\x07"


def write(*operators: str, more: str = "") -> bytes:
    text = f"blocks {{ idx: 0 parent_idx: -1 {VARS} {' '.join(operators)} }} {more}"
    data: bytes = text_format.Parse(text, ProgramDesc()).SerializeToString()
    return data


WHOLE = write(FEED, CONV, FETCH, more="version { version: 2005000 }")


def record(shape: tuple[int, ...], kind: int = 5, levels: tuple[int, ...] = ()) -> bytes:
    described = TensorDesc(data_type=kind, dims=list(shape)).SerializeToString()
    width = {5: 4, 3: 8, 21: 1}[kind]
    count = 1
    for one in shape:
        count *= one
    data = struct.pack("<IQ", 0, len(levels))
    for one in levels:
        data += struct.pack("<Q", 8 * one) + bytes(8 * one)
    return data + struct.pack("<Ii", 0, len(described)) + described + b"\1" * (width * count)


WEIGHTS = b"".join(map(record, SHAPES))


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("program") / "inference.pdmodel"


@pytest.fixture(scope="session")
def recogniser(downloads: Path) -> Path:
    return fetch.network(catalog.model("ch_PP-OCRv4_rec")) / "inference.pdmodel"


def test_summary(place: Path) -> None:
    place.write_bytes(WHOLE)
    assert program.summary(place) == Summary(
        inputs=(Tensor("x", (-1, 3, 48, -1), "float32"),),
        outputs=(Tensor("y", (-1, 8, 24, -1), "float32"),),
        operators={"conv2d": 1, "feed": 1, "fetch": 1},
        precision="fp32",
    )


def test_topology(place: Path) -> None:
    place.write_bytes(WHOLE)
    found = program.topology(program.parse(place))
    _, conv, _ = found.operators
    assert conv.inputs == {"Input": ("x",), "Filter": ("conv.w",)}
    assert conv.attributes == {"use_cudnn": True, "padding": "SAME"}
    assert [(name, one.shape) for name, one in found.weights.items()] == [
        ("a.b", (8,)),
        ("conv.w", (8, 3, 3, 3)),
    ]


def test_unknown_fields_are_kept(place: Path) -> None:
    place.write_bytes(WHOLE + UNKNOWN)
    parsed = program.parse(place)
    parsed.blocks[0].ops[1].attrs[1].f = 0.25
    written = parsed.SerializeToString()
    before, after = struct.pack("<f", 0.5), struct.pack("<f", 0.25)
    assert written == WHOLE.replace(before, after) + UNKNOWN


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ('ops { type: "relu" }', "fp32"),
        ('ops { type: "moving_average_abs_max_scale" }', "fp32"),
        ('ops { type: "fake_quantize_moving_average_abs_max" }', "int8"),
        ('ops { type: "fake_channel_wise_dequantize_max_abs" }', "int8"),
        ('ops { type: "quantize_linear" attrs { name: "bit_length" type: 0 i: 8 } }', "int8"),
        ('ops { type: "quantize_linear" attrs { name: "bit_length" type: 0 i: 16 } }', "int16"),
        ('ops { type: "mul" attrs { name: "quantization_type" type: 2 s: "qat" } }', "int8"),
        ('ops { type: "mul" attrs { name: "enable_int8" type: 6 b: true } }', "int8"),
        ('ops { type: "mul" attrs { name: "enable_int8" type: 6 b: false } }', "fp32"),
    ],
)
def test_precision(place: Path, operator: str, expected: str) -> None:
    place.write_bytes(write(FEED, operator, FETCH))
    assert program.summary(place).precision == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b'{"base_code":{"magic":"pir"}}',
        "的一是不了在人有我他这".encode(),
        bytes(100),
        b"\x08\x07\x12\x07pytorch",  # how ONNX begins
        write("") + b"\x0a",
        write(""),
        write('ops { type: "" }', FEED, FETCH),
        b"\x0a\x04\x08\0\x10\0",
    ],
)
def test_foreign_file(place: Path, refuses: Refuses, data: bytes) -> None:
    place.write_bytes(data)
    with refuses(OptError, place, "is not a Paddle inference program"):
        program.summary(place)


@pytest.mark.parametrize("operators", [[CONV], [FEED, CONV], [CONV, FETCH]])
def test_program_of_training(place: Path, refuses: Refuses, operators: list[str]) -> None:
    place.write_bytes(write(*operators))
    with refuses(OptError, place, "without inputs and outputs", "tools/export_model.py"):
        program.summary(place)


def test_cut_off_anywhere(place: Path, refuses: Refuses) -> None:
    # Behind the block stands only the version, which nothing but its presence would show.
    end = len(write(FEED, CONV, FETCH))
    for length in range(end):
        place.write_bytes(WHOLE[:length])
        with refuses(OptError, place, "is not a Paddle inference program, or not all of one"):
            program.parse(place)


def test_too_large(place: Path, refuses: Refuses) -> None:
    with place.open("wb") as file:
        file.truncate(300 << 20)
    with refuses(OptError, place, "is too large"):
        program.parse(place)
    place.unlink()


@settings(deadline=1000)
@given(changes=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))))
def test_changed_bytes(place: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for where, value in changes:
        data[where] = value
    place.write_bytes(bytes(data))
    try:
        found = program.summary(place)
        assert found.operators
    except OptError as error:
        assert len(str(error).splitlines()) == 1


def test_text_that_is_not_utf8(place: Path) -> None:
    # Paths of the exporting machine stand in programs, in whatever encoding it had.
    place.write_bytes(WHOLE.replace(b"SAME", b"\xb0\xd7\xb0\xd7").replace(b"a.b", b"\xff.b"))
    found = program.topology(program.parse(place))
    assert len(found.weights) == 2
    assert program.summary(place).inputs


@settings(deadline=1000)
@given(data=st.binary(max_size=200))
def test_any_bytes(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    with pytest.raises(OptError):
        program.parse(place)
    place.write_bytes(data)
    with pytest.raises(OptError):
        params.records(place)


def test_published_recogniser(recogniser: Path) -> None:
    found = program.summary(recogniser)
    assert found.inputs == (Tensor("x", (-1, 3, 48, -1), "float32"),)
    assert found.outputs == (Tensor("softmax_11.tmp_0", (-1, -1, 6625), "float32"),)
    assert found.operators["conv2d"] == 24
    assert sum(found.operators.values()) == 323
    assert found.precision == "fp32"
    assert program.parse(recogniser).SerializeToString() == recogniser.read_bytes()
    params.check(recogniser, recogniser.with_suffix(".pdiparams"))


@pytest.fixture
def model(tmp_path: Path) -> Callable[[bytes], tuple[Path, Path]]:
    def make(weights: bytes) -> tuple[Path, Path]:
        files = tmp_path / "model", tmp_path / "params"
        files[0].write_bytes(WHOLE)
        files[1].write_bytes(weights)
        return files

    return make


Make = Callable[[bytes], Any]


def test_params(model: Make) -> None:
    files = model(WEIGHTS)
    params.check(*files)
    first, second = params.records(files[1])
    assert (first.dtype, first.shape, first.length) == ("float32", (8,), 32)
    assert second.offset + second.length == len(WEIGHTS)


def test_params_with_levels_of_detail(model: Make) -> None:
    files = model(record(SHAPES[0], levels=(2, 3)) + record(SHAPES[1]))
    params.check(*files)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (b"", "is empty"),
        (record(SHAPES[0]), "holds 1 weights, expected the 2 of model"),
        (WEIGHTS + record((1,)), "holds 3 weights, expected the 2 of model"),
        (WEIGHTS + b"more", "is cut off or damaged: weight 3 reaches to byte"),
        (WEIGHTS + bytes(40), "is not a file of combined Paddle parameters, or damaged at byte"),
        (record(SHAPES[1]) + record(SHAPES[0]), "'a.b' has shape [8, 3, 3, 3], expected [8]"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "damaged at byte 0"),
        (b"a text that is a little longer than a head", "damaged at byte 0"),
        (record((8,), 3)[:-1], "weight 1 reaches to byte"),
        (bytes(16) + struct.pack("<i", -5) + bytes(20), "damaged at byte 0"),
        (struct.pack("<IQ", 0, 1) + b"\xff" * 8 + bytes(20), "weight 1 reaches to byte"),
        (bytes(16) + b"\x04\0\0\0\x08\x05\x10\1" + bytes(3), "weight 1 reaches to byte"),
        (bytes(16) + b"\x02\0\0\0\x08\x63" + bytes(9), "damaged at byte 0"),
    ],
)
def test_wrong_params(model: Make, refuses: Refuses, weights: bytes, words: str) -> None:
    program_file, file = model(weights)
    with refuses(OptError, file, words):
        params.check(program_file, file)


def test_params_cut_off_anywhere(model: Make, refuses: Refuses) -> None:
    program_file, file = model(WEIGHTS)
    first = len(record(SHAPES[0]))
    for length in reversed(range(1, len(WEIGHTS))):
        os.truncate(file, length)
        words = "holds 1 weights" if length == first else f"the file has {length}"
        with refuses(OptError, file, words):
            params.check(program_file, file)


@settings(deadline=1000)
@given(changes=st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), max_size=4))
def test_params_changed(place: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WEIGHTS)
    for where, value in changes:
        data[where] = value
    place.write_bytes(bytes(data))
    try:
        params.records(place)
    except OptError as error:
        assert len(str(error).splitlines()) == 1
