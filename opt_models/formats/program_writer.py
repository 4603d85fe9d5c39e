"""Writes an inference program of one block and its weights, as ``opt`` and folding read them."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
import numpy.typing as npt

from opt_models.formats import params
from opt_models.formats.operator import Operator
from opt_models.formats.program_schema import ProgramDesc
from opt_models.formats.topology import TENSOR, number

#: Kinds of variables that feed operators take from and fetch operators give to (framework.proto).
_FEED, _FETCH = 9, 10
#: Version of Paddle in the program: opt reads programs of 2.0 and later alike.
_VERSION = 2_000_000


class ProgramWriter:
    """Collects inputs, operators in the order they run in, weights and outputs."""

    def __init__(self) -> None:
        self._message = ProgramDesc()
        self._message.version.version = _VERSION
        self._block = self._message.blocks.add(idx=0, parent_idx=-1)
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._weights: dict[str, npt.NDArray[np.generic]] = {}
        self._fed = self._fetched = 0
        for name, kind in (("feed", _FEED), ("fetch", _FETCH)):
            self._block.vars.add(name=name, persistable=True).type.type = kind
        self._taken = {"feed", "fetch"}

    def name(self, base: str) -> str:
        """A name no variable has yet: the given one, or that with a number behind it."""
        count, name = 0, base
        while name in self._taken:
            count += 1
            name = f"{base}.{count}"
        return name

    def variable(self, name: str, shape: Sequence[int], dtype: str = "float32") -> str:
        """Declare a variable of one run.

        Args:
            name: of the variable; see :meth:`name`.
            shape: -1 for what depends on the input.
            dtype: as numpy calls it.
        """
        self._declare(name, shape, dtype, persistable=False)
        return name

    def weight(self, name: str, values: npt.NDArray[np.generic]) -> str:
        """Declare a weight; fractions are stored as float32."""
        dtype = "float32" if values.dtype.kind == "f" else values.dtype.name
        self._declare(name, values.shape, dtype, persistable=True)
        self._weights[name] = values
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """The declared shape of a variable or weight."""
        return self._shapes[name]

    def values(self, name: str) -> npt.NDArray[np.generic] | None:
        """The values of a weight; None for a variable of one run."""
        return self._weights.get(name)

    def feed(self, name: str, shape: Sequence[int], dtype: str = "float32") -> str:
        """Declare the next input."""
        self.variable(name, shape, dtype)
        self.add(Operator.new("feed", {"X": "feed"}, {"Out": name}, col=self._fed))
        self._fed += 1
        return name

    def fetch(self, name: str) -> None:
        """Make a variable the next output."""
        self.add(Operator.new("fetch", {"X": name}, {"Out": "fetch"}, col=self._fetched))
        self._fetched += 1

    def add(self, operator: Operator) -> None:
        """Let an operator run after those that are there; its variables must be declared."""
        self._block.ops.add().CopyFrom(operator.message)

    def write(self, program: Path, weights: Path) -> None:
        """Write both files."""
        program.write_bytes(self._message.SerializeToString())
        with weights.open("wb") as file:
            for name in sorted(self._weights):
                file.write(params.record(self._weights[name]))

    def _declare(self, name: str, shape: Sequence[int], dtype: str, persistable: bool) -> None:
        if name in self._taken:
            raise ValueError(f"variable {name!r} is declared twice")
        self._taken.add(name)
        self._shapes[name] = tuple(shape)
        variable = self._block.vars.add(name=name, persistable=persistable)
        variable.type.type = TENSOR
        tensor = variable.type.lod_tensor.tensor
        tensor.data_type = number(dtype)
        tensor.dims[:] = shape
