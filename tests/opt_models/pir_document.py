"""Programs of Paddle 3 (PIR) as JSON, written without the code that reads them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import numpy.typing as npt

from opt_models.formats.program_schema import TensorDesc

Shape = Sequence[int]
#: Numbers of element types in the weights' file.
_TYPES = {"f32": 5, "f16": 4, "i64": 3}


class Document:
    """A program of one block, and its weights.

    Args:
        version: of the format.
        wide: write numbers with 64 bits, as later versions do.
    """

    def __init__(self, version: int = 1, wide: bool = False) -> None:
        self.version, self.wide = version, wide
        self.rows: list[dict[str, Any]] = []
        self.weights: dict[str, npt.NDArray[Any]] = {}
        self.values = 0

    def parameter(self, name: str, values: Any, kind: str = "f32") -> int:
        """A weight; returns the number of its value."""
        array = np.asarray(values, np.float32)
        self.weights[name] = array
        row = {"#": "p", "A": [0, 1, 1, name], "O": self._value(array.shape, kind)}
        self.rows.append({**row, "OA": [1, 0, 1], "DA": [], "QA": []})
        return self.values

    def data(self, shape: Shape, name: str = "x") -> int:
        """The input."""
        return self.add("data", [], shape, name=name, shape=tuple(shape))

    def fetch(self, value: int, shape: Shape, col: int = 0) -> None:
        """An output."""
        self.add("fetch", [value], shape, name=f"fetch_name_{col}", col=col)

    def full(self, value: Any, shape: Shape = (1,), kind: str = "f32") -> int:
        """A constant of one number."""
        dtype = {"f32": "float32", "i64": "int64", "i32": "int32"}[kind]
        attributes = {"shape": tuple(shape), "value": float(value), "dtype": dtype}
        return self.add("full", [], shape, kind=kind, **attributes)

    def ints(self, *numbers: int) -> int:
        """A constant of several whole numbers."""
        attributes = {"value": numbers, "dtype": "int64"}
        return self.add("full_int_array", [], (len(numbers),), kind="i64", **attributes)

    def add(
        self,
        operator: str,
        inputs: Sequence[int],
        *shapes: Shape,
        kind: str = "f32",
        dialect: int = 1,
        **attributes: Any,
    ) -> int:
        """An operator with an output for each shape; returns the number of the first."""
        outputs = [self._value(shape, kind) for shape in shapes]
        row = {
            "#": f"{dialect}.{operator}",
            "A": [{"N": name, "AT": self._attribute(value)} for name, value in attributes.items()],
            "I": [{"%": value} for value in inputs],
            "O": outputs,
        }
        self.rows.append(row)
        return int(outputs[0]["%"]) if outputs else 0

    def combine(self, inputs: Sequence[int], *shapes: Shape, kind: str = "f32") -> int:
        """A list of tensors."""
        self.values += 1
        types = [self._type(shape, kind) for shape in shapes]
        output = {"%": self.values, "TT": {"#": "0.t_vec", "D": types}}
        ids = [{"%": value} for value in inputs]
        self.rows.append({"#": "0.combine", "A": [], "I": ids, "O": [output]})
        return self.values

    def json(self) -> dict[str, Any]:
        """All of the program."""
        block = {"#": "block_0", "args": [], "ops": self.rows}
        return {
            "base_code": {"magic": "pir", "trainable": True, "version": self.version},
            "program": {"regions": [{"#": "region_0", "blocks": [block]}]},
        }

    def save(self, folder: Path) -> tuple[Path, Path]:
        """Write both files."""
        paths = folder / "inference.json", folder / "inference.pdiparams"
        paths[0].write_text(json.dumps(self.json(), ensure_ascii=False), encoding="utf-8")
        paths[1].write_bytes(b"".join(record(self.weights[name]) for name in sorted(self.weights)))
        return paths

    def _value(self, shape: Shape, kind: str) -> dict[str, Any]:
        self.values += 1
        return {"%": self.values, "TT": self._type(shape, kind)}

    @staticmethod
    def _type(shape: Shape, kind: str) -> dict[str, Any]:
        return {"#": "0.t_dtensor", "D": [{"#": f"0.t_{kind}"}, list(shape), "NCHW", [], 0]}

    def _attribute(self, value: Any) -> dict[str, Any]:
        bits = 64 if self.wide else 32
        if isinstance(value, bool):
            return {"#": "0.a_bool", "D": value}
        if isinstance(value, int):
            return {"#": f"0.a_i{bits}", "D": value}
        if isinstance(value, float):
            return {"#": f"0.a_f{bits}", "D": value}
        if isinstance(value, str):
            return {"#": "0.a_str", "D": value}
        return {"#": "0.a_array", "D": [self._attribute(one) for one in value]}


def record(values: npt.NDArray[Any], kind: str = "f32") -> bytes:
    """A weight as its file has it."""
    described = TensorDesc(data_type=_TYPES[kind], dims=values.shape).SerializeToString()
    return struct.pack("<IQIi", 0, 0, 0, len(described)) + described + values.tobytes()


def convolution(wide: bool = False, version: int = 1) -> Document:
    """A convolution with a bias of ``[1, C, 1, 1]`` and ReLU, as exporters write it."""
    document = Document(version, wide)
    generator = np.random.default_rng(7)
    bias = document.parameter("conv.b", generator.normal(size=4))
    filters = document.parameter("conv.w", generator.normal(size=(4, 3, 3, 3)))
    x = document.data((-1, 3, -1, -1))
    geometry = {"strides": (1, 1), "paddings": (1, 1), "dilations": (1, 1), "groups": 1}
    shape = (-1, 4, -1, -1)
    y = document.add(
        "conv2d", [x, filters], shape, **geometry, padding_algorithm="EXPLICIT", data_format="NCHW",
        struct_name="/Stem/Conv2D/",
    )  # fmt: skip
    column = document.add("reshape", [bias, document.ints(1, -1, 1, 1)], (1, 4, 1, 1))
    document.fetch(document.add("relu", [document.add("add", [y, column], shape)], shape), shape)
    return document
