"""What is known of a program's values while its operators are translated, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Hashable

import numpy as np
import numpy.typing as npt

from opt_models.formats.program_writer import ProgramWriter
from opt_models.importing.pir.sizes import Key, Sizes

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Variable:
    """A tensor that is computed when the network runs.

    Attributes:
        name: in the program that is written.
        shape: -1 where it depends on the input.
        dtype: as numpy calls it.
        sizes: the shape once more, with marks that equal sizes have in common.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    sizes: Sizes


@dataclass(frozen=True)
class Constant:
    """A tensor that is known before the network runs: a weight, or numbers for other operators.

    Attributes:
        name: of the weight, if it is written as one.
        values: may be sizes, see :mod:`opt_models.importing.pir.sizes`.
    """

    name: str
    values: Array


class UnknownValueError(LookupError):
    """A value is used that no operator here made, such as the places of maxima."""

    def __init__(self, key: Key) -> None:
        super().__init__(f"it takes the value {key}, which nothing here computes")


class Scope:
    """Values by their numbers.

    Args:
        writer: of the program the operators become part of.
    """

    def __init__(self, writer: ProgramWriter) -> None:
        self.writer = writer
        self._values: dict[Key, Variable | Constant] = {}
        self._lists: dict[int, tuple[Key, ...]] = {}
        self._weights: dict[tuple[str, tuple[int, ...]], list[tuple[Array, str]]] = {}

    def define(self, key: Key, value: Variable | Constant) -> None:
        """Say what a value is."""
        self._values[key] = value

    def define_list(self, value: int, elements: tuple[Key, ...]) -> None:
        """Say what a list of tensors holds."""
        self._lists[value] = elements

    def get(self, key: Key) -> Variable | Constant:
        """What a value is.

        Raises:
            UnknownValueError: it was not defined.
        """
        if key not in self._values:
            raise UnknownValueError(key)
        return self._values[key]

    def find(self, key: Hashable) -> Variable | None:
        """The variable by which a size was marked; None if it was calculated from several."""
        value = self._values.get(key) if isinstance(key, (int, tuple)) else None
        return value if isinstance(value, Variable) else None

    def elements(self, value: int) -> tuple[Key, ...]:
        """What a list holds; a single tensor is a list of one."""
        return self._lists.get(value, (value,))

    def name(self, value: Variable | Constant) -> str:
        """The variable that holds a value; a constant is written as a weight."""
        return value.name if isinstance(value, Variable) else self.weight(value.name, value.values)

    def weight(self, name: str, values: Array) -> str:
        """A weight of the program, written once however often it is asked for.

        Args:
            name: what it shall be called; it gets a number if other values are.
            values: of any shape; the format has none of no axes.

        Raises:
            TypeError: they are sizes that depend on the input.
        """
        if values.dtype == object:
            raise TypeError("a size that depends on the input is used as a number")
        values = values.reshape(values.shape or (1,))
        for stored, known in self._weights.get((name, values.shape), []):
            if stored is values or np.array_equal(stored, values):
                return known
        written = self.writer.weight(self.writer.name(name), values)
        self._weights.setdefault((name, values.shape), []).append((values, written))
        return written
