"""Sizes of tensors that depend on the input, as far as exporters compute with them.

Exporters write ``x.reshape([0, 1, width, 120])`` as operators that take the shape of some tensor,
pick ``width`` out of it and stack the four numbers. Where such numbers stand in an array here, they
are ``Size`` objects among ordinary integers (an array of numpy's type ``object``), so that slicing,
stacking and multiplying them is left to numpy. In the end a reshape needs none of them: sizes that
its input has at the same place become 0, one other becomes -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Hashable, Sequence, SupportsInt, Tuple, Union

import numpy as np
import numpy.typing as npt

#: What a size is multiplied with: another one, or a whole number, also numpy's.
Factor = Union["Size", SupportsInt]
#: A value of the program, or an element of a value that is a list of tensors.
Key = Union[int, Tuple[int, int]]


def _opaque(name: str, turned: bool = False) -> Callable[[Size, Factor], Size]:
    """A calculation with sizes of which only that it gives the same for the same is of interest."""

    def calculate(size: Size, other: Factor) -> Size:
        pair = (other, size) if turned else (size, other)
        return Size((((name, *pair), 0),))

    return calculate


@dataclass(frozen=True)
class Size:
    """A product of sizes that are known when the network runs, and of a number.

    Attributes:
        marks: of each size the tensor and the axis it was first seen at, sorted; what was
            calculated otherwise has a mark of its own.
        factor: the number.
    """

    marks: tuple[tuple[Hashable, int], ...]
    factor: int = 1

    def __mul__(self, other: Factor) -> Size:
        """The product with a number or another size."""
        if isinstance(other, Size):
            marks = sorted((*self.marks, *other.marks), key=repr)
            return Size(tuple(marks), self.factor * other.factor)
        return Size(self.marks, self.factor * int(other))

    __rmul__ = __mul__
    __add__, __radd__ = _opaque("+"), _opaque("+", turned=True)
    __sub__, __rsub__ = _opaque("-"), _opaque("-", turned=True)
    __floordiv__, __rfloordiv__ = _opaque("//"), _opaque("//", turned=True)
    __mod__, __rmod__ = _opaque("%"), _opaque("%", turned=True)


#: Sizes of one tensor.
Sizes = Tuple[Union[int, Size], ...]


def fresh(key: Key, shape: Sequence[int]) -> Sizes:
    """Sizes of a tensor of which nothing but its declared shape is known."""
    return tuple(size if size >= 0 else Size(((key, axis),)) for axis, size in enumerate(shape))


def as_array(sizes: Sequence[int | Size]) -> npt.NDArray[Any]:
    """Sizes as an array of integers or, where some are not known, of objects."""
    return plain(np.array(sizes, object))


def plain(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array of integers in place of one of objects, where all of them are integers."""
    if values.dtype == object and not any(isinstance(value, Size) for value in values.flat):
        return values.astype(np.int64)
    return values


def reshaped(target: Sequence[int | Size], given: Sizes) -> list[int]:
    """The attribute ``shape`` of a reshape.

    Args:
        target: sizes of the output as the exporter computed them; 0 and -1 as in the attribute.
        given: sizes of the input.

    Returns:
        numbers, 0 for a size the input has at the same place, -1 for what is left.
    """
    shape: list[int] = []
    for axis, size in enumerate(target):
        if isinstance(size, Size):
            shape.append(0 if axis < len(given) and given[axis] == size else -1)
        else:
            shape.append(int(size))
    return shape


def after_reshape(declared: Sizes, target: Sequence[int | Size], given: Sizes) -> Sizes:
    """Sizes of what a reshape gives.

    Args:
        declared: of the output, as far as its declaration has them.
        target, given: as of :func:`reshaped`.
    """
    known = list(declared)
    for axis, size in enumerate(target):
        if isinstance(size, Size):
            known[axis] = size
        elif size == 0 and axis < len(given):
            known[axis] = given[axis]
    return tuple(known)
